"""The suite passes every emulated robot, and fails what it should: it is no use if it cannot.

The command is the documented one, in a folder of its own, so nothing of this repository helps it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helmsight.hardware import trial
from helmsight.hardware.emulators import make_device, simavr
from helmsight.hardware.emulators.device import Device
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.spec import shipped
from helmsight.hardware.wire import helm

AT_ONCE = 3  # one clock stands still for all of them while one waits
pytestmark = [pytest.mark.serial, pytest.mark.uncounted, pytest.mark.timeout(1800)]


def conformance(folder: Path, *options: str, bare: bool = True) -> tuple[int, dict[str, Any], str]:
    """Run the suite as its users do; return status, outcome ({} if none) and output.

    bare: without the plug-ins of others, which take most of the time until it begins.
    """
    command = [sys.executable, "-m", "pytest", "--pyargs", "helmsight.hardware.conformance", "-q"]
    if bare:
        command += ["-p", "helmsight-conformance"]
    done = subprocess.run(
        [*command, "--conformance-json", "outcome.json", "--yes", *options],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=1500,
        env=os.environ | ({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if bare else {}),
    )  # fmt: skip
    written = folder / "outcome.json"
    told = json.loads(written.read_text(encoding="utf-8")) if written.is_file() else {}
    return done.returncode, told, done.stdout + done.stderr


def patient(folder: Path, robot: str) -> str:
    """Return a description of `robot` as shipped, whose answers may take as long as a machine
    needs that runs many tests.
    """
    text = shipped()[robot].read_text(encoding="utf-8")
    path = folder / f"{robot}.toml"
    path.write_text(re.sub(r"(?m)^reply_s = .*", "reply_s = 0.25", text), encoding="utf-8")
    return str(path)


def put_to_it(folder: Path, device: Device, *more: str) -> tuple[int, dict[str, Any], str]:
    with Emulation(device) as emulation:
        given = ("--robot", patient(folder, device.spec.name), "--port", emulation.port, *more)
        done = conformance(folder, *given)
        assert not (Path(emulation.port).parent / ".pytest_cache").exists()  # it might be /dev
        return done


Outcome = tuple[int, dict[str, Any], str]


def whole(folder: Path, robot: str) -> tuple[Device, Outcome]:
    device = make_device(robot, homed=True)
    return device, put_to_it(folder, device, "--tool")


@pytest.mark.slow
@pytest.mark.beside(work=whole)
@pytest.mark.parametrize("robot", sorted(shipped()))
def test_every_shipped_robot_conforms_in_emulation(
    robot: str, done: tuple[Device, Outcome]
) -> None:
    device, (status, told, output) = done
    assert status == 0, output
    assert told["failures"] == {}
    assert told["passed"] >= 19
    allowed = {
        "test_a_silent_host_lets_the_device_end_its_motion": "no watchdog",
        "test_a_robot_is_left_as_its_description_says": "cannot tell",
    }
    if device.spec.tool.kind == "none":
        allowed["test_the_tool_does_as_its_bit_says"] = "no tool"
    assert all(allowed[name] in reason for name, reason in told["skips"].items()), told["skips"]
    assert {"state_ms_p50", "state_ms_p99", "stop_ms", "retries"} <= told["measured"].keys()
    assert device.outside == []
    assert any(entry.kind == "move" for entry in device.journal)


def firmware(folder: Path) -> Outcome:
    if reason := simavr.missing():
        pytest.skip(reason)
    with simavr.Simavr(folder / "board"):
        robot = patient(folder, "helm_arm")
        options = ("--robot", robot, "--port", str(folder / "board"), "--tool")
        return conformance(folder, *options, bare=False)


@pytest.mark.slow
@pytest.mark.beside(work=firmware)
def test_the_firmware_on_its_emulated_processor_conforms(done: Outcome) -> None:
    status, told, output = done
    assert status == 0, output
    assert told["failures"] == told["skips"] == {}


def stuck(device: Device) -> None:
    device.axes[1].advance = lambda seconds: None  # type: ignore[method-assign]


def without(*commands: helm.HelmCommand) -> Callable[[Device], None]:
    """Return a change after which a board says yes to `commands` and does nothing."""

    def change(device: Device) -> None:
        receive, packets = device.receive, helm.packets()

        def answered(data: bytes, now: float) -> list[bytes]:
            out = []
            for frame in packets.feed(data):
                if frame.command in commands:
                    yes = bytes((helm.Status.OK, helm.NO_CHANNEL))
                    reply = helm.HelmFrame(frame.sequence, frame.command | helm.REPLY, yes)
                    out.append(reply.encode())
                else:
                    out += receive(frame.encode(), now)
            return out

        device.receive = answered  # type: ignore[method-assign]

    return change


def changed(folder: Path, robot: str, change: Callable[[Device], None], test: str) -> Outcome:
    device = make_device(robot, homed=True)
    change(device)
    return put_to_it(folder, device, "-k", test)


@pytest.mark.slow
@pytest.mark.beside(work=changed)
@pytest.mark.parametrize(
    ("robot", "change", "test"),
    [
        ("so101", stuck, "test_each_joint_goes_where"),
        ("helm_arm", without(helm.HelmCommand.HOLD), "test_hold_ends_a_motion"),
        ("helm_arm", without(helm.HelmCommand.STOP), "test_stop_ends_a_motion"),
    ],
)
def test_a_device_that_does_not_do_as_it_says_fails(
    robot: str, change: Callable[[Device], None], test: str, done: Outcome
) -> None:
    status, told, output = done
    assert status == 1, output
    assert [name for name in told["failures"] if name.startswith(test)], output


def mistaken(folder: Path) -> tuple[Device, Outcome]:
    with Emulation(make_device("helm_arm")) as emulation:
        options = ("--robot", "uarm", "--port", emulation.port)
        return emulation.device, conformance(folder, *options, bare=False)


@pytest.mark.beside(work=mistaken)
def test_another_device_at_the_port_is_told_and_nothing_is_tried(
    done: tuple[Device, Outcome],
) -> None:
    device, (status, told, output) = done
    assert device.journal == []
    assert status == 1
    assert "Is this uarm" in told["refused"]
    assert "passed" not in output


REFUSED = {
    (): "--robot NAME",
    ("--robot", "so101"): "--port PORT",
    ("--port", "x"): "--robot NAME",
    ("--robot", "so999", "--port", "x"): "so101",
    ("--robot", "so101", "--port", "./nowhere"): "not there",
}
REFUSE = """
import json, sys, pytest
suite = ["--pyargs", "helmsight.hardware.conformance", "-q", "-p", "helmsight-conformance"]
for number, options in enumerate(json.loads(sys.argv[1])):
    told = ["--conformance-json", f"{number}.json", "--yes"]
    print("status", int(pytest.main([*suite, *told, *options])))
"""


def test_what_the_suite_cannot_begin_with_is_one_clear_line(tmp_path: Path) -> None:
    """One process begins it again and again: most of the time goes into what it imports."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSE, json.dumps(list(REFUSED))],
        cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=1500,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    statuses = re.findall(r"(?m)^status (\d+)$", done.stdout)
    assert len(statuses) == len(REFUSED), done.stdout
    assert set(statuses) <= {"1", "4"}
    for number, words in enumerate(REFUSED.values()):
        told = json.loads((tmp_path / f"{number}.json").read_text(encoding="utf-8"))
        assert words in told["refused"]


def test_what_counts_as_arrived_is_less_than_the_way() -> None:
    """Or nothing in the suite could fail."""
    for kind, way in trial.STEP.items():
        assert trial.ARRIVED[kind] < way / 2
        assert trial.ROUNDING[kind] < way / 5
