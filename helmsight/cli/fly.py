"""`helmsight fly`: one flight, shown live and written down."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from helmsight.errors import INTERRUPTED

EXAMPLES = """Examples:

helmsight fly PE1-E1-I3

helmsight fly pe1_e3_i3 --pilot rendezvous --time paused --json

helmsight fly PE1-E1-I1 --pilot ollama:qwen3-vl --think-timeout 20
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
        str,
        typer.Option(
            help="How the world runs while the pilot thinks: measured, paused, fixed:S or realtime."
        ),
    ] = "measured",
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

    folder = out if out is not None else run_folder(scenario, pilot, seed)
    given = {
        "base_url": base_url,
        "device": device,
        "dtype": dtype,
        "think_timeout_s": think_timeout,
    }
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
            operator={} if max_age is None else {"max_age_s": max_age},
            **{key: value for key, value in given.items() if value is not None},
        )
    finally:
        live.close()
    show(flight.summary, folder, as_json=as_json)
    if flight.reason == "interrupted":
        raise typer.Exit(INTERRUPTED)


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
    from tools.records import plain

    return json.dumps(plain(data), ensure_ascii=sys.stdout.encoding != "utf-8", allow_nan=False)
