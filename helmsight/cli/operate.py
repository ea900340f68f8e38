"""`helmsight operate`: a pilot that sees through a robot's camera and moves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import MaxCost, MaxTokens, with_model_options
from helmsight.cli.fly import PERSON_S, with_live_line
from helmsight.cli.robots import Json, Port, Robot, Yes
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
from helmsight.consent import agreed
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.contract.pilot import Pilot
    from helmsight.gamepad import PadDesk
    from helmsight.keydesk import KeyDesk

EXAMPLES = """Examples:

helmsight operate --robot so101 --port /dev/ttyACM0 --camera 0

helmsight operate --robot so101 --port /dev/ttyACM0 --camera 0 --pilot ollama:qwen3-vl --approve
--task "put the wrist camera in front of the dish and look"

helmsight operate --robot gantry --port ./mill --camera none --home --pilot poses:home --yes --json
"""
ENVIRONMENT = "helmsight/Robot-v0"
NONE = "none"
KEYS, GAMEPAD = "keys", "gamepad"


@with_model_options
def command(
    robot: Robot,
    port: Port,
    camera: Annotated[
        str,
        typer.Option(
            "--camera",
            "-c",
            help="0, an address, a file, mujoco:MODEL.xml?camera=NAME; none: without pictures.",
        ),
    ],
    task: Annotated[
        str | None, typer.Option("--task", "-t", help="What is to be done, in words.")
    ] = None,
    pilot: Annotated[
        str,
        typer.Option(
            help="Who operates: keys or gamepad (a person), poses:NAME,NAME, or a model "
            "(helmsight list pilots).",
            autocompletion=completion.pilots,
        ),
    ] = KEYS,
    approve: Approve = False,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Write the run down, or not.")
    ] = True,
    out: Out = None,
    no_video: NoVideo = False,
    poses: Annotated[
        Path | None, typer.Option(help="TOML file of poses with names, read and kept in.")
    ] = None,
    pose: Annotated[
        str, typer.Option(help="Name under which the key p keeps the present pose.")
    ] = "pose",
    home: Annotated[
        bool, typer.Option("--home", help="Drive to the reference switches first. It MOVES.")
    ] = False,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="A tighter limit: speed=0.5 (a share), tool_speed=0.1 (m/s); repeatable.",
        ),
    ] = None,
    steps: Steps = None,
    seconds: Annotated[
        float | None, typer.Option(help="Stop after so many seconds, between two decisions.")
    ] = None,
    observation: Annotated[
        str | None,
        typer.Option(help="What a model is shown: frame, frame+telemetry (default) or telemetry."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
    max_age: Annotated[
        float | None,
        typer.Option(help="Drop answers older than this, seconds; default 10, 600 with --approve."),
    ] = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    console: Console = False,
    rerun: Rerun = None,
    spans: Spans = None,
    *,
    model: dict[str, Any],
) -> None:
    """Operate a robot with a pilot that looks through its camera. It MOVES. SPACE stops it.

    Every command goes through the supervisor (docs/operate.md); what that cut or refused is told
    to the pilot. The run ends with a stop that the robot's own reading confirms.
    """
    from helmsight.envs.robot.poses import read_poses
    from helmsight.session import fly, run_folder

    folder = (out if out is not None else run_folder(robot, pilot, 0)) if record else None
    world = {
        "robot": robot,
        "port": port,
        "camera": camera,
        "goal": task,
        "poses": read_poses(poses) if poses and (poses.exists() or pilot != KEYS) else None,
        "limits": read_limits(limit or []),
        "home": home or None,
        "settle_s": 0.0 if pilot in (KEYS, GAMEPAD) else None,
    }
    operator = {
        "approve": "all" if approve else None,
        "max_age_s": max_age if max_age is not None else PERSON_S if approve else None,
        "wall_budget_s": seconds,
        "max_tokens_total": max_tokens,
        "max_cost": max_cost,
    }
    what = what_happens(robot, port, pilot, home=home)
    agreed(yes, f"{robot} at {port} will {what}")  # before the keys are read
    desk = attended(folder, wanted=console)
    asked = approve and desk is None  # at the terminal
    kept = poses or (folder / "poses.toml" if folder else Path("poses.toml"))
    with at_the_controls(pilot, kept, pose, approve=asked, wanted=asked or pilot == KEYS) as person:
        by = person.pop("pilot")
        with_live_line(
            lambda live: fly(
                ENVIRONMENT,
                by or pilot,
                steps=steps,
                out=folder,
                video=not no_video,
                listeners=told(desk, live, rerun, spans),
                observation=observation or ("telemetry" if camera == NONE else "frame+telemetry"),
                world_options=given(world),
                operator=given(operator),
                **person,
                **crew_of(desk),
                **model,
            ),
            folder,
            as_json=as_json,
        )


def what_happens(robot: str, port: str, pilot: str, *, home: bool) -> str:
    """Return what a person has to agree to, as the end of a sentence.

    Raises:
        InvalidSetting: this robot has no switches to home at.
    """
    from helmsight.cli.home import check, what_homing_does
    from helmsight.hardware.supervisor import supervised

    supervisor = supervised(robot, port)  # a description that is wrong is told before it is asked
    if not home:
        return f"move as {pilot} says"
    check(supervisor, robot)
    return f"{what_homing_does(supervisor)}. Then it will move as {pilot} says"


@contextmanager
def at_the_controls(
    pilot: str, kept: Path, pose: str, *, approve: bool, wanted: bool
) -> Iterator[dict[str, Any]]:
    """Yield what a session is given of the person at the terminal, who has agreed already.

    That is `pilot`, where they are it, `approve`, where they are asked, and `ready`, which has
    their keys stop the robot. wanted: keys are read out of a pipe, too.

    Raises:
        InvalidSetting: there is no gamepad.
    """
    from helmsight.keydesk import Approval, key_desk

    with key_desk(wanted=wanted) as desk, by_hand(pilot, desk, kept, pose) as (person, pad):

        def ready(world: Any) -> None:
            for each in (desk, pad):
                if each is not None and hasattr(world, "operating"):
                    each.watch(world)

        yield {
            "pilot": person,
            "approve": Approval(desk, tell) if desk is not None and approve else None,
            "ready": ready,
            "agree": lambda what: None,
        }


@contextmanager
def by_hand(
    pilot: str, desk: KeyDesk | None, kept: Path, pose: str
) -> Iterator[tuple[Pilot | None, PadDesk | None]]:
    """Yield a person as a pilot, and the gamepad they sit at; neither for any other pilot.

    Raises:
        InvalidSetting: there is no gamepad.
    """
    if pilot == KEYS and desk is not None:
        from helmsight.teleop import Keys, keeper

        yield Keys(desk, keeper(kept, pose), tell), None
    elif pilot == GAMEPAD:
        from helmsight.gamepad import Gamepad, PadDesk
        from helmsight.sticks import SdlPad

        pad = PadDesk(SdlPad())
        try:
            yield Gamepad(pad, tell), pad
        finally:
            pad.close()
    else:
        yield None, None


def tell(text: str) -> None:
    """Show a person a line, beside what goes to standard output."""
    typer.echo(text, err=True)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that were given."""
    return {name: value for name, value in values.items() if value is not None}


def read_limits(pairs: list[str]) -> dict[str, float] | None:
    """Return limits out of NAME=VALUE pairs; whether they are limits, the supervisor says.

    Raises:
        InvalidSetting: a pair that is none, or a value that is no number.
    """
    limits = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        try:
            limits[name.strip()] = float(text)
        except ValueError:
            equals = ""
        if not equals or not name:
            raise InvalidSetting(f"--limit {pair!r} is not understood; give NAME=NUMBER")
    return limits or None
