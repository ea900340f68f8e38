"""Flights of pilots over scenarios and seeds, as episodes of the one runner of evaluations."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from helmsight.agents.models.names import fitting
from helmsight.contract.fit import check_fit
from helmsight.contract.jsontext import parse_json
from helmsight.contract.pilot import Pilot
from helmsight.envs.registry import make_env, scenario_name, task_of
from helmsight.evals.episode import Episode, EpisodeRow, canonical
from helmsight.evals.errors import FlightFailed, InvalidPlan
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import load_kept


@dataclass(frozen=True)
class Cell:
    """One flight to be flown: a scenario's name, a pilot's name and a seed."""

    scenario: str
    pilot: str
    seed: int


@dataclass(frozen=True)
class Conditions:
    """What all flights of a table have in common.

    `limits` differ from the guard's defaults, `options` from those of the environments;
    `pilot_options` are keywords of `load_pilot`, each for the pilots that it can be for.
    """

    time: str = "measured"
    hold: str | None = None
    max_steps: int | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    pilot_options: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the conditions as JSON data; without options, as before there were any."""
        later = ("options", "pilot_options")
        return {k: v for k, v in asdict(self).items() if v or k not in later}

    def options_of(self, pilot: str) -> dict[str, Any]:
        """Return those of the options of pilots that are for this one."""
        return fitting(pilot, self.pilot_options)


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
    known = [scenario_name(name) for name in scenarios]
    cells = [Cell(name, pilot, seed) for pilot in pilots for name in known for seed in seeds]
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
    """Yield the result of each flight of `plan` with its conditions; otherwise as `fly_cells`.

    Raises:
        InvalidOption: a world that cannot be had so, before anything is flown.
        FlightFailed: a flight that ended as none should.
    """
    from helmsight.evals.runner.here import run_here
    from helmsight.evals.runner.local import run_local

    if workers < 1:
        raise InvalidPlan(f"workers={workers} fly nothing; give 1 or more")
    needs = {cell.pilot: _kept(cell.pilot, conditions).needs for cell, conditions in plan}
    flown = {(cell.scenario, cell.pilot): conditions for cell, conditions in plan}
    for (scenario, spec), conditions in flown.items():
        pilot = _kept(spec, conditions)
        check_fit(pilot, task_of(scenario), pilot.needs)  # before the first one flies for hours
    seen: list[tuple[str, Conditions]] = []
    for scenario, conditions in ((cell.scenario, conditions) for cell, conditions in plan):
        if conditions.options and (scenario, conditions) not in seen:
            seen.append((scenario, conditions))
            make_env(scenario, time=conditions.time, **conditions.options).close()
    planned = {
        (made := _episode(cell, conditions, needs[cell.pilot])).key: (made, cell, conditions)
        for cell, conditions in plan
    }
    episodes, settings = [made for made, _, _ in planned.values()], Settings(Path(), "flights")
    rows = run_here(episodes, settings) if workers == 1 else run_local(episodes, settings, workers)
    try:
        for row in rows:
            _, cell, conditions = planned[row.key]
            yield conditions, _result(cell, row)
    finally:
        rows.close()


def load(pilots: Iterable[str], conditions: Conditions | None = None) -> dict[str, str]:
    """Load pilots for the flights to come and return what each needs to be shown; raises
    AgentsError for a wrong one.
    """
    given = conditions or Conditions()
    return {spec: _kept(spec, given).needs for spec in dict.fromkeys(pilots)}


def _kept(spec: str, conditions: Conditions) -> Pilot:
    return load_kept(spec, canonical(conditions.options_of(spec)))


def _episode(cell: Cell, conditions: Conditions, needs: str) -> Episode:
    """Return a flight as an episode, whose world shows what the pilot needs and nothing more."""
    return Episode(
        kind="flight", scenario=cell.scenario, pilot=cell.pilot, seed=cell.seed,
        time=conditions.time, hold=conditions.hold, observation=needs,
        options=conditions.options, limits=conditions.limits, max_steps=conditions.max_steps,
        pilot_options=conditions.options_of(cell.pilot),
        made_with=_fingerprint(cell.pilot),
    )  # fmt: skip


@cache
def _fingerprint(spec: str) -> str:
    return fingerprint(spec)


def _result(cell: Cell, row: EpisodeRow) -> FlightResult:
    """Return a row as the result of its flight.

    Raises:
        FlightFailed: there is none.
        InvalidPlan: the world declares no score, or told none.
    """
    if not row.done:
        raise FlightFailed(
            f"{cell.scenario} {cell.pilot} seed {cell.seed}: {row.status}: {row.error}"
        )
    if row.score is None:
        raise InvalidPlan(
            f"{cell.scenario} declares no score, or told none; an evaluation compares scores"
        )
    return FlightResult(
        cell=cell,
        score=row.score,
        success=row.success,
        terms=parse_json(row.terms),
        steps=row.steps,
        sim_s=row.sim_s,
        wall_s=row.wall_s,
        late=row.late,
        clamped=row.held,
        repairs=parse_json(row.repairs),
        reason=row.reason,
        think_ms=tuple(row.think_ms),
        made_with=row.made_with,
    )
