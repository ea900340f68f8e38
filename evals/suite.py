"""Suites as data: what is evaluated, on what, how often and under which conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from helmsight.contract.plugins import nearest
from helmsight.contract.ranges import DAY_S, MANY, SEEDS
from helmsight.contract.textfiles import decoded
from helmsight.contract.validation import MOST_SHOWN, Number, Whole, message
from helmsight.contract.yamltext import parse_yaml
from helmsight.evals.episode import OPERATOR
from helmsight.evals.errors import InvalidPlan

METRICS = (
    "score", "success", "steps", "sim_s", "wall_s", "think_ms", "held", "late", "repairs",
    "tokens_in", "tokens_out", "cost", "requests", "errors", "unreadable",
)  # fmt: skip
"""Columns of a row that a report can show; terms of the worlds' outcomes are named as there."""
OF_FLIGHTS = ("times", "hold", "observations", "disturbances", "limits", "max_steps", "record")
"""Keys of a suite that say nothing of a question."""
RECORD = r"^(none|all|failures|every:[1-9]\d*)$"


class Part(BaseModel):
    """A part of a suite: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PilotEntry(Part):
    """A competitor: a pilot, the name of this way of it, and how it is made."""

    pilot: str = Field(min_length=1, description="As for `helmsight fly --pilot`.")
    variant: str = Field(default="", description="What tables call this way of the pilot.")
    options: dict[str, Any] = Field(
        default={}, description="Keywords of load_pilot: device, look, ..."
    )
    grounding: str = Field(
        default="", description="Relations asked for before deciding, as for `fly`."
    )
    max_age_s: Number | None = Field(
        default=None, gt=0, le=DAY_S, description="Older answers are dropped, world s."
    )
    observation: str = Field(default="", description="What this one is shown; of a model only.")

    @property
    def made_of(self) -> dict[str, Any]:
        """What an episode keeps of how its pilot is made, and of how the loop asks it."""
        operator = {"grounding": self.grounding, "max_age_s": self.max_age_s}
        asked = {key: value for key, value in operator.items() if value}
        shown = {"observation": self.observation} if self.observation else {}
        return {**self.options, **shown, **({OPERATOR: asked} if asked else {})}


class ScenarioEntry(Part):
    """Registered worlds by name or pattern (PE1-*), or the file of a data set."""

    scenario: str = Field(min_length=1)
    options: dict[str, Any] = Field(default={}, description="Options of the environment.")


class SeedFile(Part):
    """Seeds in a file: whole numbers, parted by white space or commas; # begins a comment."""

    file: str = Field(description="Path, relative to the suite's own file.")


class SeedRange(Part):
    """Seeds from `first` on."""

    first: Whole = Field(default=0, ge=0, le=SEEDS)
    count: Whole = Field(gt=0, le=MANY)


class Price(Part):
    """What a provider asks for a million tokens, in one currency throughout."""

    tokens_in: Number = Field(default=0.0, ge=0, le=MANY)
    tokens_out: Number = Field(default=0.0, ge=0, le=MANY)


class Budgets(Part):
    """What an episode and the whole may take. Patterns (openai:*) name pilots."""

    episode_s: Number = Field(
        default=1800.0, gt=0, le=DAY_S, description="Wall seconds an episode may take."
    )
    memory_mb: Whole | None = Field(
        default=None, gt=0, le=64 * MANY, description="Memory a process may take, MiB."
    )
    retries: Whole = Field(
        default=1, ge=0, le=100, description="Times an episode that died is tried again."
    )
    wall_s: Number | None = Field(
        default=None, gt=0, le=366 * DAY_S, description="Wall seconds of the whole."
    )
    cost: Number | None = Field(
        default=None, gt=0, le=MANY, description="What all answers may cost."
    )
    tokens: Whole | None = Field(
        default=None, gt=0, le=10**12, description="Tokens that providers may count, in and out."
    )
    prices: dict[str, Price] = Field(default={}, description="Prices by pattern of pilots.")
    gpus: dict[str, Annotated[Number, Field(ge=0, le=1024)]] = Field(
        default={}, description="Share of a GPU that each copy of a model has on Ray, by pattern."
    )
    concurrency: dict[str, Annotated[Whole, Field(gt=0, le=MANY)]] = Field(
        default={}, description="Episodes at a time by pattern of pilots."
    )


