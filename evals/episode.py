"""Episodes of an evaluation, addressed by what decides their outcome, and the rows they end as."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any, ClassVar, Self, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from helmsight.contract.jsontext import parse_json
from helmsight.contract.validation import wrong

SCHEMA = 2
"""Version of a row and of the files of a results folder; those of every version before are read."""
KEYED = 1
"""Version of what an episode's key is made of: with another one, nothing flown would be found."""
ADDED = {2: frozenset({"requests", "errors", "unreadable"})}
"""Fields of a row that are not in rows of the versions before; they have their defaults there."""
KEY_DIGITS = 20
DONE, CRASHED, TIMED_OUT, OUT_OF_MEMORY, FAILED = STATES = (
    "done", "crashed", "timed out", "out of memory", "failed",
)  # fmt: skip
"""How an episode ended: as episodes end; the process died; it took too long or too much memory;
the world or the provider of the pilot said no."""
REFUSED = "refused"
"""A row of no table: the model will never answer, so that the whole evaluation halts."""
MEASURED = frozenset({"wall_s", "think_ms", "attempts", "run", "cost", "suite"})
"""Fields of a row that depend on the machine or the folder, not on the episode alone."""
OPERATOR = "operator"
"""The key of an episode's `pilot_options` that holds fields of `OperatorConfig`."""


def canonical(data: Any) -> str:
    """Return `data` as JSON text, the same for equal data: sorted keys, no spaces.

    Raises:
        TypeError, ValueError: what is no JSON data, or a number that is not finite.
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True)
class Episode:
    """One cell of a suite: everything that decides its outcome, and nothing else.

    `kind` is "flight" (any registered world under a pilot) or "questions" (spatial grounding);
    `scenario` a registered name or a data set's; `pilot` a spec as for `helmsight fly --pilot`.
    `observation` "" shows what the pilot needs; `disturbance` is "name" or "name:strength", "" for
    a clean one; `variant` a grounding strategy or another way of the same pilot. `options` go to
    the environment, `pilot_options` to `load_pilot`, `limits` to the guard: all JSON data.
    `made_with` is the digest of the code and of the pilot's weights (`evals.flights.fingerprint`).
    """

    kind: str
    scenario: str
    pilot: str
    seed: int
    time: str = "measured"
    hold: str | None = None
    observation: str = ""
    disturbance: str = ""
    variant: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    pilot_options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    max_steps: int | None = None
    made_with: str = ""

    @cached_property
    def key(self) -> str:
        """The content address: the first 20 hex digits of the SHA-256 of the canonical JSON."""
        text = canonical({"schema": KEYED, **self.to_dict()})
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]

    @cached_property
    def pair(self) -> str:
        """The key of the same episode without a disturbance; "" if it has none."""
        return replace(self, disturbance="").key if self.disturbance else ""

    def label(self) -> str:
        """Return what tables call the competitor: the pilot, with its variant."""
        return f"{self.pilot} ({self.variant})" if self.variant else self.pilot

    def to_dict(self) -> dict[str, Any]:
        """Return the episode as JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read an episode back; raises TypeError for anything else."""
        return cls(**data)


@dataclass(frozen=True)
class EpisodeRow:
    """The result of one episode: one row of `results.parquet`, one line of `rows.jsonl`.

    `pilot` is the competitor's label, `spec` what it is loaded by. `options`, `pilot_options`,
    `limits`, `repairs` and `terms` are canonical JSON. `status` is one of `STATES`; an episode
    that is not "done" has score None, success False, and counts as a failure. `think_ms` holds
    every decision's time, ms; `held` and `late` count decisions that the guard cut and that came
    too late. `run` is the recording's folder, relative to that of the results, or "".
    `requests` counts those to a model, `errors` and `unreadable` the decisions that came to
    nothing because its provider failed or no command was in its answers.
    `decided` is the step that decided (`evals.decided`), -1 where there is none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    key: str
    pair: str
    suite: str
    kind: str
    scenario: str
    pilot: str
    spec: str
    variant: str
    seed: int
    time: str
    hold: str
    observation: str
    disturbance: str
    made_with: str
    options: str
    pilot_options: str
    limits: str
    status: str
    error: str = ""
    attempts: int = 1
    score: float | None = None
    better: str = ""
    success: bool = False
    reason: str = ""
    steps: int = 0
    sim_s: float = 0.0
    wall_s: float = 0.0
    think_ms: list[float] = field(default_factory=list)
    held: int = 0
    late: int = 0
    repairs: str = "{}"
    terms: str = "{}"
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None
    run: str = ""
    decided: int = -1
    requests: int = 0
    errors: int = 0
    unreadable: int = 0

    @classmethod
    def of(cls, episode: Episode, status: str, **result: Any) -> Self:
        """Return the row of `episode`; `result` are the fields that are not the episode's own."""
        return cls(
            key=episode.key,
            pair=episode.pair,
            suite=result.pop("suite", ""),
            kind=episode.kind,
            scenario=episode.scenario,
            pilot=episode.label(),
            spec=episode.pilot,
            variant=episode.variant,
            seed=episode.seed,
            time=episode.time,
            hold=episode.hold or "",
            observation=episode.observation,
            disturbance=episode.disturbance,
            made_with=episode.made_with,
            options=canonical(episode.options),
            pilot_options=canonical(episode.pilot_options),
            limits=canonical(episode.limits),
            status=status,
            **result,
        )

    @property
    def done(self) -> bool:
        """Whether the episode ended as episodes end, and its score counts."""
        return self.status == DONE

    def outcome(self) -> dict[str, Any]:
        """Return the fields that are the same wherever and however often the episode is run.

        Under the time rule `measured` the others depend on the machine, too.
        """
        return {key: value for key, value in vars(self).items() if key not in MEASURED}

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], schema: int = SCHEMA) -> Self:
        """Read a row back that was written under `schema`.

        Raises:
            KeyError: naming a field that is missing, or one that a row does not have.
            ValueError: a value of another kind, or of no such field.
        """
        known = {entry.name for entry in fields(cls)}
        known -= {name for version, names in ADDED.items() if version > schema for name in names}
        if odd := sorted(known ^ set(data)):
            raise KeyError(odd[0])
        try:
            row = _row().validate_python(dict(data))
        except ValidationError as error:
            raise ValueError(wrong(error)) from None
        _check_texts(row)
        return cast(Self, row)


@cache
def _row() -> TypeAdapter[EpisodeRow]:
    """Return what checks a row, which is made when one is read."""
    return TypeAdapter(EpisodeRow)


def _check_texts(row: EpisodeRow) -> None:
    """Raise ValueError where a text of a row is not what it stands for.

    One that names a recording elsewhere would have somebody's report read there.
    """
    for name in ("options", "pilot_options", "limits", "repairs", "terms"):
        if not isinstance(parse_json(getattr(row, name)), dict):
            raise ValueError(f"{name} is no object of JSON")
    recording = PurePosixPath(row.run)
    if recording.is_absolute() or ".." in recording.parts or "\\" in row.run:
        raise ValueError(f"run={row.run!r:.60} lies outside the folder of the results")
