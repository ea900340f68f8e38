"""`helmsight train`: makes the bundled models, and adapters for any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from helmsight.errors import INTERRUPTED

Out = Annotated[Path, typer.Option(help="Folder for the model.")]
Minutes = Annotated[float, typer.Option(min=0.1, help="Time to spend.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of data and weights.")]
Device = Annotated[str, typer.Option(help="cpu, cuda or mps, for the fit.")]
Start = Annotated[
    str | None,
    typer.Option(metavar="FOLDER", help="A model to go on from; or bundled, for one of ours."),
]

app = typer.Typer(help="Train a model from scratch, or an adapter for one.", no_args_is_help=True)
EXAMPLES = """Examples:

  helmsight train pilot --out training/pilot

  helmsight train pilot --start training/pilot --minutes 30 --out training/better

  helmsight train pilot --start bundled --families PE1-E4 --learning-rate 2e-4 --minutes 15
  --out training/e4

  helmsight fly PE1-E1-I2 --pilot training/pilot
"""
RELATIONS = """Examples:

  helmsight train relations --out training/relations

  helmsight train relations --start training/relations --minutes 30 --out training/better

  helmsight spatial data/test.jsonl --pilot training/relations
"""


ADAPTER = """Examples:

  helmsight train adapter data/mine --base bundled --out training/mine

  helmsight train adapter data/mine --base Qwen/Qwen3-VL-2B-Instruct --lora-r 16 --device cuda

  helmsight fly PE1-E1-I2 --pilot training/mine
"""


INSPECTOR = """Examples:

  helmsight train inspector --out training/inspector

  helmsight train inspector --start training/inspector --minutes 30 --out training/better
