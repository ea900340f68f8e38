"""Episodes that one process is given together: by one pilot, under a rule that needs no clock."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from helmsight.contract.clock import TimeRule
from helmsight.evals.episode import Episode, EpisodeRow, canonical
from helmsight.evals.runner.settings import Settings


def group_of(episode: Episode) -> Hashable:
    """Return what episodes of a group have in common; None for one that is run alone.

    Where thinking is measured, what others of a group think would be measured with it.
    """
    if episode.kind != "flight" or TimeRule.parse(episode.time).measures:
        return None
    return episode.pilot, episode.variant, canonical(episode.pilot_options)


def run_group(episodes: Sequence[Episode], settings: Settings) -> Iterator[EpisodeRow]:
    """Yield the row of every episode of a group as it ends."""
    from helmsight.evals.runner.work import run_episode

    for episode in episodes:
        yield run_episode(episode, settings)