class Suite(Part):
    """Pilots x scenarios x seeds x times x disturbances, and what is looked at in the results."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    about: str = Field(default="", description="One line that `helmsight evaluate --list` shows.")
    kind: Literal["flight", "questions"] = "flight"
    pilots: list[str | PilotEntry] = Field(description="Names, or names with options.")
    scenarios: list[str | ScenarioEntry] = Field(description="Names or patterns.")
    seeds: Whole | list[Whole] | SeedRange | SeedFile = Field(
        default=1, description="How many from 0 on, a list, a range, or a file."
    )
    times: list[str] = Field(
        default=["measured"], description="Time rules, as for `helmsight fly --time`."
    )
    hold: str | None = Field(default=None, description="While a pilot thinks: repeat or coast.")
    observations: list[str] = Field(
        default=[""], description='What pilots are shown; "": what they need.'
    )
    disturbances: list[str] = Field(
        default=[""], description='"name" or "name:strength"; "": none.'
    )
    options: dict[str, Any] = Field(default={}, description="Options of every environment.")
    limits: dict[str, Any] = Field(default={}, description="Limits of the guard.")
    max_steps: Whole | None = Field(
        default=None, gt=0, le=MANY, description="Decisions an episode may take."
    )
    metrics: list[str] = Field(default=["score", "success"], description="What the report shows.")
    budgets: Budgets = Budgets()
    record: str = Field(
        default="none", description="none, all, failures or every:N.",
        json_schema_extra={"pattern": RECORD},
    )  # fmt: skip

    @field_validator("seeds", mode="after")
    @classmethod
    def _from_zero(cls, seeds: Any) -> Any:
        listed, most = (seeds, SEEDS) if isinstance(seeds, list) else ([seeds], MANY)
        if any(isinstance(seed, int) and not 0 <= seed <= most for seed in listed):
            raise ValueError(f"seeds are whole numbers from 0 on, up to {most}")
        return seeds

    @field_validator("record", mode="after")
    @classmethod
    def _recordable(cls, record: str) -> str:
        if not re.match(RECORD, record):
            raise ValueError("choose none, all, failures or every:N (seeds that N divides)")
        return record

    @property
    def entries(self) -> list[PilotEntry]:
        """The competitors, each with its options."""
        return [PilotEntry(pilot=p) if isinstance(p, str) else p for p in self.pilots]

    @property
    def places(self) -> list[ScenarioEntry]:
        """The scenarios, each with its options."""
        return [ScenarioEntry(scenario=s) if isinstance(s, str) else s for s in self.scenarios]


def suites() -> dict[str, Path]:
    """Return the shipped suites: name to file."""
    folder = Path(str(files("helmsight.evals") / "suites"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_suite(where: str) -> tuple[Suite, Path]:
    """Return a suite by its name or its file's, with that file.

    Raises:
        InvalidPlan: no such suite, no YAML, an unknown key or a wrong value: names the file, the
            key and what is allowed there.
    """
    path = suites().get(where, Path(where))
    if not path.is_file():
        raise InvalidPlan(
            f"no suite {where!r}: {nearest(where, suites())} Or give a file of your own (.yaml)"
        )
    try:
        data = parse_yaml(decoded(path.read_bytes(), str(path)))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidPlan(f"{path} is no YAML: {error}") from error
    return suite_of(data, str(path)), path


def suite_of(data: Any, source: str) -> Suite:
    """Return the suite that JSON data describe; errors name `source` and the key.

    Raises:
        InvalidPlan: an unknown key (with the nearest there is), a wrong value, an empty product.
    """
    if not isinstance(data, Mapping):
        raise InvalidPlan(f"{source}: a suite is a mapping of keys, as name, pilots and scenarios")
    try:
        suite = Suite.model_validate(data)
    except ValidationError as error:
        raise InvalidPlan(f"{source}: " + "; ".join(_said(error))) from error
    axes = ("pilots", "scenarios", "seeds", "times", "observations", "disturbances")
    if empty := [axis for axis in axes if getattr(suite, axis) in ([], 0)]:
        raise InvalidPlan(f"{source}: {', '.join(empty)}: empty, so that there is nothing to run")
    if suite.kind == "questions" and (
        odd := [key for key in OF_FLIGHTS if getattr(suite, key) != Suite.model_fields[key].default]
    ):
        raise InvalidPlan(f"{source}: {', '.join(odd)}: of flights; questions have nothing of it")
    return suite


def json_schema() -> str:
    """Return the JSON schema of suites, indented; docs/suite.schema.json holds it."""
    return json.dumps(Suite.model_json_schema(), indent=2) + "\n"


def _said(error: ValidationError) -> Iterator[str]:
    for entry in error.errors():
        where = [part for part in entry["loc"] if part not in _UNION]
        key = ".".join(map(str, where)) or "suite"
        if entry["type"] == "extra_forbidden":
            yield f"{key}: no such key; {nearest(str(where[-1]), _keys(where[:-1]))}"
        elif entry["type"] == "missing":
            yield f"{key}: is missing"
        else:
            yield f"{key}={entry['input']!r:.{MOST_SHOWN}}: {message(entry)}"


_UNION = {"str", "int", "PilotEntry", "ScenarioEntry", "SeedRange", "SeedFile", "list[int]"}
_PARTS: dict[str, type[Part]] = {
    "pilots": PilotEntry, "scenarios": ScenarioEntry, "budgets": Budgets, "prices": Price,
}  # fmt: skip


def _keys(where: Sequence[Any]) -> list[str]:
    """Return the keys that are allowed at a place in a suite."""
    named = [str(part) for part in where if part in _PARTS or part == "seeds"]
    if not named:
        return list(Suite.model_fields)
    if named[-1] == "seeds":
        return [*SeedRange.model_fields, *SeedFile.model_fields]
    return list(_PARTS[named[-1]].model_fields)
