"""The benchmark of recording, with few samples; how fast anything is, is no matter here."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def recording(load):
    return load("recording")


def test_the_pictures_of_a_flight_differ(recording):
    steps = list(recording.flown(recording.world(), 3, start=2))
    assert [record.index for record, _ in steps] == [2, 3, 4]
    assert not np.array_equal(steps[0][1], steps[1][1])


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize("kind", ["frames and video", "frames", "telemetry"])
def test_a_step_is_timed_with_room_and_without(recording, kind):
    room, full = (
        recording.with_room(kind, 10),
        recording.at_full_speed(kind, recording.FRAMES_WAITING + 2),
    )
    assert (room.n, full.n) == (10, 2)
    assert room.asked == recording.KINDS[kind]
    assert full.asked is None


@pytest.mark.slow
@pytest.mark.uncounted
def test_work_is_timed_alone_and_beside(recording):
    assert [one.n for one in recording.beside(32)] == [32, 32, 2]


@pytest.mark.slow
@pytest.mark.uncounted
def test_flights_side_by_side_lose_nothing(recording):
    steps, frames, times = recording.side_by_side(2, 20)
    assert (steps.p99, frames.p99) == (0, 0)
    assert steps.held
    assert frames.held
    assert times.n == 40


@pytest.mark.slow
def test_a_frame_that_is_not_read_back_is_lost(recording, tmp_path, monkeypatch):
    monkeypatch.setattr("helmsight.tools.player.Run.frames", lambda run: iter(()))
    told = recording.fly(tmp_path / "run", 3)
    assert (told["steps_lost"], told["frames_lost"]) == (0, 3)
    assert json.dumps(told)
