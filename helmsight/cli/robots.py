"""`helmsight devices`, `doctor` and `conformance`: what is plugged in, and whether it is well."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.consent import agreed
from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.errors import FAILED, InvalidSetting

if TYPE_CHECKING:
    from helmsight.hardware.doctor import Finding
    from helmsight.hardware.supervisor import Supervisor

DEVICES = """Examples:

helmsight devices

helmsight devices --json --no-probe

helmsight devices --port socket://127.0.0.1:7000
"""
DOCTOR = """Examples:

helmsight doctor --robot so101 --port /dev/ttyACM0 --camera 0

helmsight doctor --robot gantry --port /dev/ttyUSB0 --move

helmsight doctor --robot gantry --port /dev/ttyUSB0 --move --yes --json </dev/null
"""
CONFORMANCE = """Examples:

helmsight conformance --robot so101 --port /dev/ttyACM0

pytest --pyargs helmsight.hardware.conformance --robot so101 --port /dev/ttyACM0 --yes
"""
Robot = Annotated[
    str,
    typer.Option(
        "--robot",
        "-r",
        help="A name (helmsight list robots) or a .toml file.",
        autocompletion=completion.robots,
    ),
]
Port = Annotated[str, typer.Option("--port", "-p", help="Serial port (helmsight devices).")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="The robot may move: do not ask.")]
LEAVE_S = 15.0  # that the suite may take to leave a robot after Ctrl-C
REFUSED = "refused"  # what the suite calls the reason why it did not begin


def devices(
    port: Annotated[
        list[str] | None, typer.Option("--port", "-p", help="A port to look at, too.")
    ] = None,
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Open nothing (opening restarts an Arduino).")
    ] = False,
    as_json: Json = False,
) -> None:
    """List serial ports and cameras with what answers there. Nothing moves."""
    from dataclasses import asdict

    from helmsight.hardware.discovery import find_cameras, find_ports
    from helmsight.output import json_line

    ports = find_ports(port or (), probe=not no_probe)
    cameras = find_cameras(probe=not no_probe)
    if as_json:
        report = {
            "ports": [asdict(entry) for entry in ports],
            "cameras": [asdict(camera) for camera in cameras],
        }
        print(json_line(report))
        return
    print("ports:" if ports else "ports: none that the system lists; --port PATH looks at others")
    for entry in ports:
        name = entry.port if entry.stable == entry.port else f"{entry.port} ({entry.stable})"
        about = entry.usb.get("description", "")
        fits = f"  --robot {' or '.join(entry.robots)}" if entry.robots else ""
        seen = (
            entry.seen if entry.seen.startswith(entry.status) else f"{entry.status}: {entry.seen}"
        )
        print("  " + "  ".join(filter(None, (name, about, seen.removesuffix(": ")))) + fits)
    print("cameras:" if cameras else "cameras: none")
    for eye in cameras:
        shown = f"{eye.size[0]}x{eye.size[1]} at {eye.fps:g} frames/s, " if eye.size else ""
        print("  " + "  ".join(filter(None, (eye.camera, eye.name, shown + eye.seen))))


def doctor(
    robot: Robot,
    port: Port,
    camera: Annotated[
        str | None, typer.Option("--camera", "-c", help="Index, file or address of a camera.")
    ] = None,
    move: Annotated[
        bool, typer.Option("--move", help="Move each joint a little, and stop a motion, too.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Check a robot and its wiring, and say what to mend. Nothing moves without --move."""
    from helmsight.hardware.doctor import examine
    from helmsight.hardware.spec import load_spec
    from helmsight.output import json_line

    if move:
        spec = load_spec(robot)  # one that is wrong is told before a person is asked
        gripper = ", and its gripper" if spec.tool.kind == "joint" else ""
        agreed(yes, f"{robot} at {port} will move each joint a little{gripper}")
    findings = []
    for finding in examine(robot, port, camera=camera, move=move):
        findings.append(finding)
        if not as_json:
            print("\n".join(lines(finding)), flush=True)
    wrong = [finding for finding in findings if finding.wrong]
    if as_json:
        results = [finding.to_dict() | {"wrong": finding.wrong} for finding in findings]
        print(json_line({"robot": robot, "port": port, "well": not wrong, "findings": results}))
    else:
        names = ", ".join(finding.name for finding in wrong)
        print(f"to mend: {names}" if wrong else "well: nothing has to be mended")
    if wrong:
        raise typer.Exit(FAILED)


