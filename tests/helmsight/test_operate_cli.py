"""`helmsight operate` on emulated robots: every family, every way to stop, and afterwards."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation
from helmsight.hardware.link import SerialLink
from helmsight.hardware.spec import RobotSpec
from helmsight.tools.player import load_run

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
HELMSIGHT = [sys.executable, "-c", "from helmsight.cli import main; main()"]
FAMILIES = ["gantry", "so101", "openmanipulator_x", "helm_arm", "community_arm"]
FAR = '{"do": "joints", "joints": [1.8, null, null, null, null, null]}\n'
BACK = '{"do": "joints", "joints": [-1.8, null, null, null, null, null]}\n'

BUSY = "no new command for"  # what the watchdog says of a machine that has other things to do

pytestmark = pytest.mark.serial


@pytest.fixture
def arm() -> Iterator[Emulation]:
    with emulate("so101") as served:
        yield served


@pytest.fixture
def pilot(tmp_path: Path) -> Callable[..., str]:
    """Return a function that makes a model with given answers."""

    def call(*lines: str) -> str:
        path = tmp_path / "answers.txt"
        path.write_text("".join(lines), encoding="utf-8")
        return f"scripted:{path}"

    return call


def moves(emulation: Emulation) -> list[tuple[float, ...]]:
    return [entry.positions for entry in emulation.device.journal if entry.kind == "move"]


def on_the_way_back(emulation: Emulation) -> bool:
    """Return whether the first joint was sent far out and is under way to the other side."""
    places = [place[0] for place in moves(emulation)]
    top = max(places, default=0.0)
    return top > 1.5 and min(places[places.index(top) :]) < 1.0


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.005)


def three_poses(spec: RobotSpec, path: Path) -> tuple[str, dict[str, list[float]]]:
    """Write three poses near home into a file; return their names for the pilot, and them."""
    poses = {}
    for name, share in (("one", 0.05), ("two", -0.05), ("three", 0.03)):
        poses[name] = [
            min(joint.upper, max(joint.lower, joint.home + share * (joint.upper - joint.lower)))
            for joint in spec.joint
        ]
    lines = [f"{name} = {places}\n" for name, places in poses.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return ",".join(poses), poses


def operate(arm: Emulation, *more: object) -> list[str]:
    """Return the command line of a process that operates the arm without a camera."""
    words = ["operate", "--robot", "so101", "--port", arm.port, "--camera", "none", "--yes", *more]
    if "--camera" in more:
        del words[5:7]
    return [*HELMSIGHT, *map(str, words)]


@pytest.mark.parametrize("family", FAMILIES)
def test_three_poses_are_reached_by_every_family_and_the_stop_is_confirmed(
    run: Any, tmp_path: Path, family: str
) -> None:
    with emulate(family, homed=True) as served:
        spec = served.device.spec
        names, poses = three_poses(spec, tmp_path / "poses.toml")
        result = run(
            "operate", "--robot", family, "--port", served.port, "--camera", "none",
            "--poses", tmp_path / "poses.toml", "--pilot", f"poses:{names}", "--yes", "--json",
            "--out", tmp_path / "run",
        )  # fmt: skip
        assert result.status == 0, result.err
        summary = json.loads(result.out)
        assert summary["reason"] == "done"
        assert "confirmed by read-back" in summary["stop"]
        assert served.device.outside == []
        SerialLink(served.port, spec.port.baud).open()  # the port is free again
    recorded = load_run(tmp_path / "run")
    assert "twin step" not in recorded.spec.versions  # no robot goes by the twin's steps
    records = recorded.records
    assert [note for record in records for note in record.notes if BUSY not in note] == []
    reached = [[record.measures[name] for name in spec.names] for record in records[1:]]
    for places, wanted in zip(reached, poses.values(), strict=True):
        for joint, place, goal in zip(spec.joint, places, wanted, strict=True):
            assert place == pytest.approx(goal, abs=0.03 if joint.kind == "revolute" else 2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["so101", "gantry"])
def test_a_scripted_model_operates_and_hears_what_became_of_its_commands(
    run: Any, tmp_path: Path, pilot: Callable[..., str], family: str
) -> None:
    with emulate(family, homed=True) as served:
        names, _ = three_poses(served.device.spec, tmp_path / "poses.toml")
        lines = [f'I go: {{"do": "pose", "pose": "{name}"}}\n' for name in names.split(",")]
        lines += ['{"do": "twist", "vx": 1.5, "duration": 0.2}\n']
        lines += ['{"do": "done", "verdict": "nothing is broken"}\n']
        result = run(
            "operate", "--robot", family, "--port", served.port, "--camera", "none",
            "--poses", tmp_path / "poses.toml", "--pilot", pilot(*lines), "--yes", "--json",
            "--task", "look for damage", "--out", tmp_path / "run",
        )  # fmt: skip
    assert result.status == 0, result.err
    summary = json.loads(result.out)
    assert summary["verdict"] == "nothing is broken"
    assert summary["repairs"] == {"local": 3}
    run_ = load_run(tmp_path / "run")
    assert run_.spec.options["goal"] == "look for damage"
    assert any("at most 0.25 m/s" in note for note in run_.records[3].notes)
    page = (tmp_path / "run" / "index.html").read_text(encoding="utf-8")
    assert "pose one" in page
    assert "at most 0.25 m/s" in page


def test_the_approval_of_a_person_is_asked_before_each_command(
    run: Any, tmp_path: Path, pilot: Callable[..., str], arm: Emulation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.StringIO("yny"))
    lines = pilot(FAR, BACK, '{"do": "done"}\n')
    result = run(*operate(arm, "--pilot", lines, "--approve", "--out", tmp_path / "run")[3:])
    assert result.status == 0, result.err
    records = load_run(tmp_path / "run").records
    assert [record.command["do"] for record in records] == ["joints", "hold", "done"]
    assert records[1].clamped == ["a person refused the command"]
    assert max(place[0] for place in moves(arm)) > 1.7
    assert min(place[0] for place in moves(arm)) > -0.1
    assert "y: do it" in result.err


def test_keys_move_the_arm_keep_a_pose_and_are_recorded(
    run: Any, tmp_path: Path, arm: Emulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1p"))
    out = tmp_path / "run"
    result = run(*operate(arm, "--out", out, "--pose", "seen")[3:])
    assert result.status == 0, result.err
    records = load_run(out).records
    assert [record.command["do"] for record in records] == ["pose", "done"]
    assert "kept as seen" in result.err
    kept = (out / "poses.toml").read_text(encoding="utf-8")
    assert "[seen]" in kept
    assert "shoulder_pan = " in kept


@pytest.mark.parametrize("ending", ["SIGINT", "SIGTERM"])
def test_a_signal_in_the_middle_of_a_motion_stops_the_arm_and_closes_the_run(
    tmp_path: Path, pilot: Callable[..., str], arm: Emulation, ending: str
) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        operate(arm, "--pilot", pilot(FAR, BACK), "--out", out),
        cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until(lambda: not arm.device.standing)
        process.send_signal(signal.Signals[ending])
        _, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == {"SIGINT": 130, "SIGTERM": 143}[ending], err
    assert arm.device.standing
    assert abs(arm.device.positions[0]) < 1.7
    interrupted = load_run(out)
    assert interrupted.reason == "interrupted"
    assert "confirmed by read-back" in (interrupted.summary or {})["stop"]
    assert (out / "index.html").is_file()
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_signal_when_the_port_is_gone_ends_after_one_stop_that_insists(
    tmp_path: Path, pilot: Callable[..., str]
) -> None:
    with emulate("so101") as served:
        process = subprocess.Popen(
            operate(served, "--pilot", pilot(FAR, BACK), "--out", tmp_path / "run"),
            cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until(lambda: not served.device.standing)
    try:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "NOT CONFIRMED (SIGTERM)" in err
    assert "the run is over)" not in err  # no second stop, which would insist as long
    last = err.splitlines()[-1]
    assert "not tried again at the end of the run, its port is gone" in last
    assert "cut the power of so101" in last
    interrupted = load_run(tmp_path / "run")
    assert interrupted.reason == "interrupted"
    assert "NOT CONFIRMED" in (interrupted.summary or {})["stop"]


def test_the_space_bar_stops_the_arm_while_it_moves(
    tmp_path: Path, pilot: Callable[..., str], arm: Emulation
) -> None:
    """On a real terminal, which is given back."""
    import pty
    import termios

    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        operate(arm, "--pilot", pilot(FAR, BACK), "--out", tmp_path / "run"),
        cwd=tmp_path, stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: controlling(slave),
    )  # fmt: skip
    try:
        until(lambda: not arm.device.standing)
        os.write(master, b" ")
        assert process.wait(WAIT_S) == 130
        assert termios.tcgetattr(slave) == before
    finally:
        process.kill()
        os.close(master)
        os.close(slave)
    assert arm.device.standing
    assert abs(arm.device.positions[0]) < 1.7
    assert load_run(tmp_path / "run").reason == "interrupted"


def controlling(terminal: int) -> None:
    """Make `terminal` the one whose Ctrl-C reaches this process."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_the_arm_stands_and_repeats_no_move(
    run: Any, tmp_path: Path, pilot: Callable[..., str], arm: Emulation
) -> None:
    out = tmp_path / "run"
    here = '{"do": "joints", "joints": [0.3, null, null, null, null, null]}\n'
    lines = pilot(here, FAR, '{"do": "done", "verdict": "on from there"}\n')
    process = subprocess.Popen(
        operate(arm, "--pilot", lines, "--out", out), cwd=tmp_path, stdin=subprocess.DEVNULL
    )
    try:
        until(
            lambda: any(place[0] > 0.6 for place in moves(arm))
        )  # the second command is under way
    finally:
        process.kill()
        process.wait()
    until(lambda: arm.device.standing)
    cut = load_run(out)
    assert len(cut.records) == 1
    arm.device.journal.clear()
    result = run("resume", out, "--yes", "--json")
    assert result.status == 0, result.err
    whole = load_run(out)
    assert [record.command["do"] for record in whole.records] == ["joints", "joints", "done"]
    assert whole.records[0] == cut.records[0]
    assert [record.stamp for record in whole.records] == sorted(r.stamp for r in whole.records)
    assert any("interrupted here" in note for note in whole.records[1].notes)
    assert all(place[0] > 0.6 for place in moves(arm))  # not back to the first place
    assert json.loads(result.out)["verdict"] == "on from there"


