"""`helmsight replay`: a recorded run again, or another pilot's opinion of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import with_model_options
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.contract.task import Task
    from helmsight.tools.player import Run

EXAMPLES = """Examples:

helmsight replay runs/PE1-E1-I3_bundled_seed0

helmsight replay runs/PE1-E1-I3_bundled_seed0 --pilot navball --json

helmsight replay runs/PE1-E1-I3_bundled_seed0 --messages 12

helmsight replay runs/PE1-E1-I3_openai_seed0 --pilot openai:gpt-4o --as-asked
"""


@with_model_options
def command(
    run: Annotated[Path, typer.Argument(help="Folder of a recorded run.")],
    pilot: Annotated[
        str | None,
        typer.Option(
            "--pilot",
            "-p",
            help="Ask this pilot at the recorded observations.",
            autocompletion=completion.pilots,
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.0, help="Times faster than it happened; 0: without pauses.")
    ] = 10.0,
    as_asked: Annotated[
        bool,
        typer.Option("--as-asked", help="Send --pilot the very messages that the run's model was."),
    ] = False,
    messages: Annotated[
        int | None,
        typer.Option(min=0, metavar="STEP", help="Print what models were sent at this step."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    *,
    model: dict[str, Any],
) -> None:
    """Play RUN, or print where another pilot would have decided otherwise."""
    from helmsight.tools.player import load_run

    recorded = load_run(run)
    for note in recorded.notes:
        typer.echo(f"helmsight: {note}", err=True)
    if messages is not None and (pilot is not None or as_asked):
        raise InvalidSetting(
            "--messages only prints what was sent; leave --pilot and --as-asked out"
        )
    if as_asked and pilot is None:
        raise InvalidSetting("--as-asked is for the model that --pilot names; give --pilot")
    if messages is not None:
        tell(recorded, messages, as_json=as_json)
    elif pilot is not None:
        ask(recorded, pilot, model, as_asked=as_asked, as_json=as_json)
    elif model:
        raise InvalidSetting("options of a model are for the one that --pilot names; give --pilot")
    else:
        show(recorded, speed, as_json=as_json)


def show(run: Run, speed: float, *, as_json: bool) -> None:
    """Play a run at `speed` on the live line, then print its summary; --json prints only that."""
    from helmsight.liveline import LiveLine
    from helmsight.output import show_run
    from helmsight.tools.player import play

    summary = {
        "time": run.spec.time,
        **(run.summary or {}),
        "steps": len(run.records),
        "reason": run.reason,
    }
    summary["out"] = str(run.folder)
    if not as_json:
        live = LiveLine()
        try:
            live.start(run.spec)
            for record in play(run, speed):
                live.step(record, None)
            live.finish(run.reason, summary)
        finally:
            live.close()
    show_run(summary, run.folder, as_json=as_json)


def tell(run: Run, step: int, *, as_json: bool) -> None:
    """Print every request to a model that a step took, and what was answered."""
    from helmsight.asked import request_lines, requests_at
    from helmsight.output import json_line

    requests = requests_at(run, step)
    if as_json:
        print(json_line({"step": step, "requests": requests}))
    else:
        print("\n".join(request_lines(requests)))


def ask(run: Run, pilot: str, model: Mapping[str, Any], *, as_asked: bool, as_json: bool) -> None:
    """Ask `pilot` at every recorded observation, or what was asked there, and print where it
    differs from what was flown.
    """
    from helmsight.agents.models.load import load_pilot
    from helmsight.asked import asked_again
    from helmsight.liveline import comparison_lines
    from helmsight.output import json_line
    from helmsight.resuming import rebuild_env
    from helmsight.tools.compare import compare

    other = load_pilot(pilot, **model)
    env = rebuild_env(run.spec)
    try:
        task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        exact = None
        if as_asked:
            comparison, exact = asked_again(run, other, task)
        else:
            comparison = compare(run, other, task)
    finally:
        env.close()
    if as_json:
        print(json_line(comparison.to_dict() | ({} if exact is None else {"exact": exact})))
        return
    print("\n".join(comparison_lines(comparison)))
    if exact is not None:
        print(f"exactly what was sent, to the last bit, at {exact} of {comparison.steps}")
