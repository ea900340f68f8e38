"""The whole recipe: `helmsight train inspector`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from helmsight.agents.training.drawing import drawing
from helmsight.agents.training.inspector.calibration import heats
from helmsight.agents.training.inspector.design import ASKING_STYLE, INSPECTOR, VIEW, corpus
from helmsight.agents.training.inspector.lessons import PartCrop, crops
from helmsight.agents.training.recipe import timed

SEEING_SHARE = 0.6
"""Share of the time in which only the eye is trained: the words are few."""
CHUNK = 10  # cells that a process draws at once
ENOUGH = 40  # cells to begin with
CELLS = 1_000
HELD_OUT, CALIBRATING = 900_000, 20  # the first cell that nothing is learnt from; how many are used


def train(
    out: Path,
    *,
    minutes: float = 90.0,
    seed: int = 0,
    cells: int = CELLS,
    start: str | Path | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Train a model that tells the state of a part from a crop, and return its folder, `out`.

    One process fits, on one thread; another one draws the crops of `cells` (about 90 each, 100 kB a
    crop, kept in memory). `out` holds the last checkpoint. At the end it is found out on other
    cells how far its answers can be believed, which takes a minute more. With `start`, a model
    folder, the weights are taken from there.

    Raises:
        ModelUnavailable, DataUnusable: as `ready.made_ready`.
        TrainingFailed: the process that draws has died.
    """
    import numpy as np
    import torch

    from helmsight.agents.training.folder import replace
    from helmsight.agents.training.inspector.fit import InspectorFit, Pool
    from helmsight.agents.training.ready import made_ready
    from helmsight.agents.training.student import begin

    start = made_ready(start, out)
    report = timed(say)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model, processor = begin(start, "cpu", corpus, INSPECTOR)

    def keep(found: Mapping[str, float] | None = None) -> None:
        replace(model, processor, out, {**ASKING_STYLE, "heat": dict(found or {})})
        report("checkpoint")

    numbers = range(seed * cells, (seed + 1) * cells)
    with drawing(partial(_draw, VIEW), numbers, CHUNK) as drawn:
        drawn.wait(60 * min(ENOUGH, cells // 2))
        pool = Pool(drawn.kept, np.random.default_rng(seed))
        fit = InspectorFit(model, processor, INSPECTOR, pool, report)
        seconds = 60.0 * minutes
        fit.see(SEEING_SHARE * seconds)
        keep()
        fit.answer(
            (1.0 - SEEING_SHARE) * seconds, every=max(120.0, 0.05 * seconds), checkpoint=keep
        )
        unseen = _draw(VIEW, range(HELD_OUT, HELD_OUT + min(CALIBRATING, cells)))
        keep(heats(unseen, fit.shares(unseen)))
    return out


def _draw(size: int, numbers: range) -> list[PartCrop]:
    return [crop for number in numbers for crop in crops(number, size)]
