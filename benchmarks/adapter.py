"""Teaches a model what an expert flew, and flies it: held-out loss and scores, before and after.

    python benchmarks/adapter.py
    python benchmarks/adapter.py --base Qwen/Qwen3-VL-2B-Instruct --view-size 448 --device cuda
    python benchmarks/adapter.py --scenario SB1-E1-I2 --expert shade --seeds 10

The expert flies, its flights are exported in the words that the base is asked in, an adapter learns
most of them, and what is held out are whole flights of other seeds. Then base, adapter and expert
fly seeds that none of this has seen. By default the bundled model, which was trained on pursuits
alone, learns to stay between evader and sun out of 200 steps of `shade`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import helmsight
from helmsight.agents.training.adapter.plan import Plan
from helmsight.agents.training.adapter.recipe import train
from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, say, show
from helmsight.exporting import Asked, export, style_as

FLIGHTS, HELD_OUT = 5, 0.2  # flights of the expert, and the share of them that is held out
UNSEEN = 1000  # the first seed of the flights afterwards


def parser() -> argparse.ArgumentParser:
    """Return what the command takes."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--base", default="bundled", help="a folder, a hub id, or bundled")
    options.add_argument("--scenario", default="SB1-E1-I1")
    options.add_argument("--expert", default="shade")
    options.add_argument("--steps", type=int, default=50, help="of each flight of the expert")
    options.add_argument("--fly", type=int, default=120, help="steps of each flight afterwards")
    options.add_argument("--seeds", type=int, default=1, help="flights afterwards, of each pilot")
    options.add_argument(
        "--view-size", type=int, help="pixels of each picture, for a general model"
    )
    options.add_argument("--lora-r", type=int, default=16)
    options.add_argument("--epochs", type=float, default=8.0)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--learning-rate", type=float, default=2e-3)
    options.add_argument("--device", help="cpu, cuda or mps")
    add_options(options)
    return options


def measure(options: argparse.Namespace, root: Path) -> Iterator[Figure]:
    """Yield the figures; everything is made under `root`."""
    for seed in range(FLIGHTS):
        helmsight.fly(
            options.scenario, options.expert, seed, steps=options.steps, time="paused",
            out=root / "runs" / str(seed),
        )  # fmt: skip
    views: dict[str, Any] = {"view_size": options.view_size} if options.view_size else {}
    style = style_as("any" if views else options.base, views)
    written = export([root / "runs"], root / "data", Asked("chat", style=style, held_out=HELD_OUT))
    yield figure("lessons", "steps", [written["train"]])
    plan = Plan(
        lora_r=options.lora_r, epochs=options.epochs, batch=options.batch,
        learning_rate=options.learning_rate, device=options.device,
    )  # fmt: skip
    trained = train(root / "data", options.base, root / "adapter", plan, say=say)
    assert trained.before is not None
    assert trained.after is not None
    yield figure("held-out loss before", "", [trained.before])
    yield figure("held-out loss after", "", [trained.after], trained.before)
    adapter = str(root / "adapter")
    # the base itself, not whom its card names for such a world
    alone: dict[str, dict[str, Any]] = {options.base: {"specialists": False}}
    for name in (options.base, adapter, options.expert):
        scores = []
        for seed in range(UNSEEN, UNSEEN + options.seeds):
            flight = helmsight.fly(
                options.scenario, name, seed, steps=options.fly, time="paused",
                **alone.get(name, {}),
            )  # fmt: skip
            scores.append(float(flight.summary["score"]))
        shown = "adapter" if name == adapter else name
        yield figure(f"score of {shown}", options.scenario, scores)


def run(arguments: Sequence[str]) -> list[Figure]:
    """Print the figures that `arguments` ask for, and return them."""
    options = parser().parse_args(arguments)
    with TemporaryDirectory() as folder:
        return show(measure(options, Path(folder)), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""

    def work() -> None:
        run(sys.argv[1:] if arguments is None else arguments)

    return status_of(work, "adapter")


if __name__ == "__main__":
    sys.exit(main())
