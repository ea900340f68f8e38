"""From a suite to its episodes: names found, patterns matched, everything checked before a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from helmsight.agents.errors import Untaught
from helmsight.agents.models.load import check_known, load_pilot, needs_of
from helmsight.agents.models.names import TRUST
from helmsight.contract.errors import InvalidOption
from helmsight.contract.fit import check_fit
from helmsight.contract.guard import make_guard
from helmsight.contract.observation import observation_mode
from helmsight.contract.plugins import nearest
from helmsight.contract.ranges import SEEDS
from helmsight.contract.secrets import NAMES, redacted
from helmsight.contract.textfiles import read_text
from helmsight.envs.disturbances.catalogue import Disturbance
from helmsight.envs.disturbances.covered import region
from helmsight.envs.disturbances.wrapping import line_options
from helmsight.envs.registry import options_of, task_of
from helmsight.evals.episode import OPERATOR, Episode
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.fingerprints import fingerprint
from helmsight.evals.places import World, naming, times_of, worlds_of
from helmsight.evals.questions import plan_questions
from helmsight.evals.suite import METRICS, PilotEntry, SeedFile, SeedRange, Suite

Brought = Mapping[str, str]
"""Models that whoever runs the episodes brings: name to what each is shown if nobody says."""


@dataclass(frozen=True)
class Plan:
    """The episodes of a suite, in the order of its table; `left_out` says what of the product is
    none, and why.
    """

    suite: Suite
    episodes: list[Episode]
    left_out: list[str] = field(default_factory=list)


def plan(
    suite: Suite, source: Path, limit: int | None = None, brought: Brought | None = None
) -> Plan:
    """Return every episode of a suite, the first `limit` of them.

    Seeds come one after another, so that an evaluation that is interrupted says something of each
    competitor. A disturbance of what a pilot is not shown is left out. Pilots with a name in
    `brought` are not loaded by it: whoever runs the episodes has them.

    Raises:
        InvalidPlan: a name, a value or a combination that cannot be run; names the file, the key
            and what there is. No pilot's weights are loaded for that.
    """
    worlds = worlds_of(suite, source) if suite.kind == "flight" else []
    _check_metrics(suite, source, worlds)
    seeds = seeds_of(suite, source)
    if suite.kind == "questions":
        return Plan(suite, plan_questions(suite, source, seeds, brought or ())[:limit])
    times = times_of(suite, source, worlds)
    with naming(source, "limits"):
        for name, _ in worlds:
            make_guard(task_of(name).guard, suite.limits)
    disturbances, pilots = [], []
    left_out: dict[str, None] = {}
    for i, text in enumerate(suite.disturbances):
        with naming(source, f"disturbances.{i}"):
            disturbances.append(str(Disturbance.parse(text)) if text else "")
    for i, entry in enumerate(suite.entries):
        with naming(source, f"pilots.{i}"):
            try:
                pilots.append((i, _Competitor.of(entry, suite.observations, brought or {})))
            except Untaught as error:
                left_out[f"{entry.pilot} is left out with {error}"] = None
    episodes: dict[str, Episode] = {}
    for seed, world, time, (i, pilot), disturbance in product(
        seeds, worlds, times, pilots, disturbances
    ):
        for mode in pilot.modes:
            with naming(source, f"pilots.{i}"):
                pilot.check(world[0], mode)
            if why := pilot.blind_to(disturbance, mode, world[0]):
                left_out[why] = None
                continue
            episode = pilot.episode(suite, world, seed, time, mode, disturbance)
            episodes[episode.key] = episode
    listed = list(episodes.values())[:limit]
    if not listed:
        raise InvalidPlan(
            f"{source}: nothing to run: {'; '.join(left_out) or 'the product is empty'}"
        )
    return Plan(suite, listed, list(left_out))


@dataclass(frozen=True)
class _Competitor:
    """A pilot with what it is shown; `needs` None where that is known when it is loaded only."""

    entry: PilotEntry
    modes: tuple[str, ...]
    needs: str
    light: Any
    made_with: str

    @classmethod
    def of(cls, entry: PilotEntry, modes: Sequence[str], brought: Brought) -> _Competitor:
        """Return the competitor, with a scripted pilot loaded to ask whether it fits.

        Raises:
            Error: whatever is wrong with it.
        """
        options = entry.made_of
        if secrets := [key for key, value in options.items() if _is_secret(key, value)]:
            raise InvalidOption(
                f"options.{secrets[0]}: a suite is kept with its results, and would keep this; "
                "give it by the environment, as OPENAI_API_KEY, or name its variable (api_key_env)"
            )
        if TRUST in options:
            raise InvalidOption(
                f"options.{TRUST}: an evaluation runs no code of a model's folder, as its files "
                "are handed on; serve that model and name its address (base_url)"
            )
        needs: str | None = None
        light = None
        if entry.pilot in brought:
            needs = observation_mode(entry.observation or brought[entry.pilot])
        else:
            known = {key: value for key, value in options.items() if key != OPERATOR}
            check_known(entry.pilot, **known)
            needs = needs_of(entry.pilot, entry.observation or None)
            light = load_pilot(entry.pilot) if needs is None else None
            if light is not None and entry.observation not in ("", light.needs):
                raise InvalidOption(
                    f"observation={entry.observation!r}: {entry.pilot} is shown {light.needs}, "
                    "whatever is asked for; it is a model that this can be said of"
                )
        shown = [observation_mode(mode) if mode else "" for mode in modes]
        modes = tuple(dict.fromkeys(shown))
        needed = light.needs if light is not None else str(needs)
        return cls(entry, modes, needed, light, fingerprint(entry.pilot))

    def check(self, scenario: str, mode: str) -> None:
        """Raise PilotUnfit where the pilot cannot operate a world that shows `mode`."""
        if self.light is not None:
            check_fit(self.light, task_of(scenario), mode or self.needs)
        elif set(self.needs.split("+")) - set((mode or self.needs).split("+")):
            raise InvalidOption(
                f"{self.entry.pilot} needs {self.needs}, and observations names {mode!r}"
            )

    def blind_to(self, disturbance: str, mode: str, world: str) -> str:
        """Return why a disturbance changes nothing for this pilot in a world, "" where it does."""
        if not disturbance:
            return ""
        parsed = Disturbance.parse(disturbance)
        kind, taken = parsed.kind, options_of(world)
        if taken is not None and set(line_options(parsed)) - set(taken):
            return f"{world} has no emulated line: {kind.name} is left out in it"
        if kind.of in ("frame", "telemetry") and kind.of not in self.needs.split("+"):
            return f"{self.entry.pilot} is shown no {kind.of}: {kind.name} is left out for it"
        if kind.of == "pilot" and self.light is not None:
            return f"{self.entry.pilot} has no provider: {kind.name} is left out for it"
        if kind.name == "covered":
            try:
                region(task_of(world).regions, parsed.strength)
            except InvalidOption as error:
                return f"{error}: it is left out in {world}"
        return ""

    def episode(
        self, suite: Suite, world: tuple[str, dict[str, Any]], seed: int, time: str, mode: str,
        disturbance: str,
    ) -> Episode:  # fmt: skip
        """Return one episode of this competitor."""
        return Episode(
            kind="flight", scenario=world[0], pilot=self.entry.pilot, seed=seed, time=time,
            hold=suite.hold, observation=mode or self.needs, disturbance=disturbance,
            variant=self.entry.variant, options=world[1],
            pilot_options=self.entry.made_of, limits=suite.limits,
            max_steps=suite.max_steps, made_with=self.made_with,
        )  # fmt: skip


def _is_secret(key: str, value: Any) -> bool:
    return bool(NAMES.search(key)) or (isinstance(value, str) and redacted(value) != value)


def seeds_of(suite: Suite, source: Path) -> list[int]:
    """Return the seeds of a suite, none twice; those of a file are read relative to `source`.

    Raises:
        InvalidPlan: a file that is not there or holds something else.
    """
    seeds = suite.seeds
    if isinstance(seeds, int):
        return list(range(seeds))
    if isinstance(seeds, SeedRange):
        return list(range(seeds.first, seeds.first + seeds.count))
    if isinstance(seeds, SeedFile):
        return _seed_file(source.parent / Path(seeds.file).expanduser(), source)
    return list(dict.fromkeys(seeds))


def _seed_file(path: Path, source: Path) -> list[int]:
    try:
        lines = [line.partition("#")[0] for line in read_text(path).splitlines()]
        seeds = [int(word) for line in lines for word in re.split(r"[\s,]+", line) if word]
    except (OSError, ValueError) as error:
        raise InvalidPlan(
            f"{source}: seeds.file: {path} holds no seeds ({error}); it is a text of whole numbers"
        ) from error
    if not seeds or min(seeds) < 0 or max(seeds) > SEEDS:
        raise InvalidPlan(
            f"{source}: seeds.file: {path}: seeds are whole numbers from 0 on, up to {SEEDS}"
        )
    return list(dict.fromkeys(seeds))


def _check_metrics(suite: Suite, source: Path, worlds: Sequence[World]) -> None:
    """Raise InvalidPlan for a metric that neither rows nor the worlds' outcomes have."""
    terms = {term.name for name, _ in worlds for term in task_of(name).outcome.terms}
    known = [*METRICS, *sorted(terms)]
    for i, metric in enumerate(suite.metrics):
        if metric not in known:
            raise InvalidPlan(
                f"{source}: metrics.{i}: no metric {metric!r}: {nearest(metric, known)}"
            )
