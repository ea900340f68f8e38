"""The whole recipe: `helmsight train relations`."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from helmsight.agents.errors import TrainingFailed
from helmsight.agents.grounding.labelled import LabelledPicture
from helmsight.agents.training.drawing import drawing
from helmsight.agents.training.recipe import timed
from helmsight.agents.training.relations.course import ASKING_STYLE, TrainingCourse, design
from helmsight.tools.offspring import end_with_parent

SEEING_SHARE = 0.15
"""Share of the time in which only the eye is trained."""
CHUNK = 200  # pictures that a process draws at once
ENOUGH = 2_000  # pictures to begin with
PICTURES = 60_000


def train(
    course: TrainingCourse,
    out: Path,
    *,
    minutes: float = 100.0,
    seed: int = 0,
    processes: int = 2,
    pictures: int = PICTURES,
    device: str = "cpu",
    start: str | Path | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Train a model that tells where things are, and return its folder, `out`.

    `processes` fit it side by side; each has another one draw its share of the `pictures` (77 kB
    each, kept in memory) while it begins. `out` holds the last checkpoint, and a file beside it the
    throw-away heads. With `start`, a model folder, the weights are taken from there, and the heads
    from beside it if they are there, and the stage of seeing is left out.

    Raises:
        ModelUnavailable, DataUnusable: as `ready.made_ready`. TrainingFailed: a process has died.
    """
    from helmsight.agents.training.ready import made_ready

    start = made_ready(start, out)
    plan = _Plan(course, out, minutes, seed, processes, pictures, device, start, _free_port())
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_fit, args=(plan, i), daemon=False) for i in range(1, processes)
    ]
    for process in others:
        process.start()
    try:
        _fit(plan, 0, say)
    except RuntimeError as error:
        if all(process.is_alive() for process in others):
            raise
        raise TrainingFailed(
            f"a process that helped has died; its error is above ({error})"
        ) from error
    finally:
        for process in others:
            process.join(timeout=5.0)
            process.terminate()
    return out


@dataclass(frozen=True)
class _Plan:
    """The arguments of `train`, for every process."""

    course: TrainingCourse
    out: Path
    minutes: float
    seed: int
    processes: int
    pictures: int
    device: str
    start: Path | None
    port: int


def _fit(plan: _Plan, rank: int, say: Callable[[str], None] = lambda line: None) -> None:
    """Train as number `rank` of all processes; the first one writes and reports."""
    import numpy as np
    import torch

    from helmsight.agents.training.folder import replace
    from helmsight.agents.training.relations import spare
    from helmsight.agents.training.relations.fit import Pool, RelationsFit
    from helmsight.agents.training.relations.team import Team
    from helmsight.agents.training.student import begin

    if rank:
        end_with_parent()
    sizes, report = design(plan.course), timed(say)
    torch.manual_seed(plan.seed)
    model, processor = begin(plan.start, plan.device, plan.course.corpus, sizes)
    torch.set_num_threads(1)

    def keep() -> None:
        if rank == 0:
            replace(model, processor, plan.out, ASKING_STYLE)
            spare.keep(fit.heads, spare.beside(plan.out))
            report("checkpoint")

    team = Team(rank, plan.processes, plan.port)
    numbers = range(rank, plan.pictures, plan.processes)
    with drawing(partial(_draw, plan.course, sizes.view), numbers, CHUNK) as drawn:
        drawn.wait(min(ENOUGH, len(numbers)))
        pool = Pool(plan.course, drawn.kept, np.random.default_rng([plan.seed, rank]))
        fit = RelationsFit(model, processor, sizes, pool, report, team)
        if plan.start is not None and not spare.take(fit.heads, spare.beside(plan.start)):
            report(f"no heads beside {plan.start}: they are learnt anew")
        seconds = 60.0 * plan.minutes
        seeing = 0.0 if plan.start else SEEING_SHARE * seconds
        if seeing:
            fit.see(seeing)
        fit.answer(seconds - seeing, every=max(120.0, 0.05 * seconds), checkpoint=keep)
    keep()
    team.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _draw(course: TrainingCourse, view: int, numbers: range) -> list[LabelledPicture]:
    return [course.picture(number, view) for number in numbers]
