"""`helmsight fly`: one episode, shown live and written down."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import Hold, MaxAge, MaxCost, MaxTokens, with_model_options
from helmsight.cli.options import with_world_options, world_settings
from helmsight.cli.running import (
    Approve,
    Console,
    NoVideo,
    Out,
    Rerun,
    Spans,
    Steps,
    attended,
    crew_of,
    told,
)
from helmsight.errors import INTERRUPTED, InvalidSetting
from helmsight.places import TWIN, WORLDS
from helmsight.prompts.strategies import RELATING, VERIFIED

if TYPE_CHECKING:
    from helmsight.afterwards import Afterword

FIRST = "PE1-E1-I2"
"""What is flown unless something else is asked for."""
PERSON_S = 600.0  # that a person may take to approve, unless --max-age says otherwise
EXAMPLES = "\n\n".join(
    (
        "Examples:",
        "helmsight fly PE1-E1-I3",
        "helmsight fly pe1_e3_i3 --pilot rendezvous --time paused --json",
        "helmsight fly LBG1-LG2-I1 --pilot bandit",
        "helmsight fly --scenario mine.yaml --pilot naive",
        "helmsight fly PE1-E1-I1 --pilot ollama:qwen3-vl --think-timeout 20",
        "helmsight fly PE1-E1-I1 --console --approve",
        "helmsight fly PE1-E1-I1 --rerun flight.rrd --spans http://127.0.0.1:4318/v1/traces",
        "helmsight fly --world ksp --check",
        *(world.example for world in WORLDS.values() if world.example),
    )
)


@with_world_options
@with_model_options
def command(
    scenario: Annotated[
        str,
        typer.Argument(
            help="Scenario or environment id (helmsight list scenarios).",
            autocompletion=completion.scenarios,
        ),
    ] = FIRST,
    file: Annotated[
        Path | None,
        typer.Option(
            "--scenario",
            metavar="FILE.yaml",
            help="A scenario of your own instead (docs/twin.md).",
        ),
    ] = None,
    pilot: Annotated[
        str,
        typer.Option(
            "--pilot",
            "-p",
            help="Who flies (helmsight list pilots).",
            autocompletion=completion.pilots,
        ),
    ] = "bundled",
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="0 is the nominal start; others perturb it.")
    ] = 0,
    observation: Annotated[
        str | None,
        typer.Option(
            help="frame, frame+telemetry or telemetry; default: what the pilot needs, and "
            "frames for the film."
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="How the world runs while the pilot thinks: measured (the twin's default), "
            "runner (KSPDG's: the last command is run again as a whole until the answer is there; "
            "runner:S takes S seconds of thinking), paused, fixed:S or realtime (the only one of "
            "ksp and screen).",
            autocompletion=completion.times,
        ),
    ] = None,
    world: Annotated[
        str,
        typer.Option(
            "--world",
            "-w",
            help="; ".join(f"{world.name}: {world.about}" for world in WORLDS.values()) + ".",
        ),
    ] = TWIN,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the world; repeatable."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only look at the kRPC server (ksp), and end.")
    ] = False,
    steps: Steps = None,
    out: Out = None,
    no_video: NoVideo = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    grounding: Annotated[
        str | None,
        typer.Option(
            help="Relations asked for before deciding: direct (none), "
            f"{', '.join(RELATING[:-1])} or {RELATING[-1]}, each also with {VERIFIED}; "
            "@PILOT after it asks another pilot than the one that flies."
        ),
    ] = None,
    hold: Hold = None,
    max_age: MaxAge = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    console: Console = False,
    rerun: Rerun = None,
    spans: Spans = None,
    approve: Approve = False,
    *,
    place: dict[str, Any],
    model: dict[str, Any],
) -> None:
    """Fly SCENARIO with a pilot, live, and record the run."""
    from helmsight.session import fly, run_folder

    options = world_settings(place, settings or [])
    if check:
        show_check(world, options, as_json=as_json)
        return
    named = scenario if world == TWIN else f"{scenario}_{world}"
    if file is not None:
        scenario, options["described"] = described(file, scenario, world)
        named = options["described"]["name"]
    folder = out if out is not None else run_folder(named, pilot, seed)
    if approve and not console:
        raise InvalidSetting("--approve asks a person on the console's page: give --console, too")
    desk = attended(folder, wanted=console)
    operator = {
        "approve": "all" if approve else None,
        "max_age_s": max_age if max_age is not None or not approve else PERSON_S,
        "grounding": grounding,
        "max_tokens_total": max_tokens,
        "max_cost": max_cost,
    }
    with_live_line(
        lambda live: fly(
            scenario,
            pilot,
            seed,
            steps=steps,
            out=folder,
            video=not no_video,
            listeners=told(desk, live, rerun, spans),
            observation=observation,
            time=time,
            hold=hold,
            world=world,
            world_options=options,
            operator={key: value for key, value in operator.items() if value is not None},
            **crew_of(desk),
            **model,
        ),
        folder,
        as_json=as_json,
        resumable=world == TWIN,
    )


def described(file: Path, scenario: str, world: str) -> tuple[str, dict[str, Any]]:
    """Return the environment of a scenario in a file, and what is written there.

    Raises:
        InvalidSetting: another scenario is asked for as well, or another world than the twin.
        ScenarioBroken: what cannot be flown; names the field, its value and what is allowed.
    """
    from helmsight.envs.orbital.described import read_description
    from helmsight.envs.registry import DESCRIBED

    if scenario != FIRST or world != TWIN:
        asked = f"--world {world}" if world != TWIN else scenario
        raise InvalidSetting(f"--scenario {file} is flown on the twin alone; leave out {asked}")
    return DESCRIBED, read_description(file)


def with_live_line(
    fly: Any,
    folder: Path | None,
    *,
    as_json: bool,
    afterwards: Callable[[], Afterword | None] | None = None,
    resumable: bool = True,
) -> None:
    """Run `fly(live line)`, show what it comes to, and exit as interrupted when it was.

    One that is recorded and `resumable` is told how to go on. What belongs to a finished run
    (`helmsight.afterwards`, unless `afterwards` is given) is done with one that failed, too.
    """
    from helmsight.afterwards import afterword
    from helmsight.liveline import LiveLine
    from helmsight.output import show_run

    after = afterwards or partial(afterword, folder)
    live = LiveLine()
    try:
        flight = fly(live)
    except BaseException as error:
        live.close()
        try:
            if (said := after()) is not None and not as_json:
                print("\n".join(said.lines))
        except Exception as failure:  # what ended the run says more than what followed
            error.add_note(f"{type(failure).__name__}: {failure}")
        raise
    live.close()
    show_run(flight.summary, folder, after(), as_json=as_json)
    if flight.reason == "interrupted":
        if folder is not None and resumable:
            print(f"go on with it: helmsight resume {shlex.quote(str(folder))}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)


def show_check(world: str, options: dict[str, Any], *, as_json: bool) -> None:
    """Print what a kRPC connection finds: versions, scene, vessels.

    Raises:
        InvalidSetting: in any world but ksp.
        EnvsError: nobody listens, or the versions do not fit.
    """
    from dataclasses import asdict

    from helmsight.envs.ksp.connection import DEFAULT
    from helmsight.envs.ksp.scene import check
    from helmsight.output import json_line, summary_lines

    if world != "ksp":
        raise InvalidSetting(f"--check looks at a kRPC server; give --world ksp, not {world}")
    report = asdict(check(options.get("krpc", DEFAULT)))
    print(json_line(report) if as_json else "\n".join(summary_lines(report)))