@pytest.mark.slow
@pytest.mark.parametrize(("away_s", "status"), [(0.5, 0), (60.0, 1)])
def test_a_link_that_is_lost_in_the_middle_is_told_and_the_run_stays_readable(
    run: Any, tmp_path: Path, pilot: Callable[..., str], arm: Emulation, away_s: float, status: int
) -> None:
    out = tmp_path / "run"

    def unplug() -> None:
        until(lambda: not arm.device.standing)
        arm.unplug(away_s)

    thread = threading.Thread(target=unplug)
    thread.start()
    result = run(*operate(arm, "--pilot", pilot(FAR, BACK), "--out", out, "--steps", 3)[3:])
    thread.join()
    assert result.status == status, result.err
    recorded = load_run(out)
    notes = " ".join(note for record in recorded.records for note in record.notes)
    if status == 0:
        assert "is back and the robot was held" in notes or "was lost and is back" in notes
        assert "confirmed by read-back" in (recorded.summary or {})["stop"]
    else:
        assert "went away and was not back" in notes
        assert recorded.reason.startswith("error: ")
        assert "NOT CONFIRMED" in (recorded.summary or {})["stop"]
        assert "cut the power" in result.err.splitlines()[-1]


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[int], str]:
    """Return a function that writes so many numbered pictures, 25 of which are a second."""

    def call(many: int) -> str:
        import cv2

        for number in range(many):
            picture = np.random.default_rng(number).integers(0, 255, (24, 32, 3), np.uint8)
            cv2.imwrite(str(tmp_path / f"f{number:04d}.png"), picture)
        return str(tmp_path / "f%04d.png")

    return call


