"""`helmsight resume`: an interrupted run, gone on with where it stopped."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.cli.robots import Yes
from helmsight.cli.running import Console, Rerun, Spans, attended, crew_of, told
from helmsight.consent import agreed
from helmsight.errors import InvalidSetting

EXAMPLES = """Examples:

helmsight resume runs/PE1-E1-I2_bundled_seed0

helmsight resume runs/PE1-E1-I2_bundled_seed0 --steps 600 --json
"""


def command(
    run: Annotated[Path, typer.Argument(help="Folder of a run that was interrupted.")],
    steps: Annotated[
        int | None, typer.Option(min=1, help="A new limit of decisions, those flown included.")
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(help="The server that the run asked: it may be asked, and be sent a key."),
    ] = None,
    trust_remote_code: Annotated[
        bool,
        typer.Option("--trust-remote-code", help="Run code that lies in its model's folder."),
    ] = False,
    yes: Yes = False,
    console: Console = False,
    rerun: Rerun = None,
    spans: Spans = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """Go on with RUN where its step log ends: after Ctrl-C, a crash, or a limit of steps.

    Of a run that had ended and was killed then, what is missing of its end is written.

    The world is built anew and given every recorded command again; no model is asked twice. A
    robot goes on from where it stands, and no recorded command is given again. Worlds that run by
    themselves (ksp, screen) cannot be brought back and say so.
    """
    from helmsight.cli.fly import with_live_line
    from helmsight.cli.operate import KEYS, at_the_controls
    from helmsight.resuming import consent_of, goes_on, resume
    from helmsight.tools.player import load_run

    recorded = load_run(run)
    spec = recorded.spec
    if what := consent_of(spec) if goes_on(recorded, steps) else "":
        agreed(yes, what)  # before the keys are read
    approve = spec.operator.get("approve", "off") != "off"
    if spec.operator.get("approve", "off") != "off" and not (what or console):
        raise InvalidSetting(f"{run} asks a person before each command: give --console, too")
    desk = attended(run, wanted=console)
    approve = approve and desk is None
    keys = approve or spec.pilot == KEYS
    controls: AbstractContextManager[dict[str, Any]] = nullcontext({})
    if what:
        kept = run / "poses.toml"
        controls = at_the_controls(spec.pilot, kept, "pose", approve=approve, wanted=keys)
    with controls as person:
        with_live_line(
            lambda live: resume(
                run,
                steps=steps,
                listeners=told(desk, live, rerun, spans),
                base_url=base_url,
                trust_remote_code=trust_remote_code,
                **person,
                **crew_of(desk),
            ),
            run,
            as_json=as_json,
        )
