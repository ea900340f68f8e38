"""Inspections of many cells by many pilots, side by side, kept on disk as they end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import gymnasium

from helmsight.contract.errors import InvalidOption
from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import read_whole
from helmsight.contract.record import plain
from helmsight.contract.textfiles import decoded
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.stress import Stress
from helmsight.envs.registry import make_env
from helmsight.evals.crew import results_of
from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.inspection.direct import DirectInspection
from helmsight.evals.inspection.findings import ENVIRONMENT
from helmsight.evals.inspection.scores import Marks, failed, marks
from helmsight.hardware.errors import HardwareError
from helmsight.tools.appendonly import AppendOnly
from helmsight.tools.steplog import MOST_LOG

ATTEMPTS = 2  # at an inspection that ends with an error
PATIENCE_S = 600.0  # that a pilot may think about a picture: nothing moves meanwhile


@dataclass(frozen=True)
class Conditions:
    """What the trials of a table have in common.

    faults: of the emulated arm's line. stress: as the world's option. direct: joints are put where
    they are to be, without dynamics, serial line, supervisor or camera; for development.
    """

    faults: str = ""
    stress: str = ""
    budget_views: int = 24
    direct: bool = False

    def world(self) -> gymnasium.Env[Any, Any]:
        """Return the world that the trials are in.

        Raises:
            InvalidOption: conditions that it cannot have.
        """
        if self.direct:
            if self.faults:
                raise InvalidOption(f"faults={self.faults!r}: direct trials have no line")
            return DirectInspection(budget_views=self.budget_views, stress=self.stress)
        return make_env(
            ENVIRONMENT, observation="frame+telemetry", time="realtime", faults=self.faults,
            stress=self.stress, budget_views=self.budget_views,
        )  # fmt: skip

    def plan(self, seed: int) -> CellPlan:
        """Return the cell of a seed, less what stress takes away."""
        return Stress.parse(self.stress).applied(CellPlan.draw(seed))


@dataclass(frozen=True)
class Trial:
    """One inspection to be made: by a pilot, with a way of looking ("" for its own), of a seed."""

    pilot: str
    look: str
    seed: int

    @property
    def name(self) -> str:
        """The pilot, and how it looks."""
        return f"{self.pilot}, {self.look}" if self.look else self.pilot


class Kept:
    """Marks by trial; with a `path`, a line each on disk as soon as it is there.

    A line of other conditions, or of other code or weights, is left where it is and not read.

    Raises:
        ResultsUnusable: the file cannot be read or written.
    """

    def __init__(self, path: Path | None, conditions: Conditions) -> None:
        self._path, self._conditions = path, plain(asdict(conditions))
        self.marked: dict[Trial, Marks] = {}
        self._whole = 0  # bytes of the file up to the end of its last whole line
        if path is not None and path.exists():
            self._read(path)

    def add(self, trial: Trial, mark: Marks) -> None:
        """Keep one."""
        self.marked[trial] = mark
        if self._path is None:
            return
        line = {
            "trial": asdict(trial),
            "conditions": self._conditions,
            "made_with": made_with(trial.pilot),
            "marks": mark.to_dict(),
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(plain(line), allow_nan=False).encode() + b"\n"
            file = AppendOnly(self._path)
            try:
                file.cut(self._whole)  # a line may have been cut off when it was interrupted
                file.append(text)
            finally:
                file.close()
            self._whole += len(text)
        except OSError as error:
            raise ResultsUnusable(
                f"{self._path} cannot be written ({error}); give another with --results"
            ) from error

    def missing(self, trials: Iterable[Trial]) -> list[Trial]:
        """Return those of `trials` that are still to be made."""
        return [trial for trial in trials if trial not in self.marked]

    def of(self, trials: Iterable[Trial]) -> dict[str, dict[int, Marks]]:
        """Return the marks of those of `trials` that were made, by name and seed."""
        results: dict[str, dict[int, Marks]] = {}
        for trial in trials:
            if trial in self.marked:
                results.setdefault(trial.name, {})[trial.seed] = self.marked[trial]
        return results

    def _read(self, path: Path) -> None:
        try:
            data = read_whole(path, MOST_LOG)
        except OSError as error:
            raise ResultsUnusable(
                f"{path} cannot be read ({error}); give another with --results"
            ) from error
        self._whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[: self._whole].splitlines(), start=1):
            try:
                entry = parse_json(decoded(line, str(path)))
                trial, mark = Trial(**entry["trial"]), Marks.from_dict(entry["marks"])
                same = entry["conditions"] == self._conditions
                current = entry["made_with"] == made_with(trial.pilot)
            except (ValueError, KeyError, TypeError) as error:
                raise ResultsUnusable(
                    f"line {number} of {path} is no result of an inspection ({error}); give "
                    "another file with --results"
                ) from error
            if same and current:
                self.marked[trial] = mark


@cache
def made_with(pilot: str) -> str:
    """Return a digest of the code and of the weights that a pilot's results come from."""
    return fingerprint(pilot)


def plan_trials(pilots: Sequence[str], looks: Sequence[str], seeds: Sequence[int]) -> list[Trial]:
    """Return every trial; only inspectors have a way of looking.

    Raises:
        InvalidPlan: no pilot or no seed, or a negative one.
    """
    if not pilots or not seeds or min(seeds) < 0:
        raise InvalidPlan(f"give pilots and seeds from 0 on; got {list(pilots)} and {list(seeds)}")
    return [
        Trial(pilot, look, seed)
        for pilot in pilots
        for look in (looks if pilot.partition(":")[0] == "inspector" and looks else [""])
        for seed in seeds
    ]


def run_trials(
    trials: Sequence[Trial], conditions: Conditions, processes: int = 1
) -> Iterator[tuple[Trial, Marks]]:
    """Yield each trial with its marks as it ends; in order with one process.

    Raises:
        InvalidPlan: fewer processes than one. AgentsError: a pilot that cannot be loaded.
    """
    if processes < 1:
        raise InvalidPlan(f"processes={processes} do nothing; give 1 or more")
    yield from results_of(partial(run_trial, conditions=conditions), trials, processes)


def run_trial(trial: Trial, conditions: Conditions) -> Marks:
    """Make one inspection, unrecorded, and return its marks.

    One that a robot or a camera ends with an error is made once more, then counts as one
    that found nothing: what fails is not left out of a table.

    Raises:
        AgentsError: the pilot cannot be loaded.
        KeyboardInterrupt: it was interrupted, so that it has no marks.
    """
    pilot = _pilot(trial.pilot, trial.look)
    for _ in range(ATTEMPTS):
        try:
            return _inspected(pilot, trial.seed, conditions)
        except HardwareError as error:
            why = error
    return failed(conditions.plan(trial.seed), {}, f"failed: {type(why).__name__}: {why}")


def _inspected(pilot: Any, seed: int, conditions: Conditions) -> Marks:
    from helmsight.agents.config import OperatorConfig
    from helmsight.agents.operator import Operator

    env = conditions.world()
    try:
        config = OperatorConfig(max_age_s=PATIENCE_S)
        flight = Operator(env, pilot, config).fly(seed)
    finally:
        env.close()
    if flight.reason == "interrupted":
        raise KeyboardInterrupt
    return marks(conditions.plan(seed), {}, flight.records, flight.summary)


@cache
def _pilot(name: str, look: str) -> Any:
    from helmsight.agents.models.load import load_pilot

    settings: dict[str, Any] = {"look": look} if look else {}
    return load_pilot(name, **settings)
