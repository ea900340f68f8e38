"""`helmsight fly`: one flight, shown live and written down."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.errors import INTERRUPTED, InvalidSetting

EXAMPLES = """Examples:

helmsight fly PE1-E1-I3

helmsight fly pe1_e3_i3 --pilot rendezvous --time paused --json

helmsight fly PE1-E1-I1 --pilot ollama:qwen3-vl --think-timeout 20

helmsight fly --world ksp --check

helmsight fly PE1-E3-I3 --world ksp --capture window:"Kerbal Space Program"
"""


def command(
    scenario: Annotated[
        str, typer.Argument(help="Scenario or environment id (helmsight list scenarios).")
    ] = "PE1-E1-I2",
    pilot: Annotated[
        str, typer.Option("--pilot", "-p", help="Who flies (helmsight list pilots).")
    ] = "bundled",
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="0 is the nominal start; others perturb it.")
    ] = 0,
    observation: Annotated[
        str | None,
        typer.Option(help="frame, frame+telemetry or telemetry; default: what the pilot needs."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="How the world runs while the pilot thinks: measured (the twin's default), "
            "paused, fixed:S or realtime (the only one of ksp and screen)."
        ),
    ] = None,
    world: Annotated[
        str,
        typer.Option(
            "--world", "-w", help="twin; ksp: a game over kRPC; screen: a cockpit window and keys."
        ),
    ] = "twin",
    krpc: Annotated[
        str | None, typer.Option(help="kRPC server, HOST:RPC_PORT[:STREAM_PORT].")
    ] = None,
    capture: Annotated[
        str | None,
        typer.Option(
            help="Where frames come from: window:TITLE, region:x,y,w,h, monitor:N, "
            "or screenshot (ksp)."
        ),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(help="TOML file with the instruments' boxes in the captured frame (ksp)."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only look at the kRPC server (ksp), and end.")
    ] = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Stop after so many decisions.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run folder; default: a new one under runs/.")
    ] = None,
    no_video: Annotated[bool, typer.Option("--no-video", help="Record no video.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    base_url: Annotated[
        str | None, typer.Option(help="Address of an OpenAI-compatible server.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Device of a local model; default: the best there is.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="Number type of a local model; default: fits the device.")
    ] = None,
    grounding: Annotated[
        str | None,
        typer.Option(
            help="Relations asked for before deciding: direct (none), structured, bidirectional, "
            "transitive or combined, each also with +verified; @PILOT after it asks another "
            "pilot than the one that flies."
        ),
    ] = None,
    hold: Annotated[
        str, typer.Option(help="Thrusters while the pilot thinks: repeat or coast.")
    ] = "repeat",
    max_age: Annotated[
        float | None, typer.Option(help="Drop answers older than this, world seconds.")
    ] = None,
    think_timeout: Annotated[
        float | None, typer.Option(help="Give up on an answer after this, wall seconds.")
    ] = None,
) -> None:
    """Fly SCENARIO with a pilot, live, and record the run."""
    from helmsight.console import LiveLine
    from helmsight.session import fly, run_folder

    place = world_options(krpc, capture, regions)
    if check:
        show_check(world, place, as_json=as_json)
        return
    named = scenario if world == "twin" else f"{scenario}_{world}"
    folder = out if out is not None else run_folder(named, pilot, seed)
    given = {
        "base_url": base_url,
        "device": device,
        "dtype": dtype,
        "think_timeout_s": think_timeout,
    }
    operator = {"max_age_s": max_age, "grounding": grounding}
    live = LiveLine()
    try:
        flight = fly(
            scenario,
            pilot,
            seed,
            steps=steps,
            out=folder,
            video=not no_video,
            listeners=[live],
            observation=observation,
            time=time,
            hold=hold,
            world=world,
            world_options=place,
            operator={key: value for key, value in operator.items() if value is not None},
            **{key: value for key, value in given.items() if value is not None},
        )
    finally:
        live.close()
    show(flight.summary, folder, as_json=as_json)
    if flight.reason == "interrupted":
        raise typer.Exit(INTERRUPTED)


def world_options(krpc: str | None, capture: str | None, regions: Path | None) -> dict[str, Any]:
    """Return the options of the world that were given."""
    from helmsight.worlds import read_regions

    boxes = read_regions(regions) if regions is not None else None
    given = {"krpc": krpc, "capture": capture, "regions": boxes}
    return {name: value for name, value in given.items() if value is not None}


def show_check(world: str, options: dict[str, Any], *, as_json: bool) -> None:
    """Print what a kRPC connection finds: versions, scene, vessels.

    Raises:
        InvalidSetting: in any world but ksp.
        EnvsError: nobody listens, or the versions do not fit.
    """
    from dataclasses import asdict

    from helmsight.console import summary_lines
    from helmsight.envs.ksp.connection import DEFAULT
    from helmsight.envs.ksp.scene import check

    if world != "ksp":
        raise InvalidSetting(f"--check looks at a kRPC server; give --world ksp, not {world}")
    found = asdict(check(options.get("krpc", DEFAULT)))
    print(json_line(found) if as_json else "\n".join(summary_lines(found)))


def show(summary: dict[str, Any], folder: Path, *, as_json: bool) -> None:
    """Print the summary of a flight: one line of JSON, or a table and where the page is."""
    if as_json:
        print(json_line(summary))
        return
    from helmsight.console import summary_lines

    print("\n".join(summary_lines(summary)))
    page = folder / "index.html"
    if page.is_file():
        print(f"page: {page.resolve().as_uri()}")


def json_line(data: Any) -> str:
    """Return `data` as one line of strict JSON: what is not finite becomes null."""
    from helmsight.contract.record import plain

    return json.dumps(plain(data), ensure_ascii=sys.stdout.encoding != "utf-8", allow_nan=False)
