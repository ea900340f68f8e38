"""Episodes one after another in this process: for few of them, and for who looks inside."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from helmsight.evals.episode import Episode, EpisodeRow
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode


def run_here(episodes: Sequence[Episode], settings: Settings) -> Generator[EpisodeRow, None, None]:
    """Yield the row of every episode in order; time-outs, memory limits and retries are not kept.

    Raises:
        KeyboardInterrupt: Ctrl-C; the episode under way has no row.
    """
    for episode in episodes:
        yield run_episode(episode, settings)