"""


@contextmanager
def _telling(kept: Path, hint: str) -> Iterator[None]:
    """Say what is left of a training that Ctrl-C ends.

    kept: a glob of what it leaves, and hint: what can be done with that.
    """

    def stamps() -> set[tuple[Path, int]]:
        return {(path, path.stat().st_mtime_ns) for path in kept.parent.glob(kept.name)}

    before = stamps()
    try:
        yield
    except KeyboardInterrupt:
        left = stamps() - before  # without those of an earlier training
        typer.echo(f"interrupted; {hint if left else 'nothing is kept of it yet'}", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _telling_model(folder: Path) -> AbstractContextManager[None]:
    """Say the same of a training that leaves its last checkpoint in `folder`."""
    return _telling(folder / "config.json", f"--start {folder} goes on from its last checkpoint")


@app.command("pilot", epilog=EXAMPLES)
def pilot(
    out: Out = Path("training/pilot"),
    minutes: Minutes = 80.0,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that fly for the data.")] = 2,
    buffer: Annotated[int, typer.Option(min=1000, help="Samples in memory, 147 kB each.")] = 80_000,
    batch: Annotated[int, typer.Option(min=1, help="Samples a step.")] = 48,
    device: Device = "cpu",
    start: Start = None,
    families: Annotated[
        str,
        typer.Option(help="What to fly, with commas between: families, or bots such as PE1-E4."),
    ] = "PE1,LBG1,SB1",
    learning_rate: Annotated[
        float | None,
        typer.Option(
            min=1e-9, help="Highest one; default: 1.2e-3, and 6e-4 for a model to go on from."
        ),
    ] = None,
) -> None:
    """Train the bundled vision-language model on flights of all families on the twin.

    `rendezvous`, `bandit` and `shade` answer for what it sees, most of it on its own flights.
    The folder holds a checkpoint from the first tenth of the time on; Ctrl-C leaves the last one.
    """
    from helmsight.agents.training.recipe import train
    from helmsight.evals.naming import names

    with _telling_model(out / "checkpoint"):
        folder = train(
            out, minutes=minutes, seed=seed, workers=workers, buffer=buffer, batch=batch,
            device=device, start=start, families=names(families), learning_rate=learning_rate,
            say=typer.echo,
        )  # fmt: skip
    typer.echo(f"model in {folder}; fly it with: helmsight fly --pilot {folder}")


@app.command("relations", epilog=RELATIONS)
def relations(
    out: Out = Path("training/relations"),
    minutes: Minutes = 100.0,
    seed: Seed = 0,
    processes: Annotated[int, typer.Option(min=1, help="Processes that fit side by side.")] = 2,
    pictures: Annotated[
        int, typer.Option(min=100, help="Pictures in memory, 173 kB each.")
    ] = 30_000,
    device: Device = "cpu",
    start: Start = None,
) -> None:
    """Train the bundled model of relations on generated pictures and spatial prompts.

    The folder holds a checkpoint from a fifth of the time on; Ctrl-C leaves the last one.
    """
    from helmsight.agents.training.relations.recipe import train
    from helmsight.evals.spatial.course import SpatialCourse

    with _telling_model(out):
        folder = train(
            SpatialCourse(seed), out, minutes=minutes, seed=seed, processes=processes,
            pictures=pictures, device=device, start=start, say=typer.echo,
        )  # fmt: skip
    typer.echo(f"model in {folder}; ask it with: helmsight spatial DATASET --pilot {folder}")


@app.command("inspector", epilog=INSPECTOR)
def inspector(
    out: Out = Path("training/inspector"),
    minutes: Minutes = 90.0,
    seed: Seed = 0,
    cells: Annotated[
        int, typer.Option(min=4, help="Cells to learn from, in memory, 3 MB each.")
    ] = 1_000,
    start: Start = None,
) -> None:
    """Train the bundled inspector on pictures of satellites in cells, with and without defects.

    The folder holds a checkpoint from six tenths of the time on; Ctrl-C leaves the last one.
    """
    from helmsight.agents.training.inspector.recipe import train

    with _telling_model(out):
        folder = train(out, minutes=minutes, seed=seed, cells=cells, start=start, say=typer.echo)
    typer.echo(f"model in {folder}")


@app.command("adapter", epilog=ADAPTER)
def adapter(
    dataset: Annotated[
        Path, typer.Argument(help="Folder that `helmsight export --format chat` wrote.")
    ],
    base: Annotated[
        str, typer.Option(metavar="FOLDER_OR_HUB_ID", help="The model to adapt; or bundled.")
    ],
    out: Out = Path("training/adapter"),
    lora_r: Annotated[int, typer.Option("--lora-r", min=1, help="Rank of the adapter.")] = 16,
    lora_alpha: Annotated[
        int | None, typer.Option(min=1, help="Weight of the adapter; default: twice its rank.")
    ] = None,
    epochs: Annotated[float, typer.Option(min=0.01, help="Times through the data.")] = 3.0,
    patience: Annotated[
        int, typer.Option(min=1, help="End after so many epochs without a lower held-out loss.")
    ] = 2,
    batch: Annotated[int, typer.Option(min=1, help="Lessons at once.")] = 4,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches a step.")] = 1,
    learning_rate: Annotated[float, typer.Option(min=1e-9, help="Highest one.")] = 2e-4,
    seed: Seed = 0,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda or mps; default: the best there is. One is used.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Number type of the model; default: fits the device.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in --out.")
    ] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that lies in the model's folder.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """Train a LoRA adapter for the model BASE on what was flown, and say what it has learned.

    Each epoch is kept until the end: after Ctrl-C, --resume goes on.
    """
    from helmsight.agents.training.adapter.plan import Plan
    from helmsight.agents.training.adapter.recipe import train
    from helmsight.output import json_line

    plan = Plan(
        lora_r, lora_alpha, epochs, patience, batch, accumulate, learning_rate, seed, device, dtype,
        trust_remote_code,
    )  # fmt: skip
    with _telling(out / "checkpoints" / "checkpoint-*", "the same command with --resume goes on"):
        trained = train(
            dataset, base, out, plan, resume=resume, say=lambda line: typer.echo(line, err=as_json)
        )
    if as_json:
        print(json_line(trained.to_dict()))
        return
    early = f", ended early after {trained.epochs:.0f} epochs" if trained.early else ""
    if trained.before is not None and trained.after is not None:
        typer.echo(f"held-out loss {trained.before:.4f} -> {trained.after:.4f}{early}")
        if trained.after >= trained.before:
            typer.echo("it knows no more than before: try a lower --learning-rate, or more lessons")
    else:
        typer.echo("nothing was held out: nothing says how good it is but flying it")
    typer.echo(f"adapter in {out}; fly it with: helmsight fly --pilot {out}")