@pytest.mark.slow
def test_what_the_camera_sees_is_in_the_run_also_after_it_was_killed(
    run: Any, tmp_path: Path, pilot: Callable[..., str], arm: Emulation,
    pictures: Callable[[int], str],
) -> None:  # fmt: skip
    out, lines = tmp_path / "run", pilot(FAR, BACK, '{"do": "done"}\n')
    camera = pictures(1500)
    words = operate(arm, "--camera", camera, "--pilot", lines, "--out", out)
    process = subprocess.Popen(words, cwd=tmp_path, stdin=subprocess.DEVNULL)
    try:
        until(lambda: on_the_way_back(arm))
    finally:
        process.kill()
        process.wait()
    result = run("resume", out, "--yes", "--json")
    assert result.status == 0, result.err
    whole = load_run(out)
    frames = list(whole.frames())
    assert len(frames) == len(whole.records) == json.loads(result.out)["steps"]
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert frames[-1].std() > 20.0
    assert (out / "video.mp4").stat().st_size > 0


def test_a_camera_that_is_over_ends_the_run_with_the_arm_stopped(
    run: Any, tmp_path: Path, pilot: Callable[..., str], arm: Emulation,
    pictures: Callable[[int], str],
) -> None:  # fmt: skip
    words = operate(arm, "--camera", pictures(60), "--pilot", pilot(FAR, BACK))
    result = run(*words[3:], "--out", tmp_path / "run")
    assert result.status == 1
    assert "is over after 60 pictures" in result.err
    recorded = load_run(tmp_path / "run")
    assert recorded.reason.startswith("error: CameraUnavailable")
    assert "confirmed by read-back" in (recorded.summary or {})["stop"]
    assert any("is over" in note for note in recorded.records[-1].notes)
    assert arm.device.standing


