"""What is written down of a run: its spec, its steps, and who is told about them.

Every file of a run names the version of its `SCHEMA`. Version 1, of Helmsight 0.1, named none, and
version 2 kept no `calls`, version 3 no `people`, no `made`, no regions, no messages to models and
no `style`; what they lack has defaults here, so that old run folders still open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from helmsight.contract.command import Command, Rotation, shown
from helmsight.contract.description import DESCRIPTION, Description
from helmsight.contract.errors import RecordUnusable, SchemaTooNew
from helmsight.contract.jsontext import exact_json, parse_json
from helmsight.contract.validation import wrong

Frame = NDArray[np.uint8]
SCHEMA = 4
FLEW = "flew"
"""What a person did at a step whose command is theirs, in the record's `people`."""
TIMES = ("sense_ms", "think_ms", "act_ms", "lag")


def plain(value: Any) -> Any:
    """Return `value` as JSON data: numpy becomes Python, what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def check_schema(data: Mapping[str, Any], what: str) -> int:
    """Return the schema version of recorded data, 1 where none is named.

    Raises:
        SchemaTooNew: a newer version than this one reads.
    """
    version = data.get("schema", 1)
    if not isinstance(version, int) or version > SCHEMA:
        raise SchemaTooNew(
            f"{what} is of schema {version!r} and this Helmsight reads up to {SCHEMA}; "
            "read it with the version that wrote it, or a newer one"
        )
    return version


@dataclass(frozen=True)
class StepRecord:
    """One decision: one line of `steps.jsonl`.

    `stamp` is the world time of the observation, s; `lag` the world seconds that passed while
    deciding; `wanted` the command as answered (None when nothing usable came) and `applied` the
    one that took effect; `sent` is what the world was given, where that is another one.
    `measures` are those that the task declares, of the observation that the decision was made on,
    and its `telemetry` as it was shown. `rotations` are those to the body's frame when the
    command took effect. `grounding` counts what finding `relations` took and what became of them;
    empty where nothing was asked. `notes` say in the world's own words what it did other than
    asked until the next observation. `calls` are the requests to models that the step took, each
    as `Call.to_dict` has it; in the file a text that a step before holds is {"same": digest}.
    `people` are the deeds of persons that this step came after or by: each names `by` whom and what
    they `did`. `ended` is the word that the world ended the episode with at this step, if it did.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    index: Annotated[int, Field(ge=0)]
    stamp: float
    sense_ms: float
    think_ms: float
    act_ms: float
    prompt_hash: str
    raw: str
    wanted: dict[str, Any] | None
    applied: dict[str, Any]
    repairs: dict[str, int]
    clamped: list[str]
    late: bool
    relations: list[str]
    measures: dict[str, Any]
    lag: float
    grounding: dict[str, int] = field(default_factory=dict)
    rotations: Mapping[str, Rotation] = field(default_factory=dict)
    sent: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    ended: str = ""

    @property
    def command(self) -> dict[str, Any]:
        """The command that the world was given."""
        return self.applied if self.sent is None else self.sent

    def given(self, kind: type[Command]) -> Command:
        """Return the command that the world was given, as one of its own kind.

        Raises:
            RecordUnusable: it is none.
        """
        return self._as(kind, self.command)

    def took_effect(self, kind: type[Command]) -> Command:
        """Return the command that took effect, as one of its own kind; raises as `given`."""
        return self._as(kind, self.applied)

    def _as(self, kind: type[Command], command: Mapping[str, Any]) -> Command:
        try:
            return kind.model_validate(command)
        except ValidationError as error:
            raise RecordUnusable(
                f"step {self.index} of the record holds no {kind.__name__} ({wrong(error)}); "
                "the record was changed, or is of another world"
            ) from None

    def telemetry(self, fields: int) -> NDArray[np.float64] | None:
        """Return the telemetry that was shown, float64 (fields,); None where none was recorded.

        Raises:
            RecordUnusable: it is of another form.
        """
        if "telemetry" not in self.measures:
            return None
        values = self.measures["telemetry"]
        try:
            if not isinstance(values, list):
                raise TypeError("no list")
            shown = np.array(values, np.float64)
            if shown.shape != (fields,):
                raise ValueError(f"an array of shape {shown.shape}")
        except (TypeError, ValueError) as error:
            raise RecordUnusable(
                f"step {self.index} of the record holds no telemetry of {fields} numbers "
                f"({error}); the record was changed, or is of another world"
            ) from None
        return shown

    def measured(self, name: str) -> float:
        """Return a measure as a number, 0 where the record holds none."""
        value = self.measures.get(name)
        return float(value) if isinstance(value, int | float) else 0.0

    def shown(self, command: Mapping[str, Any], task: Description) -> dict[str, float]:
        """Return the numeric fields of a command at this step, its vector in the body's axes."""
        return shown(command, task.command, self.rotations)

    @property
    def marks(self) -> list[str]:
        """What went wrong at this step, in words: repairs, clamps, a late answer, notes.

        An answer that was held to commands from its first token needed no repair, and a frame that
        was set right is as good as any.
        """
        fine = ("constrained", "aligned")
        rungs = {name: n for name, n in self.repairs.items() if n and name not in fine}
        repairs = [name if n == 1 else f"{name} x{n}" for name, n in rungs.items()]
        return [*repairs, *self.clamped, *(["late"] if self.late else []), *self.notes]

    def to_json(self) -> str:
        """Return one line of JSON; all that depends on the wall clock is under `times`."""
        data = {key: plain(value) for key, value in vars(self).items()}
        times = {key: data.pop(key) for key in TIMES}
        for key in ("sent", "notes", "calls", "people", "ended"):  # most steps have none
            if not data[key]:
                del data[key]
        whole = {"schema": SCHEMA, **data, "times": times}
        return exact_json(whole, separators=(",", ":"), default=str)

    @classmethod
    def from_json(cls, line: str, what: str = "the step") -> Self:
        """Read one line back; raises ValueError, KeyError or TypeError for anything else.

        Every field has the kind that it is declared with, every number is finite.

        Raises:
            SchemaTooNew: as `check_schema`, which names `what`.
        """
        data = _object(line)
        check_schema(data, what)
        data.pop("schema", None)
        times = data.pop("times")
        return cast(Self, _checked(_STEP, {**times, **data}))


