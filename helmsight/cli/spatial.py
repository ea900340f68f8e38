"""`helmsight spatial`: how well a model tells what is where, by strategy; and data to ask it."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from helmsight.cli import completion
from helmsight.cli.asked import with_model_options
from helmsight.errors import INTERRUPTED, InvalidSetting
from helmsight.evals.spatial.defaults import COCKPIT_SHARE, SIZE, STRATEGIES, SWAPS
from helmsight.prompts.strategies import MAX_CALLS, VERIFIED

if TYPE_CHECKING:
    from helmsight.evals.spatial.run import SpatialBenchmark

RUN = "run"
PROGRESS_S = 2.0  # between two lines of progress
EXAMPLES = """Examples:

helmsight spatial generate --out data --n 2000

helmsight spatial data/test.jsonl --pilot ollama:qwen3-vl --limit 200

helmsight spatial mmrel_test.jsonl --images pictures --pilot openai:gpt-4o --out here --json

helmsight spatial data/test.jsonl --pilot oracle:flips=0.15
"""


class _Group(TyperGroup):
    """A group whose first command is meant where none is named: `spatial DATASET`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if not args or named else [RUN, *args])


app = typer.Typer(
    cls=_Group,
    help="Ask every question of DATASET by several strategies, and compare them.\n\n"
    "helmsight spatial DATASET is short for helmsight spatial run DATASET.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command(RUN, epilog=EXAMPLES)
@with_model_options
def run(
    dataset: Annotated[
        Path, typer.Argument(help="Questions: JSON lines with image, text and label.")
    ],
    pilot: Annotated[
        str,
        typer.Option(
            "--pilot",
            "-p",
            help="A model that can be asked, or oracle:flips=SHARE[,stuck=SHARE].",
            autocompletion=completion.pilots,
        ),
    ],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the pictures; default: images beside DATASET.")
    ] = None,
    strategies: Annotated[
        str,
        typer.Option(
            help=f"With commas: orders (helmsight prompts list), each also as {VERIFIED}."
        ),
    ] = STRATEGIES,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many questions.")] = None,
    swaps: Annotated[
        int, typer.Option(min=0, help="So many are asked the other way round as well.")
    ] = SWAPS,
    valid: Annotated[
        Path | None,
        typer.Option(help="Questions to fit the blind baseline on; default: valid for test."),
    ] = None,
    reference: Annotated[str, typer.Option(help="Rule by which object C is chosen.")] = "free",
    no_thinking: Annotated[
        bool, typer.Option("--no-thinking", help="Ask for no sentences besides.")
    ] = False,
    max_calls: Annotated[
        int, typer.Option(min=0, help=f"Questions asked again, at most ({VERIFIED}).")
    ] = MAX_CALLS,
    workers: Annotated[
        int, typer.Option(min=1, help="Questions that a provider's model is asked at a time.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for answers and report; what it holds is not asked again. "
            "Default: runs/spatial/DATASET-PILOT."
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The tables as Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    *,
    model: dict[str, Any],
) -> None:
    """Ask every question of DATASET by several strategies, and compare them.

    Ctrl-C keeps what was answered and shows it; the same command goes on from there.
    """
    from helmsight.evals.spatial.report import report
    from helmsight.evals.spatial.run import Settings, SpatialBenchmark, answerer
    from helmsight.evals.spatial.strategies import strategies as listed
    from helmsight.output import json_line

    compared = listed(strategies)
    if valid is not None and not valid.is_file():
        raise InvalidSetting(
            f'--valid "{valid}" is no file; give one of questions, or leave it out'
        )
    bench = SpatialBenchmark(
        dataset, pilot, compared, out or _folder(dataset, pilot), images=images,
        limit=limit, swaps=swaps, settings=Settings(reference, not no_thinking, max_calls),
        about=answerer(pilot, model, workers),
        workers=workers,
    )  # fmt: skip
    folder = bench.answers.path.parent
    for reason in bench.skipped:
        typer.echo(f"skipped: {reason}", err=True)
    interrupted = False
    try:
        _ask(bench)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if bench.answers.kept:
            figures = report(bench, shlex.join(["helmsight", *sys.argv[1:]]), valid)
            figures.write(folder)
    if bench.answers.kept:
        print(json_line(figures.to_dict()) if as_json else figures.text(markdown=markdown))
        typer.echo(f"report: {folder}", err=True)
    if bench.failed:
        typer.echo(f"{bench.failed} questions failed; the same command asks them again", err=True)
    if interrupted:
        left = len(bench.missing())
        typer.echo(f"interrupted: {left} answers are left; the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED)


@app.command("generate", epilog="Example:\n\nhelmsight spatial generate --out data --n 2000")
def generate(
    out: Annotated[Path, typer.Option(help="Folder: test.jsonl, valid.jsonl, images, truth.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Questions of the test split.")] = 2000,
    valid: Annotated[int, typer.Option(min=0, help="Questions of the validation split.")] = 240,
    train: Annotated[int, typer.Option(min=0, help="Questions of the training split.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything.")] = 0,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side of a picture, px.")] = SIZE,
    cockpit_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of navballs among the pictures.")
    ] = COCKPIT_SHARE,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """Draw pictures of things and of navballs, with questions about them and their whole truth.

    The test split shows things, layouts and words that the others never show.
    """
    from helmsight.evals.spatial.dataset import save
    from helmsight.evals.spatial.generator import Split, questions
    from helmsight.output import json_line

    saved = {}
    for split, count in ((Split.TRAIN, train), (Split.VALID, valid), (Split.TEST, n)):
        if count:
            drawn = questions(split, count, seed, size=size, cockpit_share=cockpit_share)
            saved[split.value] = save(out, split.value, drawn)
            typer.echo(f"{split.value}: {count} questions", err=True)
    summary = {"folder": str(out), "seed": seed, "questions": saved}
    print(json_line(summary) if as_json else f"{out / 'test.jsonl'}: {n} questions, seed {seed}")


def _ask(bench: SpatialBenchmark) -> None:
    """Ask what is missing, with a line of progress now and then."""
    total, todo = len(bench.plan()), len(bench.missing())
    if todo < total:
        typer.echo(f"{total - todo} of {total} answers are there already", err=True)
    shown = time.monotonic()
    for number, answer in enumerate(bench.run(), total - todo + 1):
        if time.monotonic() - shown >= PROGRESS_S or number == total:
            shown = time.monotonic()
            typer.echo(f"[{number}/{total}] {answer.question} {answer.strategy}", err=True)


def _folder(dataset: Path, pilot: str) -> Path:
    from helmsight.session import RUNS

    safe = "".join(c if c.isalnum() or c in "-._=," else "-" for c in pilot)
    return RUNS / "spatial" / f"{dataset.stem}-{safe}"
