"""A loop that runs away is slowed down; what people do is not."""

from __future__ import annotations

from helmsight.hardware.frame_pace import BURST, RATE_HZ, FramePace


class Clock:
    """Seconds that pass while something sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_a_loop_that_runs_away_is_held_to_the_rate() -> None:
    clock = Clock()
    pace = FramePace(lambda: clock.now, clock.sleep)
    for _ in range(20_000):
        pace.wait()
    assert abs((clock.now - 100.0) - (20_000 - BURST) / RATE_HZ) < 0.01
    assert max(clock.slept) <= 1.001 / RATE_HZ  # a stop in the flood is late by one frame's share


def test_a_loop_of_a_kilohertz_with_four_frames_a_turn_never_waits() -> None:
    clock = Clock()
    pace = FramePace(lambda: clock.now, clock.sleep)
    for _ in range(5_000):
        assert not any(pace.wait() for _ in range(4))
        clock.now += 1e-3


def test_a_burst_after_a_rest_does_not_wait() -> None:
    clock = Clock()
    pace = FramePace(lambda: clock.now, clock.sleep)
    for _ in range(3):
        assert not any(pace.wait() for _ in range(int(BURST)))
        assert pace.wait()
        clock.now += 1.0