@dataclass(frozen=True)
class RunSpec:
    """What rebuilds a run, and the description of its task; JSON-able in every field.

    `style` is how its model was asked, as `agents.asking_style.AskingStyle` has it; empty where
    nothing was asked. `texts` are what the pilot was given to read in files, by the option that
    named the file: whoever reads the record needs no file of this machine. `made` says when it was
    begun, on what machine and with which code; nothing depends on it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    environment: str
    pilot: str
    seed: Annotated[int, Field(ge=0)] = 0
    options: dict[str, Any] = field(default_factory=dict)
    pilot_options: dict[str, Any] = field(default_factory=dict)
    max_steps: int | None = None
    operator: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    task: Description = field(default_factory=Description)
    style: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def time(self) -> str:
        """The time rule that the world was run by, as written; "paused" where none is recorded."""
        return str(self.options.get("time", "paused"))

    def to_json(self) -> str:
        """Return indented JSON text."""
        data = vars(self) | {"task": DESCRIPTION.dump_python(self.task, mode="json")}
        return exact_json(plain(data), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, what: str = "the spec") -> Self:
        """Read a spec back; raises ValueError for anything else.

        Raises:
            SchemaTooNew: as `check_schema`, which names `what`.
        """
        data = _object(text)
        version = check_schema(data, what)
        return cast(Self, _checked(_SPEC, {**data, "schema": version}))


_STEP, _SPEC = TypeAdapter(StepRecord), TypeAdapter(RunSpec)


def _object(text: str) -> dict[str, Any]:
    data = parse_json(text)
    if not isinstance(data, dict):
        raise ValueError(f"{text[:40]!r} is no object")
    return data


def _checked(kind: TypeAdapter[Any], data: dict[str, Any]) -> Any:
    try:
        return kind.validate_python(data)
    except ValidationError as error:
        raise ValueError(wrong(error)) from None


class Listener(Protocol):
    """Whoever is told about a run while it happens: the recorder, a console, an evaluation.

    A frame is not written to after it was handed out: nobody copies it.
    A listener may also have `again(record, frame)`: a resumed run comes by a step that was
    recorded before; `pictures(shown)`: files by their SHA-256, besides the frame, that the
    messages of the next step are the first to name; and `begins(record)`: the step is about to be
    given to a world that cannot be brought back. What became of it is not in this record yet.
    """

    def start(self, spec: RunSpec) -> None:
        """The run is about to begin."""
        ...

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """One decision was applied; `frame` (H, W, 3) RGB is what it was made on, if any."""
        ...

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """The run ended: captured, timeout, steps, interrupted or `error: ...`."""
        ...
