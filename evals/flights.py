"""Flights of pilots over scenarios and seeds, through the same loop as `helmsight fly`."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from helmsight.agents.config import OperatorConfig
from helmsight.agents.models.load import load_pilot, shipped
from helmsight.contract.fit import check_fit
from helmsight.contract.outcome import Outcome
from helmsight.contract.pilot import Pilot
from helmsight.envs.registry import make_env, scenario_name, task_of
from helmsight.evals.crew import results_of
from helmsight.evals.errors import InvalidPlan

if TYPE_CHECKING:
    from helmsight.contract.record import StepRecord

ROOMS = ("agents", "contract", "envs", "prompts", "tools")
SOURCES = {".py", ".json", ".j2"}
LOADED = 4  # pilots kept in memory by a process


@dataclass(frozen=True)
class Cell:
    """One flight to be flown: a scenario's name, a pilot's name and a seed."""

    scenario: str
    pilot: str
    seed: int


@dataclass(frozen=True)
class Conditions:
    """What all flights of a table have in common.

    `limits` differ from the guard's defaults, `options` from those of the environments.
    """

    time: str = "measured"
    hold: str | None = None
    max_steps: int | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the conditions as JSON data; without `options`, as before there were any."""
        data = asdict(self)
        return data if self.options else {k: v for k, v in data.items() if k != "options"}


@dataclass(frozen=True)
class FlightResult:
    """One finished flight. `think_ms` holds every decision's time, ms, in order.

    `score`, `success` and `terms` are the outcome that the world's task declares. `made_with` is a
    digest of the code that flew it and of the weights of a local model: a result of an older
    pilot is told from one of this pilot.
    """

    cell: Cell
    score: float
    success: bool
    terms: Mapping[str, float]
    steps: int
    sim_s: float
    wall_s: float
    late: int
    clamped: int
    repairs: Mapping[str, int]
    reason: str
    think_ms: tuple[float, ...]
    made_with: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read a result back; raises KeyError or TypeError for anything else."""
        fields = dict(data)
        cell, think = Cell(**fields.pop("cell")), tuple(fields.pop("think_ms"))
        return cls(cell=cell, think_ms=think, **fields)


def names(text: str) -> list[str]:
    """Return the parts of a comma-separated list, without empty ones."""
    return [part.strip() for part in text.split(",") if part.strip()]


def grid(pilots: Sequence[str], scenarios: Sequence[str], seeds: Sequence[int]) -> list[Cell]:
    """Return every flight of pilots x scenarios x seeds, one pilot after another.

    Raises:
        UnknownScenario: with the nearest name there is.
        InvalidPlan: when one of the three is empty or a seed is negative.
    """
    if not (pilots and scenarios and seeds) or min(seeds) < 0:
        raise InvalidPlan(
            f"an evaluation needs pilots, scenarios and seeds from 0 on; got pilots={pilots}, "
            f"scenarios={scenarios}, seeds={list(seeds)}"
        )
    names = [scenario_name(name) for name in scenarios]
    cells = [Cell(name, pilot, seed) for pilot in pilots for name in names for seed in seeds]
    return list(dict.fromkeys(cells))


def fly_cells(
    cells: Sequence[Cell], conditions: Conditions | None = None, workers: int = 1
) -> Iterator[FlightResult]:
    """Yield the result of each flight as it ends; in order with one worker.

    With more, processes fly side by side and share the cores: under `measured` time every pilot
    then thinks longer than it would alone. A pilot is loaded once per process, so that its first
    flight alone holds its first, slower decision.

    Raises:
        AgentsError: a pilot that cannot be loaded, before anything is flown.
        InvalidPlan: fewer workers than one.
        KeyboardInterrupt: Ctrl-C; the flights under way are given up.
    """
    conditions = conditions or Conditions()
    flights = fly_planned([(cell, conditions) for cell in cells], workers)
    try:
        for _, result in flights:
            yield result
    finally:
        flights.close()


def fly_planned(
    plan: Sequence[tuple[Cell, Conditions]], workers: int = 1
) -> Generator[tuple[Conditions, FlightResult], None, None]:
    """Yield the result of each flight of `plan` with its conditions; otherwise as `fly_cells`."""
    if workers < 1:
        raise InvalidPlan(f"workers={workers} fly nothing; give 1 or more")
    load(cell.pilot for cell, _ in plan)
    for scenario, spec in dict.fromkeys((cell.scenario, cell.pilot) for cell, _ in plan):
        pilot = _pilot(spec)
        check_fit(pilot, task_of(scenario), pilot.needs)  # before the first one flies for hours
    for (_, conditions), result in results_of(_fly_planned, plan, workers):
        yield conditions, result


def load(pilots: Iterable[str]) -> None:
    """Load pilots for the flights to come; raises AgentsError for a wrong one."""
    for spec in dict.fromkeys(pilots):
        _pilot(spec)


def fly_cell(cell: Cell, conditions: Conditions) -> FlightResult:
    """Fly one episode, unrecorded, and return its result.

    The environment shows what the pilot needs and nothing more.

    Raises:
        KeyboardInterrupt: the flight was interrupted, so that it has no result.
    """
    from helmsight.agents.operator import Operator

    pilot = _pilot(cell.pilot)
    hold = {} if conditions.hold is None else {"hold": conditions.hold}
    env = make_env(
        cell.scenario, observation=pilot.needs, time=conditions.time, **hold, **conditions.options
    )
    with ExitStack() as stack:
        stack.callback(env.close)
        config = OperatorConfig(limits=conditions.limits)
        flight = Operator(env, pilot, config).fly(cell.seed, conditions.max_steps)
        outcome = env.unwrapped.task.outcome  # type: ignore[attr-defined]
    if flight.reason == "interrupted":
        raise KeyboardInterrupt
    return _result(cell, outcome, flight.summary, flight.records)


def fingerprint(pilot: str) -> str:
    """Return a digest of the code that flies and, for a model in a folder, of its files."""
    digest = hashlib.sha256(_code().encode())
    folder = shipped(pilot) or Path(pilot.removeprefix("local:"))
    if folder.is_dir():
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


@cache
def _code() -> str:
    """Return a digest of the sources of the rooms that a flight goes through; not of training."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            inner = path.relative_to(root).parts
            if path.suffix in SOURCES and not {"training", "bundled", "relations"} & set(inner):
                digest.update("/".join(inner).encode() + path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=LOADED)
def _pilot(spec: str) -> Pilot:
    return load_pilot(spec)


@cache
def _fingerprint(spec: str) -> str:
    return fingerprint(spec)


def _fly_planned(planned: tuple[Cell, Conditions]) -> FlightResult:
    return fly_cell(*planned)


def _result(
    cell: Cell, outcome: Outcome, summary: Mapping[str, Any], records: Sequence[StepRecord]
) -> FlightResult:
    keys = (
        "score", "success", "steps", "sim_s", "wall_s", "late", "clamped", "repairs", "reason",
    )  # fmt: skip
    if not isinstance(summary["score"], int | float):
        raise InvalidPlan(
            f"{cell.scenario} declares no score, or told none; an evaluation compares scores"
        )
    return FlightResult(
        cell=cell,
        terms={term.name: float(summary[term.name]) for term in outcome.terms},
        think_ms=tuple(round(record.think_ms, 3) for record in records),
        made_with=_fingerprint(cell.pilot),
        **{key: summary[key] for key in keys},
    )