def lines(finding: Finding) -> list[str]:
    """Return a finding as text: what was seen, and under it what was expected and what mends it."""
    mark = "ok  " if finding.ok else "MEND" if finding.wrong else "note"
    lines = [f"{mark}  {finding.name:<20} {' '.join(finding.seen.split())}"]
    if not finding.ok:
        lines += [f"      {'expected':<20} {finding.expected}"] if finding.expected else []
        lines += [f"      {'mend':<20} {finding.mend}"] if finding.mend else []
    return lines


def conformance(
    robot: Robot,
    port: Port,
    yes: Yes = False,
    tool: Annotated[
        bool, typer.Option("--tool", help="Switch the tool, too: a spindle starts!")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a robot to the conformance suite. It MOVES: small and slow."""
    from importlib.util import find_spec

    from helmsight.hardware.drivers import make_robot
    from helmsight.output import json_line

    if find_spec("pytest") is None:
        raise InvalidSetting('the suite needs pytest: pip install "helmsight[test]"')
    make_robot(robot, port)  # a description that is wrong is told before anything is opened
    agreed(yes, f"{robot} at {port} will move each joint a little, for about ten seconds")
    status, outcome = suite(robot, port, tool=tool, quiet=as_json)
    if REFUSED in outcome:
        print(f"helmsight: {outcome[REFUSED]}", file=sys.stderr)
    elif as_json:
        print(json_line(outcome))
    if status:
        raise typer.Exit(FAILED)


def suite(robot: str, port: str, *, tool: bool, quiet: bool) -> tuple[int, dict[str, Any]]:
    """Run the suite in a process of its own; return its exit status and its outcome."""
    from helmsight.hardware import conformance as suite

    here = Path(suite.__file__).parent
    with tempfile.TemporaryDirectory(prefix="helmsight-") as folder:
        outcome = Path(folder) / "outcome.json"
        # Neither the settings nor the plug-ins of whoever calls it shall bend the suite: given the
        # name of a package, pytest would load the conftest.py files of the current folder as well.
        command = [
            sys.executable, "-m", "pytest", str(here), "--import-mode=importlib",
            "-p", "helmsight-conformance", "-p", "no:cacheprovider",
            "-c", str(here / "pytest.ini"), "--rootdir", str(here), "-v", "--tb=short",
            "--robot", robot, "--port", port, "--yes", "--conformance-json", str(outcome),
        ]  # fmt: skip
        theirs, ours = os.pipe()
        tied = sys.platform != "win32"  # which has no signal but Ctrl-C
        with open(ours, "wb") as lifeline, open(theirs, "rb") as other_end:
            process = subprocess.Popen(
                [
                    *command,
                    *(["--tool"] if tool else []),
                    *(["--lifeline", str(theirs)] if tied else []),
                ],
                stdout=subprocess.PIPE if quiet else None,
                stderr=subprocess.STDOUT if quiet else None,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                pass_fds=(theirs,) if tied else (),
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            other_end.close()
            try:
                output, _ = process.communicate()
            except KeyboardInterrupt:
                lifeline.close()  # whatever signal it was: let it hold and close the robot
                with suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=LEAVE_S)
                process.kill()
                raise
        if outcome.is_file():
            return process.returncode, parse_json(read_text(outcome))
    last = (output or "").strip().splitlines()
    raise RuntimeError(
        f"the suite ended with status {process.returncode}: {last[-1] if last else 'see above'}"
    )


@contextmanager
def telling_stops(supervisor: Supervisor) -> Iterator[None]:
    """Say on standard error what stopped the robot, if an error or Ctrl-C leads out."""
    try:
        yield
    except BaseException:
        stops = [event.text for event in supervisor.events if event.rule == "stop"]
        for text in stops[-1:]:
            print(f"helmsight: {text}", file=sys.stderr)
        raise
