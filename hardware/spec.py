"""Robot descriptions: one TOML file a robot, in SI units and radians, limits never left out."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from functools import cached_property, partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from helmsight.contract.errors import NotUtf8
from helmsight.contract.foreign import check_name
from helmsight.contract.plugins import each
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.hardware.errors import InvalidSpec, UnknownRobot

Options = TypeVar("Options", bound=BaseModel)
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# what no arm has is a slip of the pen, and a limit that limits nothing
Place = Annotated[float, Field(ge=-1000.0, le=1000.0)]  # m, or rad: 159 turns
Speed = Annotated[float, Field(gt=0.0, le=100.0)]  # m/s, or rad/s: 955 turns a minute
Acceleration = Annotated[float, Field(gt=0.0, le=100_000.0)]  # m/s^2, or rad/s^2
Vector = tuple[Place, Place, Place]
Name = Annotated[str, AfterValidator(partial(check_name, what="the name"))]
SHIPPED = "helmsight.hardware.robots"
DESCRIPTIONS = "helmsight.descriptions"


class _Source:
    """The text of a description, to say on which line a key stands."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.lines = name, text.splitlines()

    def line_of(self, where: Sequence[str | int]) -> int | None:
        """Return the line of the longest part of `where` that is written down."""
        table: list[str | int] = []
        counts: dict[str, int] = {}
        lines: dict[tuple[str | int, ...], int] = {}
        for number, line in enumerate(self.lines, start=1):
            if array := re.match(r"\s*\[\[([\w.]+)\]\]", line):
                counts[array[1]] = counts.get(array[1], -1) + 1
                table = [array[1], counts[array[1]]]
            elif heading := re.match(r"\s*\[([\w.]+)\]", line):
                table = []
                for part in heading[1].split("."):
                    table.append(part)
                    if part in counts:
                        table.append(counts[part])
            elif key := re.match(r"\s*([\w.-]+)\s*=", line):
                lines[(*table, *key[1].split("."))] = number
            if table:
                lines.setdefault(tuple(table), number)
        parts = tuple(where)
        while parts and parts not in lines:
            parts = parts[:-1]
        return lines.get(parts)


