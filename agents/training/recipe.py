"""The whole recipe: `helmsight train pilot`."""

from __future__ import annotations

import multiprocessing
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helmsight.agents.errors import TrainingFailed
from helmsight.agents.training.gather import WORLDS, crews, gather, named
from helmsight.tools.offspring import deaf_to_ctrl_c

SEEING_SHARE = 0.09
"""Share of the time in which only the eye is trained."""
FIRST_SAMPLES = 3000
LEARNING, GOING_ON = 1.2e-3, 6e-4
"""Highest learning rates of the answering stage: of a new model, and of one that has learned."""


def train(
    out: Path,
    *,
    minutes: float = 80.0,
    seed: int = 0,
    workers: int = 2,
    buffer: int = 80_000,
    batch: int = 48,
    device: str = "cpu",
    start: str | Path | None = None,
    worlds: int = WORLDS,
    families: Sequence[str] = (),
    learning_rate: float | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Train the bundled model from scratch and return its folder, `out`.

    `workers` processes, each with `worlds` side by side, fly and draw pictures while this one
    fits; the newest `buffer` samples are kept in memory (147 kB each). `out` always holds the last
    checkpoint, so that an interrupted training leaves a model behind. With `start`, a model
    folder, the weights are taken from there and the stage of seeing is left out. `families` are
    those that are flown, all by default; one may be a family and a bot of it, such as PE1-E3.
    `learning_rate` is the highest one of the answering stage, LEARNING or GOING_ON by default.

    Raises:
        InvalidOption: a family that nobody has heard of.
        ModelUnavailable: `start` is no model, or one of another design.
        DataUnusable: `out` holds other things, which would be replaced.
        EngineUnfit: this machine has no such device.
        TrainingFailed: the processes that fly have died.
    """
    import numpy as np
    import torch

    from helmsight.agents.training.fit import SEEING, Buffer, PilotFit
    from helmsight.agents.training.folder import asking_style, replace, save
    from helmsight.agents.training.questions import corpus
    from helmsight.agents.training.ready import made_ready
    from helmsight.agents.training.student import begin

    style = asking_style(named=named(crews(families)))
    start = made_ready(start, out, device)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model, processor = begin(start, device, corpus)  # before anything is cleared or flown
    out.mkdir(parents=True, exist_ok=True)
    shards, checkpoint = out / "flights", out / "checkpoint"
    for folder in (shards, checkpoint):
        shutil.rmtree(folder, ignore_errors=True)
    samples = Buffer(shards, buffer, np.random.default_rng(seed))
    report = timed(say)

    def keep() -> None:
        replace(model, processor, checkpoint, style)
        report("checkpoint")

    if start:  # it flies from the first moment
        replace(model, processor, checkpoint, style)
    with _flying(workers, shards, checkpoint, seed, worlds, families) as alive:
        _wait(samples, min(FIRST_SAMPLES, buffer), alive, report)
        fit = PilotFit(model, processor, samples, report, batch)
        seconds = 60.0 * minutes
        seeing = 0.0 if start else SEEING_SHARE * seconds
        if seeing:
            fit.see(seeing)
        rate = learning_rate or (GOING_ON if start else LEARNING)
        fit.answer(
            seconds - seeing, rate, every=max(120.0, 0.04 * seconds), checkpoint=keep,
            seeing=0.0 if start else SEEING,
        )  # fmt: skip
    save(model, processor, out, style)
    for folder in (shards, checkpoint):
        shutil.rmtree(folder, ignore_errors=True)
    return out


def timed(say: Callable[[str], None]) -> Callable[[str], None]:
    """Return `say` with the minutes since now before every line."""
    begun = time.monotonic()
    return lambda line: say(f"{(time.monotonic() - begun) / 60:6.1f} min  {line}")


@contextmanager
def _flying(
    workers: int, shards: Path, checkpoint: Path, seed: int, worlds: int, families: Sequence[str]
) -> Iterator[Callable[[], bool]]:
    """Run the gathering processes; yields a function that tells whether all of them live."""
    context = multiprocessing.get_context("spawn")
    crew = [
        context.Process(
            target=gather,
            args=(shards, checkpoint, 1000 * seed + i + 1, worlds, families),
            daemon=True,
        )
        for i in range(workers)
    ]
    with deaf_to_ctrl_c():
        for process in crew:
            process.start()
    try:
        yield lambda: all(process.is_alive() for process in crew)
    finally:
        for process in crew:
            process.terminate()
            process.join()


def _wait(
    samples: Any, count: int, alive: Callable[[], bool], report: Callable[[str], None]
) -> None:
    """Wait for the first `count` samples."""
    while len(samples) < count:
        if not alive():
            raise TrainingFailed(
                "a process that flies for the training data has died; its error is printed above. "
                "With little memory try fewer --workers"
            )
        time.sleep(1.0)
        samples.refresh()
    report(f"{len(samples)} samples")
