"""Many episodes at once in one process: their worlds are rows of one batch, their model is shared.

Each goes through the same loop as if it were alone, and comes to the same row.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.sources import shipped
from helmsight.agents.scripted import EXPERTS
from helmsight.contract.clock import TimeRule
from helmsight.contract.turns import Turns
from helmsight.envs.orbital.convoy import Berths
from helmsight.envs.orbital.env import TwinEnv
from helmsight.envs.orbital.scenarios import SCENARIOS
from helmsight.evals.episode import OPERATOR, Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import FLIGHT, Stage, run_episode

if TYPE_CHECKING:
    from helmsight.contract.pilot import Pilot

MOVE, ASK = "move", "ask"
MOST = 256
"""Episodes of a batch: in NumPy, a physics step costs hardly less a world beyond that."""


def flies_in_batches(episode: Episode) -> bool:
    """Return whether an episode comes to the same row in a batch as alone.

    It does on the orbital twin, under a time rule by which it makes no difference how long a
    decision really takes (`paused`, `fixed:S`, `runner:S`), with a scripted pilot or a local model.
    """
    local = shipped(episode.pilot) or Path(episode.pilot.removeprefix("local:")).is_dir()
    return (
        episode.kind == FLIGHT
        and episode.scenario in SCENARIOS
        and (episode.pilot in EXPERTS or bool(local))
        and not TimeRule.parse(episode.time).measures
        and "wall_budget_s" not in episode.pilot_options.get(OPERATOR, {})
    )


def fly_batch(
    episodes: Sequence[Episode], settings: Settings
) -> Generator[tuple[Episode, EpisodeRow], None, None]:
    """Yield each episode with its row as it ends.

    `think_ms` of a model's rows is empty: what a decision takes among others is not what it takes.
    Time-outs, memory limits and retries are the caller's, for the batch as a whole.

    Raises:
        InvalidPlan: an episode that a batch cannot fly, by `flies_in_batches`.
        KeyboardInterrupt: Ctrl-C; the episodes under way have no rows.
    """
    for episode in episodes:
        if not flies_in_batches(episode):
            raise InvalidPlan(
                f"{episode.scenario} with {episode.pilot} under time={episode.time} cannot be "
                "flown in a batch: that takes a scenario of the twin, a scripted pilot or a local "
                "model, and a time rule that does not measure (paused, fixed:S, runner:S)"
            )
    for begin in range(0, len(episodes), MOST):
        yield from _Batch(episodes[begin : begin + MOST], settings).rows()


class _Batch:
    """The episodes that are in the air together."""

    def __init__(self, episodes: Sequence[Episode], settings: Settings) -> None:
        self._episodes, self._settings = list(episodes), settings
        self._turns: Turns[EpisodeRow] = Turns({MOVE: self._move, ASK: _answers})
        starts = [(SCENARIOS[episode.scenario], episode.seed) for episode in episodes]
        self._berths = Berths(starts, lambda row, steps: self._turns.ask(MOVE, (row, steps)))

    def rows(self) -> Generator[tuple[Episode, EpisodeRow], None, None]:
        jobs = [
            partial(run_episode, episode, self._settings, _Among(row, self._berths, self._turns))
            for row, episode in enumerate(self._episodes)
        ]
        for number, row in self._turns.run(jobs):
            episode = self._episodes[number]
            scripted = episode.pilot in EXPERTS
            yield episode, row if scripted else replace(row, think_ms=[])

    def _move(self, asked: Sequence[tuple[int, int]]) -> list[None]:
        due: Mapping[int, int] = dict(asked)
        self._berths.move(due)
        return [None] * len(asked)


class _Among(Stage):
    """What one episode of a batch is run with: a row of its world, and a share in a model."""

    def __init__(self, row: int, berths: Berths, turns: Turns[EpisodeRow]) -> None:
        self._row, self._berths, self._turns = row, berths, turns

    def pilot(self, episode: Episode) -> Pilot:
        if episode.pilot in EXPERTS:  # they remember their flight: one each
            return load_pilot(episode.pilot)
        from helmsight.agents.decide import ModelPilot
        from helmsight.agents.models.together import Together

        kept = super().pilot(episode)
        assert isinstance(kept, ModelPilot)
        return kept.through(lambda model: Together(model, partial(self._turns.ask, ASK)))  # type: ignore[arg-type]

    def world(self, episode: Episode, env: Any) -> None:
        world = env.unwrapped
        assert isinstance(world, TwinEnv)
        world.moored = partial(self._berths.take, self._row)


def _answers(questions: Sequence[Any]) -> list[Any]:
    from helmsight.agents.models.together import answers

    return list(answers(questions))
