"""The desk at which a person stops a robot, approves commands and gives them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import pytest

from helmsight.contract.pilot import Decision, Sighting
from helmsight.envs.robot.env import RobotEnv
from helmsight.hardware.emulators import emulate
from helmsight.keyboard import END
from helmsight.keydesk import Approval, KeyDesk
from helmsight.session import Session, operator_config
from helmsight.teleop import Keys, keeper
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder


class Pressed:
    """Keys as a test presses them."""

    def __init__(self, *keys: str) -> None:
        self._keys: SimpleQueue[str] = SimpleQueue()
        self.press(*keys)

    def press(self, *keys: str) -> None:
        for key in keys:
            self._keys.put(key)

    def __call__(self, within_s: float) -> list[str]:
        try:
            return [self._keys.get(timeout=within_s)]
        except Empty:
            return []


class Thinker:
    """A model that does not come to an answer."""

    name, needs, remembers = "thinker", "telemetry", False

    def __init__(self, begins: Callable[[], None]) -> None:
        self._begins = begins

    def reset(self, task: Any, seed: int) -> None: ...

    def decide(self, sighting: Sighting) -> Decision:
        self._begins()
        time.sleep(60.0)
        raise AssertionError("nobody stopped the robot")


@pytest.mark.serial
def test_the_space_bar_stops_the_robot_while_the_pilot_thinks(tmp_path: Path) -> None:
    pressed = Pressed()
    desk = KeyDesk(pressed, live=True)
    with emulate("so101") as arm:
        env = RobotEnv("so101", arm.port, "none", observation="telemetry")
        thinker: Any = Thinker(lambda: pressed.press(" "))
        session = Session(env, thinker, operator_config({}), ready=desk.watch)
        flight = session.fly(listeners=[Recorder(tmp_path / "run")])
        stops = [event.text for event in env.robot.events if event.rule == "stop"]
    desk.close()
    assert flight.reason == "interrupted"
    assert "space bar" in stops[0]
    assert "confirmed by read-back" in flight.summary["stop"]
    assert load_run(tmp_path / "run").reason == "interrupted"


def test_approval_counts_no_key_that_was_pressed_before_it_was_asked_for() -> None:
    pressed = Pressed("y", "y")
    desk = KeyDesk(pressed, live=True)
    while not pressed._keys.empty():
        time.sleep(0.001)
    shown = threading.Event()
    answers: list[bool] = []

    def ask() -> None:
        approval = Approval(desk, lambda text: shown.set())
        answers.append(approval({"index": 0, "command": {"do": "hold"}, "clamped": []}))

    thread = threading.Thread(target=ask)
    thread.start()
    assert shown.wait(600.0)
    thread.join(0.3)
    assert thread.is_alive()
    pressed.press("n")
    thread.join(600.0)
    desk.close()
    assert answers == [False]


def test_a_pipe_that_is_over_approves_nothing() -> None:
    desk = KeyDesk(Pressed(END), live=False)
    approval = Approval(desk, lambda text: None)
    request = {"index": 0, "command": {"do": "hold"}, "clamped": ["cut"]}
    assert [approval(request), approval(request)] == [False, False]


@pytest.fixture
def person(tmp_path: Path) -> Callable[..., tuple[Keys, list[str]]]:
    """Return a function that sits a person down who presses keys, with what is shown to them."""

    def call(*keys: str) -> tuple[Keys, list[str]]:
        shown: list[str] = []
        desk = KeyDesk(Pressed(*keys), live=True)
        pilot = Keys(desk, keeper(tmp_path / "poses.toml", "seen"), shown.append)
        env = RobotEnv("so101", "nowhere", "none", observation="telemetry")
        pilot.reset(env.task, 0)
        env.close()
        return pilot, shown

    return call


def answers(pilot: Keys, many: int) -> list[dict[str, Any]]:
    sighting = Sighting({"telemetry": np.linspace(0.0, 0.1, 24)}, 0.0, notes=("held",))
    decided = [pilot.decide(sighting).command for _ in range(many)]
    return [
        {name: value for name, value in command.model_dump().items() if value not in (None, 0.0)}
        for command in decided
        if command is not None
    ]


def test_keys_are_motions_tools_poses_and_an_end(person: Any) -> None:
    pilot, shown = person("]", "w", "g", "1", "h", "?", "q")
    assert answers(pilot, 5) == [
        {"do": "twist", "vx": 0.1, "duration": 0.2},
        {"do": "tool", "tool": True},
        {"do": "pose", "pose": "home"},
        {"do": "hold", "duration": 0.02},
        {"do": "done", "verdict": "a person ended it"},
    ]
    assert any("no key '?'" in line for line in shown)
    assert "held" in shown
    assert "1: home" in shown[0]


def test_the_key_p_keeps_poses_and_changes_none(person: Any, tmp_path: Path) -> None:
    from helmsight.envs.robot.poses import named_poses, read_poses
    from helmsight.hardware.spec import load_spec

    pilot, _ = person("p", "p", "q")
    answers(pilot, 1)
    kept = named_poses(load_spec("so101"), read_poses(tmp_path / "poses.toml"))
    assert list(kept) == ["home", "seen", "seen-2"]
    assert kept["seen"] == pytest.approx(np.linspace(0.0, 0.1, 24)[:6], abs=1e-5)


def test_without_a_key_the_world_is_looked_at_again(person: Any) -> None:
    pilot, _ = person()
    assert answers(pilot, 1) == [{"do": "hold", "duration": 0.02}]
