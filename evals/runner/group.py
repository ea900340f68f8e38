"""Episodes that one process is given together, to be run in a batch."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from helmsight.evals.batch import flies_in_batches, fly_batch
from helmsight.evals.episode import Episode, EpisodeRow, canonical
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode


def group_of(episode: Episode) -> Hashable:
    """Return what episodes of a group have in common; None for one that is run alone.

    A group is one pilot's, so that a process has one model in memory for it.
    """
    if not flies_in_batches(episode):
        return None
    return episode.pilot, episode.variant, canonical(episode.pilot_options)


def run_group(episodes: Sequence[Episode], settings: Settings) -> Iterator[EpisodeRow]:
    """Yield the row of every episode of a group as it ends; one alone is not run as a batch."""
    if len(episodes) == 1:
        yield run_episode(episodes[0], settings)
        return
    for _, row in fly_batch(episodes, settings):
        yield row
