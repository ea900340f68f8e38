"""`helmsight evaluate`: a suite of episodes, run and kept; `helmsight query`: SQL over results."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import Hold, MaxAge, MaxCost, MaxTokens, with_model_options
from helmsight.contract.secrets import redacted
from helmsight.errors import INTERRUPTED

EXAMPLES = """Examples:

helmsight evaluate smoke

helmsight evaluate kspdg --workers 2 --out runs/kspdg

helmsight evaluate kspdg --out runs/kspdg --resume --pilot ollama:qwen3-vl

helmsight evaluate faults --seeds 20 --record failures --dry-run

helmsight evaluate kspdg --pilot openai:gpt-4o --seeds 2 --workers 4 --max-cost 5

helmsight evaluate mine.yaml --ray auto
"""


@with_model_options
def command(
    suite: Annotated[
        str, typer.Argument(help="A shipped suite (--list), or a file of your own, .yaml.")
    ] = "smoke",
    out: Annotated[
        Path | None, typer.Option(help="Results folder; default: a new one under runs/evaluate.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Episodes side by side.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option(help='Run on a Ray cluster: its address, "auto", or "local" for one here.'),
    ] = None,
    together: Annotated[
        int,
        typer.Option(
            min=1, help="Episodes that a process flies in one batch, where their time allows it."
        ),
    ] = 64,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the folder: run only what is missing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--retry-failed", help="With --resume: what failed is missing, too.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many episodes.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; run nothing.")] = False,
    record: Annotated[
        str | None, typer.Option(help="Run folders: none, all, failures or every:N (seeds).")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Ask providers again what they have answered.")
    ] = False,
    list_suites: Annotated[bool, typer.Option("--list", help="Show the shipped suites.")] = False,
    pilot: Annotated[
        list[str] | None,
        typer.Option(
            "--pilot", "-p", help="Instead of the suite's; repeatable.",
            autocompletion=completion.pilots,
        ),
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            help="Instead of the suite's; repeatable.", autocompletion=completion.scenarios
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="So many seeds, from 0 on.")] = None,
    time: Annotated[
        list[str] | None,
        typer.Option(help="Time rules instead of the suite's.", autocompletion=completion.times),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Decisions an episode may take.")] = None,
    hold: Hold = None,
    observation: Annotated[
        str | None, typer.Option(help="What models are shown: frame, telemetry or both with +.")
    ] = None,
    grounding: Annotated[
        str | None, typer.Option(help="Relations asked for before deciding, as for fly.")
    ] = None,
    max_age: MaxAge = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    *,
    model: dict[str, Any],
) -> None:  # fmt: skip
    """Run every episode of SUITE: pilots x scenarios x seeds x times x disturbances.

    Ctrl-C or SIGTERM leaves a folder that --resume goes on with.
    """
    from helmsight.evals.suite import suites

    if list_suites:
        _list(suites())
        return
    asked = {"grounding": grounding, "max_age_s": max_age, "observation": observation}
    changed = {
        "scenarios": scenario, "seeds": seeds, "times": time, "max_steps": steps, "hold": hold,
        "record": record,
    }  # fmt: skip
    budgets = {"tokens": max_tokens, "cost": max_cost}
    from helmsight.evaluating import evaluate, planned, show_plan

    plan = planned(
        suite, _given(changed), pilot or [], model, _given(asked), limit, _given(budgets)
    )
    for line in plan.left_out:
        typer.echo(f"left out: {line}", err=True)
    if dry_run:
        show_plan(plan, as_json=as_json)
        return
    typed = redacted(shlex.join(["helmsight", *sys.argv[1:]]))
    stopped = evaluate(
        plan, out, workers=workers, ray=ray, resume=resume, again=again,
        cache=not no_cache, together=together, command=typed, as_json=as_json,
    )  # fmt: skip
    if stopped:
        raise typer.Exit(INTERRUPTED)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None and value != []}


def _list(shipped: dict[str, Path]) -> None:
    from helmsight.evals.suite import read_suite

    for name in shipped:
        print(f"{name:12} {read_suite(name)[0].about}")
