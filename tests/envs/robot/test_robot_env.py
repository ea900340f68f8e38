"""A robot as a world: what it shows, what it carries out, and what it does when something fails."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import EpisodeOver
from helmsight.hardware.errors import CameraUnavailable, DeviceAlarm, LinkRecovered, RobotStopped
from helmsight.hardware.motion import Mode

pytestmark = pytest.mark.serial
POSES = {"look": [0.4, 0.2, -0.3, 0.5, 0.3, 1.0], "turn": {"shoulder_pan": -0.3}}


def command(env: Any, do: str, **fields: Any) -> Any:
    return env.task.command(do=do, **fields).action()


def told(info: Any) -> list[str]:
    """Return the notes, less what the watchdog says of a machine that has other things to do."""
    return [note for note in info["notes"] if "no new command for" not in note]


def moves(arm: Any) -> int:
    return sum(entry.kind == "move" for entry in arm.device.journal)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_robot_passes_gymnasiums_own_check(arm: Any) -> None:
    env = gymnasium.make(
        "helmsight/Robot-v0", robot="so101", port=arm.port, camera="none",
        observation="telemetry", disable_env_checker=True,
    )  # fmt: skip
    try:
        check_env(env.unwrapped, skip_render_check=True)
    finally:
        env.close()
    assert arm.device.outside == []


def test_reset_moves_nothing_and_shows_picture_and_reading(make: Any, arm: Any) -> None:
    env = make()
    observation, info = env.reset()
    assert env.observation_space.contains(observation)
    assert observation["frame"].std() > 20.0
    named = dict(zip((f.name for f in env.task.fields), observation["telemetry"], strict=True))
    assert named["shoulder_pan"] == pytest.approx(arm.device.positions[0], abs=0.01)
    point, _ = env.robot.kinematics.pose(arm.device.positions)
    assert [named[f"tool_{axis}"] for axis in "xyz"] == pytest.approx(list(point), abs=0.005)
    assert info["notes"] == ()
    assert moves(arm) == 0


def test_a_twist_moves_the_tool_point_and_says_how_far_it_really_went(make: Any) -> None:
    env = make(settle_s=1.0, poses=POSES)
    env.reset()
    _, _, _, _, before = env.step(command(env, "pose", pose="look"))
    _, _, _, _, info = env.step(command(env, "twist", vz=0.05, duration=0.4))
    way = np.subtract(info["tool_point"], before["tool_point"])
    assert way == pytest.approx([0.0, 0.0, 0.02], abs=0.006)
    assert info["applied"]["do"] == "twist"
    assert info["applied"]["vz"] > 0.02
    assert told(info) == []


def test_a_twist_longer_than_the_horizon_goes_on(make: Any) -> None:
    env = make(settle_s=1.0, poses=POSES)
    env.reset()
    _, _, _, _, before = env.step(command(env, "pose", pose="look"))
    _, _, _, _, info = env.step(command(env, "twist", vy=0.05, duration=1.2))
    way = np.subtract(info["tool_point"], before["tool_point"])
    assert 0.03 < way[1] < 0.075
    assert way[[0, 2]] == pytest.approx([0.0, 0.0], abs=0.015)


def test_poses_leave_joints_that_they_do_not_name(make: Any, arm: Any) -> None:
    env = make(poses=POSES)
    env.reset()
    env.step(command(env, "pose", pose="look"))
    _, _, _, _, info = env.step(command(env, "pose", pose="turn"))
    assert arm.device.positions == pytest.approx((-0.3, *POSES["look"][1:]), abs=0.03)
    assert told(info) == []


def test_the_tool_goes_all_its_way_and_nothing_else_moves(make: Any, arm: Any) -> None:
    env = make()
    env.reset()
    before = arm.device.positions
    env.step(command(env, "tool", tool=False))
    spec = env.robot.spec
    assert arm.device.positions[5] == pytest.approx(spec.tool.open, abs=0.03)
    env.step(command(env, "tool", tool=True))
    assert arm.device.positions[5] == pytest.approx(spec.tool.closed, abs=0.03)
    assert arm.device.positions[:5] == pytest.approx(before[:5], abs=0.01)


def test_what_the_supervisor_cut_comes_back_once_and_in_words(make: Any) -> None:
    env = make(poses=POSES)
    env.reset()
    env.step(command(env, "pose", pose="look"))
    _, _, _, _, info = env.step(command(env, "twist", vy=1.5, duration=1.2))
    fast = [note for note in info["notes"] if "at most 0.25 m/s" in note]
    assert len(fast) == 1
    assert "times)" in fast[0]
    assert "failed" not in info


def test_a_place_that_cannot_be_reached_is_told_and_the_run_goes_on(make: Any, arm: Any) -> None:
    env = make()
    env.reset()
    _, _, ended, _, info = env.step(command(env, "joints", joints=[9.0, *[None] * 5]))
    assert any("shoulder_pan" in note and "beyond its limit" in note for note in info["notes"])
    assert any("not there after" in note for note in info["notes"])
    assert info["applied"]["do"] == "joints"
    assert info["applied"]["joints"][0] == pytest.approx(env.robot.spec.joint[0].upper, abs=0.03)
    assert not ended
    assert "failed" not in info
    assert arm.device.standing
    _, _, _, _, info = env.step(command(env, "pose", pose="home"))
    assert info["applied"]["do"] == "pose"


def test_a_pilot_that_thinks_for_long_is_held_and_hears_nothing_of_it(
    make: Any, until: Any
) -> None:
    env = make()
    env.reset()
    env.step(command(env, "joints", joints=[0.2, *[None] * 5]))
    until(lambda: any(event.rule == "watchdog" for event in env.robot.events))
    _, _, _, _, info = env.step(command(env, "hold", duration=0.02))
    assert info["notes"] == ()
    assert info["interventions"] == 0


@pytest.mark.parametrize("trouble", ["black", "frozen", "lost"])
def test_a_picture_that_fails_holds_the_robot_and_says_which(
    make: Any, source: Any, arm: Any, until: Any, trouble: str
) -> None:
    env = make()
    env.reset()
    source.does = trouble
    until(lambda: "refused" in env.step(command(env, "hold", duration=0.05))[4])
    sent = moves(arm)
    observation, _, ended, _, info = env.step(command(env, "twist", vz=0.05))
    word = {"lost": "stale"}.get(trouble, trouble)
    assert word in info["refused"] or "no new picture" in info["refused"]
    assert info["refused"] in " ".join(info["notes"])
    assert moves(arm) == sent
    assert len(np.unique(observation["frame"])) < 60  # no picture of before
    assert not ended
    assert info["applied"]["do"] == "hold"
    assert info["blind"] >= 1
    source.does = "noise"
    until(lambda: "refused" not in env.step(command(env, "hold", duration=0.05))[4])
    _, _, _, _, info = env.step(command(env, "twist", vz=0.05))
    assert info["applied"]["do"] == "twist"


def test_a_camera_that_stays_dark_ends_the_run_with_the_robot_stopped(
    make: Any, source: Any, arm: Any
) -> None:
    env = make(patience_s=0.2)
    env.reset()
    source.does = "black"
    info: dict[str, Any] = {}
    while "failed" not in info:
        _, _, _, _, info = env.step(command(env, "hold", duration=0.05))
    assert isinstance(info["failed"], CameraUnavailable)
    assert "black" in str(info["failed"])
    assert env.robot.is_stopped
    with pytest.raises(EpisodeOver):
        env.step(command(env, "hold"))


def test_a_new_episode_does_not_undo_a_stop_that_somebody_asked_for(make: Any) -> None:
    env = make()
    env.reset()
    env.stop("a hand at the keys")
    with pytest.raises(RobotStopped, match=r"call\srobot\.reset"):
        env.reset()
    env.halt("interrupted")
    with pytest.raises(RobotStopped):
        env.reset()
    assert env.robot.is_stopped
    env.robot.reset()
    env.reset()
    env.halt("done")  # the run's own stop
    env.reset()
    assert not env.robot.is_stopped


def test_an_alarm_in_the_middle_stops_the_robot_and_ends_the_run(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = make()
    env.reset()

    def alarm(motion: Any) -> Any:
        raise DeviceAlarm("elbow_flex is overloaded")

    monkeypatch.setattr(env.robot.robot, "move", alarm)
    observation, _, _, _, info = env.step(command(env, "twist", vz=0.05))
    assert isinstance(info["failed"], DeviceAlarm)
    assert any("overloaded" in note for note in info["notes"])
    assert env.robot.is_stopped
    assert env.observation_space.contains(observation)


def test_a_link_that_came_back_is_told_and_the_command_is_not_sent_again(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = make()
    env.reset()
    tried: list[Any] = []

    def lost(motion: Any) -> Any:
        tried.append(motion)
        raise LinkRecovered("the link was lost and is back")

    monkeypatch.setattr(env.robot.robot, "move", lost)
    _, _, _, _, info = env.step(command(env, "twist", vz=0.05))
    assert len(tried) == 1
    assert "failed" not in info
    assert any("is back" in note for note in info["notes"])
    assert info["applied"]["do"] == "hold"


def test_a_stop_from_another_thread_ends_a_motion_and_the_run(
    make: Any, arm: Any, until: Any
) -> None:
    env = make()
    env.reset()

    def stop() -> None:
        until(lambda: not arm.device.standing)
        env.stop("a person")

    thread = threading.Thread(target=stop)
    thread.start()
    _, _, _, _, info = env.step(command(env, "joints", joints=[1.8, *[None] * 5]))
    thread.join()
    assert isinstance(info["failed"], RobotStopped)
    assert arm.device.standing
    assert arm.device.positions[0] < 1.7
    assert "confirmed by read-back" in env.halt("stopped")["stop"]


def test_a_reset_after_a_stop_begins_anew(make: Any) -> None:
    env = make()
    env.reset()
    env.halt("over")
    _, info = env.reset(options={"met": 40.0})
    assert info["met"] >= 40.0
    _, _, _, _, info = env.step(command(env, "twist", vz=0.02))
    assert info["applied"]["do"] == "twist"


def test_homing_comes_first_where_it_is_asked_for_and_a_person_is_told(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = make(home=True)
    homed: list[bool] = []
    monkeypatch.setattr(env.robot, "home", lambda: homed.append(True))
    assert "switches first" in env.task.consent
    env.reset()
    assert homed == [True]
    monkeypatch.setattr(type(env.robot.robot), "is_homed", True)
    env.reset(options={"met": 3.0})  # goes on: it knows where it is
    assert homed == [True]
    assert "switches" not in make().task.consent


def test_a_robot_in_alarm_is_told_at_once_with_what_mends_it(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = make()
    env.robot.connect()
    state = replace(env.robot.state(), mode=Mode.alarm, faults=("its position is not known",))
    monkeypatch.setattr(env.robot.robot, "state", lambda: state)
    with pytest.raises(DeviceAlarm, match=r"position is not known.*--home"):
        env.reset()


def test_done_ends_the_episode_with_the_pilots_words(make: Any) -> None:
    env = make()
    env.reset()
    _, _, ended, _, info = env.step(command(env, "done", verdict="the dish is whole"))
    assert ended
    assert info["done"] is True
    assert info["about"] == {"verdict": "the dish is whole"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"robot": ""}, "name a robot"),
        ({"port": ""}, "serial port"),
        ({"camera": ""}, '"none"'),
        ({"camera": "none"}, "shows no pictures"),
        ({"time": "paused"}, "wall clock"),
        ({"size": (2, 2)}, "16 to 4096"),
        ({"settle_s": math.nan}, "settle_s"),
        ({"poses": {"far": [9.0] * 6}}, "shoulder_pan"),
        ({"poses": {"far": {"knee": 0.0}}}, "no joint 'knee'"),
        ({"poses": {"far": [0.0]}}, "one place a joint"),
        ({"limits": {"speed": 3.0}}, "speed"),
    ],
)
def test_wrong_options_are_told_before_anything_is_opened(
    make: Any, options: Any, words: str
) -> None:
    with pytest.raises(InvalidOption, match=words):
        make(**options)


def test_a_fresh_picture_is_newer_than_the_motion(make: Any, source: Any) -> None:
    env = make(settle_s=0.0)
    env.reset()
    seen: list[float] = []
    look = env.eyes.look

    def watched(taken_after: float) -> Any:
        seen.append(taken_after)
        return look(taken_after)

    env.eyes.look = watched
    began = time.monotonic()
    env.step(command(env, "twist", vz=0.02, duration=0.1))
    assert seen[0] >= began + 0.1