class Table(BaseModel):
    """One table of a description: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Joint(Table):
    """One joint. Revolute: rad, rad/s, rad/s^2. Prismatic: m, m/s, m/s^2.

    `origin` (m) and `rpy` (rad, fixed axes x, y, z as in URDF) place the joint's frame in the frame
    of the joint before it; `axis` is a unit vector in the joint's frame. `device` is the driver's:
    servo number, sign, register scale.
    """

    name: Name
    kind: Literal["revolute", "prismatic"]
    lower: Place
    upper: Place
    speed: Speed
    acceleration: Acceleration
    home: Place = 0.0
    origin: Vector = (0.0, 0.0, 0.0)
    rpy: Vector = (0.0, 0.0, 0.0)
    axis: Vector = (0.0, 0.0, 1.0)
    device: dict[str, Any] = {}

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError(f"lower ({self.lower:g}) must be below upper ({self.upper:g})")
        if not self.lower <= self.home <= self.upper:
            raise ValueError(f"home ({self.home:g}) must lie within lower and upper")
        if not math.isclose(math.hypot(*self.axis), 1.0, abs_tol=1e-6):
            raise ValueError("axis must be a unit vector")
        return self


class Tool(Table):
    """What the tool bit means: nothing, a switch of the controller, or a joint with two places.

    `offset` (m) is the tool point in the frame of the last joint of the chain.
    """

    kind: Literal["none", "switch", "joint"] = "none"
    joint: str = ""
    open: Place | None = None
    closed: Place | None = None
    offset: Vector = (0.0, 0.0, 0.0)


class Box(Table):
    """Where the tool point may be: corners in the base frame, m."""

    lower: Vector
    upper: Vector

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(low >= high for low, high in zip(self.lower, self.upper, strict=True)):
            raise ValueError(f"lower {self.lower} must be below upper {self.upper}")
        return self


class RobotLimits(Table):
    """Limits beyond those of the joints.

    tool_speed: m/s; 0.25 is the reduced speed of ISO 10218-1.
    horizon_s: no command takes longer than this to carry out, so motion ends by itself soon after
    the last one, whatever became of the program that sent it.
    """

    tool_speed: Annotated[float, Field(gt=0, le=2.0)] = 0.25
    horizon_s: Annotated[float, Field(gt=0, le=1.0)] = 0.5


class Port(Table):
    """The serial line: baud, seconds until an unanswered request counts as lost."""

    baud: Annotated[int, Field(gt=0, le=12_000_000)]  # the fastest USB adapters
    reply_s: Annotated[float, Field(gt=0.0, le=10.0)] = 0.05
    reconnect_s: Annotated[float, Field(gt=0.0, le=600.0)] = 2.0


class Ending(Table):
    """What follows a stop and a close, always after the robot has been held.

    hold: stays energised where it is. release: torque off (an unsupported arm sinks).
    """

    after_stop: Literal["hold", "release"] = "hold"
    on_close: Literal["hold", "release"] = "release"


class RobotSpec(Table):
    """A robot. `device` is the driver's own table."""

    name: Name
    driver: Name
    about: str = ""
    port: Port
    joint: Annotated[tuple[Joint, ...], Field(min_length=1)]
    workspace: Box
    tool: Tool = Tool()
    limits: RobotLimits = RobotLimits()
    ending: Ending = Ending()
    device: dict[str, Any] = {}
    _source: _Source | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.names)) < len(self.joint):
            raise ValueError("two joints have one name")
        if self.tool.kind == "joint":
            if self.tool.joint not in self.names:
                raise ValueError(f"tool.joint {self.tool.joint!r} is no joint of this robot")
            joint = self.joint[self.names.index(self.tool.joint)]
            for key in ("open", "closed"):
                value = getattr(self.tool, key)
                if value is None or not joint.lower <= value <= joint.upper:
                    raise ValueError(f"tool.{key} must lie within the limits of {joint.name!r}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, in the order of every vector of this robot."""
        return tuple(joint.name for joint in self.joint)

    @cached_property
    def chain(self) -> tuple[int, ...]:
        """Indices of the joints that carry the tool point: all but a joint that is the tool."""
        tool = self.tool.joint if self.tool.kind == "joint" else None
        return tuple(i for i, joint in enumerate(self.joint) if joint.name != tool)

    @property
    def home(self) -> tuple[float, ...]:
        """Home positions, rad or m."""
        return tuple(joint.home for joint in self.joint)

    def place_of(self, *where: str | int) -> str:
        """Return file and line of a key, as far as they are known."""
        line = self._text.line_of(where)
        return self._text.name if line is None else f"{self._text.name}, line {line}"

    @property
    def _text(self) -> _Source:
        return self._source or _Source(self.name, "")

    def tool_target(self, closed: bool) -> float | None:
        """Return the position of the tool joint for a tool bit, None if no joint is the tool."""
        if self.tool.kind != "joint":
            return None
        return self.tool.closed if closed else self.tool.open

    def with_tool(self, positions: tuple[float, ...], place: float) -> tuple[float, ...]:
        """Return joint `positions` with the tool joint at `place`, rad or m."""
        index = self.names.index(self.tool.joint)
        return (*positions[:index], place, *positions[index + 1 :])

    def options(self, model: type[Options]) -> Options:
        """Return the driver's table, checked. Raises InvalidSpec with key and line."""
        return _validated(model, self.device, self._text, ("device",))

    def joint_options(self, model: type[Options]) -> tuple[Options, ...]:
        """Return the driver's table of every joint, checked. Raises InvalidSpec."""
        return tuple(
            _validated(
                model,
                joint.device,
                self._source or _Source(self.name, ""),
                ("joint", index, "device"),
            )
            for index, joint in enumerate(self.joint)
        )


def shipped() -> dict[str, Path]:
    """Return the descriptions by name: those that come with the package, then those of others.

    Another distribution declares a package that holds .toml files (`helmsight.descriptions`).
    """
    folders = [files(SHIPPED), *(folder for _, folder in each(DESCRIPTIONS, files))]
    paths = [path for folder in folders for path in sorted(Path(str(folder)).glob("*.toml"))]
    return {path.stem: path for path in reversed(paths)}  # the first of a name is kept


def load_spec(name: str | Path) -> RobotSpec:
    """Return the description with a shipped name or at a path that ends in .toml.

    Raises:
        UnknownRobot: with the names there are.
        InvalidSpec: with file, line and key.
    """
    path = Path(name)
    if path.suffix != ".toml":
        known = shipped()
        if str(name) not in known:
            raise UnknownRobot(
                f"no robot {str(name)!r}; there are {', '.join(known)}, or give the path of a .toml"
            )
        path = known[str(name)]
    try:
        text = read_text(path)
    except (OSError, NotUtf8) as error:
        raise UnknownRobot(f"cannot read the robot description {path}: {error}") from None
    return parse_spec(text, str(path))


def parse_spec(text: str, source: str = "<text>") -> RobotSpec:
    """Return the description written in TOML `text`. Raises InvalidSpec with line and key."""
    try:
        data = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSpec(f"{source}: not TOML: {error}") from None
    spec = _validated(RobotSpec, data, _Source(source, text), ())
    spec._source = _Source(source, text)
    return spec


def _validated(
    model: type[Options], data: Any, source: _Source, prefix: tuple[str | int, ...]
) -> Options:
    """Return `data` as `model`; the first mistake becomes an InvalidSpec with key and line."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # a misspelt key is also a missing one: the misspelling is what helps
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        where = (*prefix, *first["loc"])
        key = _cut(".".join(str(part) for part in where)) or "the file"
        line = source.line_of(where)
        place = source.name if line is None else f"{source.name}, line {line}"
        mistake = {
            "extra_forbidden": "unknown key",
            "missing": "missing; limits and lines are never guessed",
        }.get(first["type"], f"{first['msg']}, given {_short(first['input'])}")
        raise InvalidSpec(f"{place}: {key}: {mistake}") from None


def _short(value: Any) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
