"""The whole recipe: `helmsight train relations`."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.agents.errors import TrainingFailed
from helmsight.agents.grounding.labelled import LabelledPicture
from helmsight.agents.training.drawing import drawing
from helmsight.agents.training.recipe import timed
from helmsight.agents.training.relations.course import ASKING_STYLE, TrainingCourse, design
from helmsight.tools.offspring import deaf_to_ctrl_c, end_with_parent

if TYPE_CHECKING:
    from helmsight.agents.training.relations.fit import RelationsFit

SEEING_SHARE = 0.15
"""Share of the time in which only the eye is trained."""
CHUNK = 200  # pictures that a process draws at once
ENOUGH = 2_000  # pictures to begin with
PICTURES = 30_000
ACQUAINTING_SHARE = 0.05
"""Share of the time in which heads that are new learn what a model already knows."""
GOING_ON: Mapping[str, Any] = {
    "rate": 4e-4, "slow": ("model.text_model",), "slower": 0.1, "between": 0.85,
    "tokens": 3500,
}  # fmt: skip
"""How a model that has learnt before is taught on: its eye, and what it knows of words hardly; in
smaller batches, so that a short training has steps enough.
"""
TEXT_SHARE = 0.5
"""Of the way that the text model of a model that is taught on goes, the share that it keeps."""


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

    `processes` fit it side by side; each has another one draw its share of the `pictures` (173 kB
    each, kept in memory) while it begins. `out` holds the last checkpoint, and a file beside it the
    throw-away heads. With `start`, a model folder, the weights are taken from there, and the heads
    from beside it if they are there (else they are learnt anew at first), and instead of the stage
    of seeing batches for the eye alone come in between. A model that sees coarser is made finer. In
    the end the text model keeps TEXT_SHARE of the way that it has gone, the eye all of it.

    Raises:
        ModelUnavailable, DataUnusable, EngineUnfit: as `ready.made_ready`.
        TrainingFailed: a process has died.
    """
    from helmsight.agents.training.ready import made_ready

    start = made_ready(start, out, device)
    plan = _Plan(course, out, minutes, seed, processes, pictures, device, start, _free_port())
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_fit, args=(plan, i), daemon=False) for i in range(1, processes)
    ]
    with deaf_to_ctrl_c():
        for process in others:
            process.start()
    try:
        _fit(plan, 0, say)
        for process in others:
            process.join(timeout=5.0)
    except RuntimeError as error:
        if all(process.is_alive() for process in others):
            raise
        raise TrainingFailed(
            f"a process that helped has died; its error is above ({error})"
        ) from error
    finally:
        for process in others:
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
    from helmsight.agents.training.relations.finer import Remembered, begun
    from helmsight.agents.training.relations.fit import Pool, RelationsFit
    from helmsight.agents.training.relations.team import Team

    if rank:
        end_with_parent()
    sizes, report = design(plan.course), timed(say)
    torch.manual_seed(plan.seed)
    model, processor = begun(plan.start, plan.device, plan.course.corpus, sizes)
    torch.set_num_threads(1)
    remembered = Remembered(model) if plan.start else None

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
        _teach(fit, plan, keep, report)
    if remembered is not None:
        remembered.back(model, TEXT_SHARE)
    keep()
    team.close()


def _teach(
    fit: RelationsFit, plan: _Plan, keep: Callable[[], None], report: Callable[[str], None]
) -> None:
    """Give the stages their shares of the time."""
    from helmsight.agents.training.relations import spare

    left = seconds = 60.0 * plan.minutes
    if plan.start is None:
        fit.see(SEEING_SHARE * seconds)
        left -= SEEING_SHARE * seconds
    elif not spare.take(fit.heads, spare.beside(plan.start)):
        report(f"no heads beside {plan.start}: they are learnt anew")
        fit.acquaint(ACQUAINTING_SHARE * seconds)
        left -= ACQUAINTING_SHARE * seconds
    every = max(120.0, 0.05 * seconds)
    fit.answer(left, every=every, checkpoint=keep, **(GOING_ON if plan.start else {}))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _draw(course: TrainingCourse, view: int, numbers: range) -> list[LabelledPicture]:
    return [course.picture(number, view) for number in numbers]