def test_a_run_by_hand_is_gone_on_with_by_hand(
    run: Any, tmp_path: Path, arm: Emulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr(sys, "stdin", io.StringIO("w"))
    assert run(*operate(arm, "--out", out, "--steps", 1)[3:]).status == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO("w"))
    result = run("resume", out, "--yes", "--steps", 3)
    assert result.status == 0, result.err
    records = load_run(out).records
    assert [record.command["do"] for record in records] == ["twist", "twist", "done"]
    assert "interrupted here" in records[1].notes[0]


@pytest.mark.slow
def test_a_scene_of_mujoco_is_seen_by_the_pilot_and_in_the_run(
    tmp_path: Path, arm: Emulation
) -> None:
    """In a process of its own: MuJoCo reads MUJOCO_GL once, at import."""
    (tmp_path / "scene.xml").write_text(
        '<mujoco><worldbody><light pos="0 0 2"/><geom type="plane" size="1 1 .1"/>'
        '<geom type="sphere" size=".1" pos="0 0 .1" rgba="1 0 0 1"/>'
        '<camera name="top" pos="0 0 1"/></worldbody></mujoco>',
        encoding="utf-8",
    )
    camera = f"mujoco:{tmp_path / 'scene.xml'}?camera=top"
    for gl in ("osmesa", "egl"):
        out = tmp_path / gl
        done = subprocess.run(
            operate(arm, "--camera", camera, "--pilot", "poses:home", "--out", out),
            cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            env={**os.environ, "MUJOCO_GL": gl}, timeout=WAIT_S,
        )  # fmt: skip
        if "MuJoCo cannot draw here" not in done.stderr:
            break
    else:
        pytest.skip(f"nothing to draw with: {done.stderr}")
    assert done.returncode == 0, done.stderr
    frames = list(load_run(out).frames())
    assert len(frames) >= 2  # a busy machine's first picture may be stale, and is refused
    assert frames[-1][240, 320, 0] > 2 * frames[-1][240, 320, 1]  # the red ball


def test_a_gantry_that_knows_no_position_is_homed_first_where_a_person_says_so(
    run: Any, tmp_path: Path
) -> None:
    with emulate("gantry") as served:
        words = [
            "operate", "--robot", "gantry", "--port", served.port, "--camera", "none",
            "--pilot", "poses:home", "--yes", "--out",
        ]  # fmt: skip
        result = run(*words, tmp_path / "unhomed")
        assert result.status == 1
        assert "--home" in result.err
        assert moves(served) == []
        result = run(*words, tmp_path / "homed", "--home")
        assert result.status == 0, result.err
        assert "reference switches" in result.err
        assert load_run(tmp_path / "homed").reason == "done"


def test_what_has_no_switches_cannot_be_homed(run: Any, arm: Emulation) -> None:
    result = run(*operate(arm, "--pilot", "poses:home", "--home")[3:])
    assert result.status == 2
    assert "no homing" in result.err


@pytest.mark.parametrize("words", [("--pilot", "keys"), ("--pilot", "poses:home", "--approve")])
def test_without_standard_input_nobody_can_be_at_the_keys(
    run: Any, arm: Emulation, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    result = run(*operate(arm, *words)[3:])
    assert result.status == 2
    assert "nobody to press a key" in result.err
    assert arm.device.journal == []


def test_fly_does_not_move_a_robot_without_asking(run: Any, arm: Emulation) -> None:
    result = run(
        "fly", "helmsight/Robot-v0", "--pilot", "poses:home", "--set", "robot=so101",
        "--set", f"port={arm.port}", "--set", "camera=none", "--observation", "telemetry",
    )  # fmt: skip
    assert result.status == 2
    assert "helmsight operate" in result.err
    assert arm.device.journal == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--pilot", "poses:nowhere"), "nowhere"),
        (("--limit", "speed=2"), "speed"),
        (("--limit", "speed"), "NAME=NUMBER"),
        (("--pilot", "naive"), "BurnCommand"),
        (("--pilot", "bundled"), "trained on the frame alone"),
        (("--pilot", "poses:home", "--poses", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_is_told_before_anything_moves(
    run: Any, arm: Emulation, words: tuple[str, ...], message: str
) -> None:
    result = run(*operate(arm, *words)[3:])
    assert result.status == 2, result.err
    assert message in result.err
    assert moves(arm) == []
