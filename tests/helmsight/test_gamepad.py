"""A gamepad as a pilot: what its sticks mean, and that its button stops whatever goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from helmsight.contract.pilot import Sighting
from helmsight.envs.robot.env import RobotEnv
from helmsight.errors import InvalidSetting
from helmsight.gamepad import Gamepad, PadDesk
from helmsight.hardware.emulators import emulate
from helmsight.session import Session, operator_config
from helmsight.sticks import FASTEST, REST, Sticks, eased

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


class Held:
    """A gamepad that a test holds."""

    def __init__(self) -> None:
        self.now: Sticks | None = Sticks()
        self.reads, self.closed = 0, False

    def open(self) -> str:
        return "held pad"

    def read(self) -> Sticks | None:
        self.reads += 1
        return self.now

    def close(self) -> None:
        self.closed = True


class World:
    """A world that notes its stops."""

    operating = False

    def __init__(self) -> None:
        self.stops: list[str] = []

    def stop(self, reason: str, *, interrupts: bool = False) -> None:
        self.stops.append(reason)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.005)


@pytest.fixture
def pad() -> Held:
    return Held()


@pytest.fixture
def desk(pad: Held) -> Iterator[PadDesk]:
    made = PadDesk(pad)
    yield made
    made.close()
    assert pad.closed


@pytest.fixture
def answer(desk: PadDesk) -> Callable[[], dict[str, Any]]:
    """Return a function that asks the person's pilot for a command."""
    pilot = Gamepad(desk, lambda text: None)
    env = RobotEnv("so101", "nowhere", "none", observation="telemetry")
    pilot.reset(env.task, 0)
    env.close()

    def call() -> dict[str, Any]:
        command = pilot.decide(Sighting({"telemetry": np.zeros(3)}, 0.0)).command
        assert command is not None
        return {k: v for k, v in command.model_dump().items() if v is not None and v != 0.0}

    return call


def test_a_stick_at_rest_is_no_motion_and_all_the_way_is_the_fastest() -> None:
    assert eased(REST) == eased(-REST) == 0.0
    assert eased(1.0) == 1.0
    assert eased(-1.0) == -1.0
    assert 0.0 < eased(0.5) < 0.5


@pytest.mark.parametrize(
    ("sticks", "twist"),
    [
        (Sticks(left=(0.0, -1.0)), {"vx": FASTEST}),
        (Sticks(left=(-1.0, 0.0)), {"vy": FASTEST}),
        (Sticks(right=(0.0, 1.0)), {"vz": -FASTEST}),
        (Sticks(right=(-1.0, 0.1)), {"wz": 0.8}),
        (Sticks(shoulders=(False, True)), {"wx": 0.4}),
    ],
)
def test_sticks_are_velocities_in_the_base_frame(
    pad: Held, answer: Callable[[], dict[str, Any]], sticks: Sticks, twist: dict[str, float]
) -> None:
    pad.now = sticks
    until(lambda: answer()["do"] == "twist")
    assert answer() == {"do": "twist", "duration": 0.2} | {
        name: pytest.approx(value) for name, value in twist.items()
    }


def test_buttons_are_pressed_once_and_at_rest_it_holds(
    pad: Held, answer: Callable[[], dict[str, Any]]
) -> None:
    pad.now = Sticks(tool=True)
    until(lambda: answer() == {"do": "tool", "tool": True})
    assert answer()["do"] == "hold"  # it is still the same press
    pad.now = Sticks(done=True)
    until(lambda: answer()["do"] == "done")


@pytest.mark.parametrize("last", [Sticks(stop=True), None])
def test_the_button_stops_once_and_so_does_a_gamepad_that_is_gone(
    pad: Held, desk: PadDesk, last: Sticks | None
) -> None:
    world = World()
    desk.watch(world)
    pad.now = last
    until(lambda: world.stops)
    reads = pad.reads
    until(lambda: pad.closed or pad.reads > reads + 3)
    assert len(world.stops) == 1
    assert ("gone" if last is None else "button B") in world.stops[0]


@pytest.mark.serial
def test_the_button_ends_a_run_with_the_arm_stopped(pad: Held, desk: PadDesk) -> None:
    with emulate("so101") as arm:
        env = RobotEnv("so101", arm.port, "none", observation="telemetry", settle_s=0.0)

        def press(text: str) -> None:
            pad.now = Sticks(left=(0.0, 1.0))

        class Presses:
            """Lets go of the stick and presses the button once the arm moves."""

            def start(self, spec: Any) -> None: ...

            def step(self, record: Any, frame: Any) -> None:
                if record.applied["do"] == "twist":
                    pad.now = Sticks(left=(0.0, 1.0), stop=True)

            def finish(self, reason: str, summary: Any) -> None: ...

        session = Session(env, Gamepad(desk, press), operator_config({}), ready=desk.watch)
        flight = session.fly(listeners=[Presses()])
        assert arm.device.standing
        assert any(entry.kind == "move" for entry in arm.device.journal)
    assert flight.reason == "interrupted"
    assert "confirmed by read-back" in flight.summary["stop"]


def test_without_a_gamepad_it_says_so(run: Any) -> None:
    result = run(
        "operate", "--robot", "so101", "--port", "nowhere", "--camera", "none",
        "--pilot", "gamepad", "--yes",
    )  # fmt: skip
    assert result.status == 2
    assert "gamepad" in result.err
    assert "--pilot keys" in result.err or "pip install" in result.err


def test_a_pad_that_cannot_be_opened_is_told_where_it_was_asked_for() -> None:
    class Absent(Held):
        def open(self) -> str:
            raise InvalidSetting("no gamepad is there")

    with pytest.raises(InvalidSetting, match="no gamepad"):
        PadDesk(Absent())
