"""Episodes on a Ray cluster: tasks for scripted pilots, actors for models, one driver that writes.

Every task and actor has a worker process of its own, as on one machine: time-outs, memory limits
and deaths of an episode are the same there. What dies with a node is run again by Ray.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import Any

from helmsight.agents.models.load import needs_of
from helmsight.evals.episode import CRASHED, Episode, EpisodeRow
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.local import Crew
from helmsight.evals.runner.settings import Settings

LONGEST, PARTS = 64, 8
"""Episodes of a task, at most, and tasks for each core at least."""
NODES_LOST = 20
"""Times that what ran on a node, or in a worker of Ray, that was lost is run again."""
LOCAL = "local"


def run_on_ray(
    episodes: Sequence[Episode], settings: Settings, address: str = "auto"
) -> Generator[EpisodeRow, None, None]:
    """Yield the row of every episode as it ends, run on the cluster at `address`.

    "auto" is the cluster that this machine belongs to, "local" a new one on this machine. Where a
    program has connected to a cluster already, that one is used. Recordings and kept answers need
    a results folder that all nodes share.

    Raises:
        InvalidPlan: Ray is not installed, or no cluster answers there.
    """
    ray = _ray()
    with _connected(ray, address):
        models = dict.fromkeys(e.pilot for e in episodes if _is_model(e))
        scripted = [episode for episode in episodes if episode.pilot not in models]
        yield from _by_tasks(ray, scripted, settings)
        for pilot in models:  # one after another: actors that wait for others' cores wait for ever
            mine = [episode for episode in episodes if episode.pilot == pilot]
            yield from _by_actors(ray, pilot, mine, settings)


def _by_tasks(ray: Any, episodes: list[Episode], settings: Settings) -> Iterator[EpisodeRow]:
    """Yield the rows of episodes whose pilots are made in no time, several to a task."""
    task = ray.remote(num_cpus=1, max_retries=NODES_LOST)(run_part)
    cores = int(ray.cluster_resources().get("CPU", 1))
    size = max(1, min(LONGEST, len(episodes) // (PARTS * cores)))
    parts = deque(episodes[i : i + size] for i in range(0, len(episodes), size))
    ahead = 4 * cores  # enough to keep the cluster busy, few enough to be taken back
    running: dict[Any, list[Episode]] = {}
    try:
        while parts or running:
            while parts and len(running) < ahead:
                part = parts.popleft()
                running[task.remote(part, settings)] = part
            for done in ray.wait(list(running), num_returns=1)[0]:
                part = running.pop(done)
                try:
                    yield from ray.get(done)
                except ray.exceptions.RayError as error:
                    if len(part) > 1:  # one of them is to blame
                        parts.extend([episode] for episode in part)
                    else:
                        yield _lost(part[0], settings, error)
    finally:
        for job in running:
            with suppress(ray.exceptions.RayError):
                ray.cancel(job, force=True)


def _by_actors(
    ray: Any, pilot: str, episodes: list[Episode], settings: Settings
) -> Iterator[EpisodeRow]:
    """Yield the rows of one model's episodes, by as many copies of it as the cluster can hold."""
    share = next((n for name, n in settings.gpus.items() if fnmatchcase(pilot, name)), 0.0)
    there = ray.cluster_resources()
    copies = int(there.get("GPU", 0) / share) if share else int(there.get("CPU", 1))
    limits = [n for name, n in settings.concurrency.items() if fnmatchcase(pilot, name)]
    if share and not copies:
        raise InvalidPlan(
            f"budgets.gpus: {pilot} is to have {share:g} of a GPU, and the cluster has "
            f"{there.get('GPU', 0):g}"
        )
    actor_of = ray.remote(num_cpus=0 if share else 1, num_gpus=share)(ModelActor)
    actors = [actor_of.remote(settings) for _ in range(min([copies, len(episodes), *limits]))]
    waiting = deque((episode, 0) for episode in episodes)
    # an actor that has no place yet, as after a node was lost, is given nothing until it is there
    running: dict[Any, tuple[Any, Episode | None, int]] = {
        actor.ready.remote(): (actor, None, 0) for actor in actors
    }
    free: list[Any] = []
    try:
        while waiting or any(episode for _, episode, _ in running.values()):
            while waiting and free:
                actor, (episode, lost) = free.pop(), waiting.popleft()
                running[actor.run.remote(episode)] = actor, episode, lost
            for done in ray.wait(list(running), num_returns=1)[0]:
                actor, ended, lost = running.pop(done)
                try:
                    row = ray.get(done)
                    free.append(actor)
                    if ended is not None:
                        yield row
                except ray.exceptions.RayError as error:
                    actors.append(actor_of.remote(settings))
                    running[actors[-1].ready.remote()] = actors[-1], None, 0
                    if ended is not None and lost < NODES_LOST:
                        waiting.append((ended, lost + 1))
                    elif ended is not None:
                        yield _lost(ended, settings, error)
    finally:
        for actor in actors:
            ray.kill(actor)


_crews: dict[str, Crew] = {}  # of this process, by the settings


def run_part(part: list[Episode], settings: Settings) -> list[EpisodeRow]:
    """Run some episodes in a worker of this process, which stays for the next ones."""
    crew = _crews.get(repr(settings))
    if crew is None:
        crew = _crews[repr(settings)] = Crew(settings)
    return list(crew.rows_of(part))


class ModelActor:
    """A copy of a model somewhere on the cluster, loaded once and asked for many episodes."""

    def __init__(self, settings: Settings) -> None:
        self._crew = Crew(settings)

    def ready(self) -> None:
        """Return when the actor has a place in the cluster."""

    def run(self, episode: Episode) -> EpisodeRow:
        """Run an episode and return its row."""
        return next(iter(self._crew.rows_of([episode])))


def _is_model(episode: Episode) -> bool:
    return episode.kind == "questions" or needs_of(episode.pilot) is not None


def _lost(episode: Episode, settings: Settings, error: Exception) -> EpisodeRow:
    words = str(error).strip().splitlines()
    why = f"{type(error).__name__}: {words[0] if words else 'no words'}"
    return EpisodeRow.of(episode, CRASHED, suite=settings.suite, error=why[:500])


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise InvalidPlan(
            f'--ray needs Ray ({error}); install it with: pip install "helmsight[eval]"'
        ) from error
    return ray


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """Connect to a cluster, unless this program is connected already."""
    if ray.is_initialized():
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if main else None
    try:
        ray.init(
            address=None if address == LOCAL else address,
            log_to_driver=False, include_dashboard=False if address == LOCAL else None,
            logging_level="ERROR",
        )  # fmt: skip
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InvalidPlan(
            f"--ray {address}: no cluster there ({error}); start one with: ray start --head, or "
            "give --ray local"
        ) from error
    if main:
        signal.signal(signal.SIGTERM, before)  # Ray puts its own there, which ends at once
    try:
        yield
    finally:
        ray.shutdown()
