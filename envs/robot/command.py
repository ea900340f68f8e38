"""What can be asked of a robot: one command of seven numbers, a few words and a verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
from gymnasium import spaces
from pydantic import Field, create_model, model_validator
from pydantic.json_schema import SkipJsonSchema

from helmsight.contract.command import Command, CommandForm
from helmsight.envs.robot.words import packed, unpacked, words_space
from helmsight.hardware.spec import RobotSpec

Kind = Literal["twist", "joints", "pose", "tool", "hold", "done"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LINEAR, ANGULAR = ("vx", "vy", "vz"), ("wx", "wy", "wz")
FASTEST, TURNING = 2.0, 10.0  # m/s and rad/s that can be said at all; the supervisor allows less
SHORTEST_S, LONGEST_S, USUAL_S = 0.02, 5.0, 0.5
VERDICT_BYTES = 600
USES: Mapping[Kind, frozenset[str]] = {
    "twist": frozenset((*LINEAR, *ANGULAR, "tool", "duration")),
    "joints": frozenset(("joints", "tool")),
    "pose": frozenset(("pose", "tool")),
    "tool": frozenset(("tool",)),
    "hold": frozenset(("duration",)),
    "done": frozenset(("verdict",)),
}
"""The fields that each kind of command has besides `do`."""

_UNSAID: Any = SkipJsonSchema[None]  # type: ignore[misc]
Speed = Annotated[float, Field(ge=-FASTEST, le=FASTEST)]
Rate = Annotated[float, Field(ge=-TURNING, le=TURNING)]
Lasting = Annotated[float, Field(ge=SHORTEST_S, le=LONGEST_S)]


class RobotCommand(Command):
    """One command to a robot. `of` makes the class for one robot, with its joints and poses.

    twist: the tool point moves with a velocity in the base frame for `duration`. joints: absolute
    targets, None leaves a joint where it is. pose: the joints of a pose by its name. tool: the tool
    alone. hold: nothing moves for `duration`. done: the task is over, in the words of `verdict`.
    `tool` is True for closed or on.
    """

    form: ClassVar[CommandForm] = CommandForm(LINEAR, "base", full=None)
    whole: ClassVar[bool] = True
    joint_limits: ClassVar[tuple[tuple[float, float], ...]] = ()
    poses: ClassVar[tuple[str, ...]] = ()
    has_tool: ClassVar[bool] = True

    do: Kind
    vx: Annotated[Speed | None, Field(description="m/s along x of the base frame (twist)")] = None
    vy: Annotated[Speed | None, Field(description="m/s along y")] = None
    vz: Annotated[Speed | None, Field(description="m/s along z")] = None
    wx: Annotated[Rate | None, Field(description="rad/s about x of the base frame (twist)")] = None
    wy: Annotated[Rate | None, Field(description="rad/s about y")] = None
    wz: Annotated[Rate | None, Field(description="rad/s about z")] = None
    joints: list[float | None] | None = None
    pose: str | None = None
    tool: Annotated[bool | None, Field(description="true: closed or on; null: as it is")] = None
    duration: Annotated[Lasting | None, Field(description="seconds (twist, hold)")] = None
    verdict: Annotated[str | None, Field(description="what was found out, in words (done)")] = None

    @classmethod
    def of(cls, spec: RobotSpec, poses: Sequence[str]) -> type[RobotCommand]:
        """Return the commands of one robot: a target a joint, and the poses that have a name."""
        many, tool = len(spec.joint), spec.tool.kind != "none"
        names = ", ".join(spec.names)
        listed = Annotated[
            list[float | None] | None,
            Field(
                min_length=many, max_length=many,
                description=f"targets of {names}; null leaves one as it is (joints)",
            ),
        ]  # fmt: skip
        kinds = tuple(kind for kind in KINDS if tool or kind != "tool")
        fields: dict[str, Any] = {
            "do": (_one_of(kinds), Field(description="what kind of command this is")),
            "joints": (listed, None),
            "pose": (_one_of(poses) | None, Field(None, description="a name (pose)")),
        }
        if not tool:
            fields["tool"] = (_UNSAID, None)
        made = create_model("RobotCommand", __base__=cls, __doc__=cls.__doc__, **fields)
        made.joint_limits = tuple((joint.lower, joint.upper) for joint in spec.joint)
        made.poses, made.has_tool = tuple(poses), tool
        return made

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, data: Any) -> Any:
        """Fill in what a twist or a hold leaves out; nought where there is no twist is nothing.

        A model that has to answer every field answers those that say nothing with nought.
        """
        if not isinstance(data, Mapping):
            return data
        kind, whole = data.get("do"), dict(data)
        for name in (*LINEAR, *ANGULAR):
            if kind == "twist":
                whole[name] = 0.0 if whole.get(name) is None else whole[name]
            elif whole.get(name) == 0.0:
                whole[name] = None
        if kind in ("twist", "hold"):
            whole["duration"] = USUAL_S if whole.get("duration") is None else whole["duration"]
        else:
            whole["duration"] = None
        whole["verdict"] = whole.get("verdict") or None
        return whole

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        for name in ("joints", "pose", "tool"):
            if self.do == name and getattr(self, name) is None:
                raise ValueError(f"do is {self.do} and {name} is missing")
        if self.do == "joints" and not any(value is not None for value in self.joints or ()):
            raise ValueError("do is joints and every joint is null; hold leaves all where they are")
        for name in (*LINEAR, *ANGULAR, "joints", "pose", "tool", "verdict"):
            if name not in USES[self.do] and getattr(self, name) is not None:
                raise ValueError(
                    f"do is {self.do}, which has no {name}; give one command at a time"
                )
        return self

    @property
    def linear(self) -> tuple[float, float, float]:
        """The velocity of the tool point, m/s, base frame."""
        return self.vx or 0.0, self.vy or 0.0, self.vz or 0.0

    @property
    def angular(self) -> tuple[float, float, float]:
        """The turning of the tool, rad/s, base frame."""
        return self.wx or 0.0, self.wy or 0.0, self.wz or 0.0

    @property
    def repeatable(self) -> bool:
        """Whether giving it once more leads no further: a twist goes on from where it ended."""
        return self.do != "twist"

    @classmethod
    def null(cls) -> Self:
        """Return half a second of holding: the safe default."""
        return cls(do="hold")

    @classmethod
    def choices(cls) -> Iterator[Self]:
        """Yield the commands of constrained decoding: poses, small straight moves, the tool."""
        yield cls.null()
        yield from (cls(do="pose", pose=name) for name in cls.poses)
        for name, size in product(LINEAR, (-0.1, -0.03, 0.03, 0.1)):
            yield cls.model_validate({"do": "twist", name: size})
        for name, size in product(ANGULAR, (-0.5, 0.5)):
            yield cls.model_validate({"do": "twist", name: size})
        if cls.has_tool:
            yield from (cls(do="tool", tool=bit) for bit in (False, True))
        yield cls(do="done")

    def text(self) -> str:
        """Return canonical JSON: what the command says, without what it leaves alone."""
        said = ("do", *sorted(USES[self.do], key=list(type(self).model_fields).index))
        values = {name: getattr(self, name) for name in said}
        return json.dumps({name: value for name, value in values.items() if value is not None})

    @classmethod
    def space(cls) -> spaces.Dict:
        """Return the gymnasium action space.

        do: number in KINDS. twist (6,): m/s, rad/s. joints (n,) where `moved` (n,) says so. pose:
        number. tool: 0 as it is, 1 open or off, 2 closed or on. duration (1,), s. verdict: UTF-8.
        """
        lower, upper = np.array(cls.joint_limits, np.float64).T
        reach = np.array([FASTEST] * 3 + [TURNING] * 3)
        return spaces.Dict(
            {
                "do": spaces.Discrete(len(KINDS)),
                "twist": spaces.Box(-reach, reach, dtype=np.float64),
                "joints": spaces.Box(lower, upper, dtype=np.float64),
                "moved": spaces.MultiBinary(len(lower)),
                "pose": spaces.Discrete(len(cls.poses)),
                "tool": spaces.Discrete(3),
                "duration": spaces.Box(SHORTEST_S, LONGEST_S, (1,), np.float64),
                "verdict": words_space(VERDICT_BYTES),
            }
        )

    def action(self) -> dict[str, Any]:
        """Return the gymnasium action that encodes this command."""
        places = self.joints or [None] * len(self.joint_limits)
        lower = [low for low, _ in self.joint_limits]
        return {
            "do": KINDS.index(self.do),
            "twist": np.array([*self.linear, *self.angular], np.float64),
            "joints": np.array(
                [low if p is None else p for p, low in zip(places, lower, strict=True)], np.float64
            ),
            "moved": np.array([place is not None for place in places], np.int8),
            "pose": self.poses.index(self.pose) if self.pose is not None else 0,
            "tool": {None: 0, False: 1, True: 2}[self.tool],
            "duration": np.array([self.duration or USUAL_S], np.float64),
            "verdict": packed(self.verdict, VERDICT_BYTES),
        }

    @classmethod
    def from_action(cls, action: Mapping[str, Any]) -> Self:
        """Return the command that a gymnasium action stands for; what its kind lacks is ignored.

        Raises:
            pydantic.ValidationError: for NaN, and for what is out of range.
        """
        kind = KINDS[int(action["do"])]
        places, moved = np.asarray(action["joints"], np.float64), np.asarray(action["moved"], bool)
        tool = (None, False, True)[int(action["tool"])] if cls.has_tool else None
        if (kind == "joints" and not moved.any()) or (kind == "tool" and tool is None):
            kind = "hold"
        twist = np.asarray(action["twist"], np.float64)
        values: dict[str, Any] = {
            **dict(zip((*LINEAR, *ANGULAR), map(float, twist), strict=True)),
            "joints": [float(p) if m else None for p, m in zip(places, moved, strict=True)],
            "pose": cls.poses[int(action["pose"])],
            "tool": tool,
            "verdict": unpacked(action["verdict"]),
            "duration": float(np.asarray(action["duration"])[0]),
        }
        used = {name: value for name, value in values.items() if name in USES[kind]}
        return cls.model_validate({"do": kind, **used})


def _one_of(names: Sequence[str]) -> Any:
    """Return the type of a field that is one of `names`."""
    return Literal.__getitem__(tuple(names))
