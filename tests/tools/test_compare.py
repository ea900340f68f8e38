from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import BurnCommand
from helmsight.tools.compare import compare, observations
from helmsight.tools.errors import FramesMissing
from helmsight.tools.player import load_run

TASK = Task("PE1-E1-I3", "capture", BurnCommand)
RECORDED = BurnCommand(forward=0.5, right=0.0, down=-0.2)


@dataclass
class Asked:
    """A pilot that answers by a function of the step it is asked at and remembers the sightings."""

    answer: Callable[[int], BurnCommand | None]
    needs: ObservationMode = "frame"
    name: str = "asked"

    def reset(self, task: Task, seed: int) -> None:
        self.task, self.seed = task, seed
        self.seen: list[Sighting] = []

    def decide(self, sighting: Sighting) -> Decision:
        self.seen.append(sighting)
        return Decision(self.answer(len(self.seen) - 1))


def test_the_same_answers_are_all_equal(fly):
    result = compare(load_run(fly()), Asked(lambda i: RECORDED), TASK)
    assert (result.steps, result.answered, result.equal) == (6, 6, 1.0)
    assert result.largest == []
    assert result.axes["forward"].largest == 0


def test_differences_are_measured_per_axis_and_listed_largest_first(fly):
    def answer(index: int) -> BurnCommand:
        return RECORDED.model_copy(update={"forward": 0.5 - 0.1 * index})

    result = compare(load_run(fly()), Asked(answer), TASK)
    assert result.equal == pytest.approx(1 / 6)
    assert result.axes["forward"].largest == pytest.approx(0.5)
    assert result.axes["forward"].median == pytest.approx(0.25)
    assert result.axes["right"].equal == 1
    assert [step.index for step in result.largest] == [5, 4, 3, 2, 1]
    assert json.loads(json.dumps(result.to_dict()))["largest"][0]["other"]["forward"] == 0


def test_steps_without_an_answer_are_counted_apart(fly):
    folder = fly(change=lambda index: {"wanted": None} if index == 0 else {})
    result = compare(load_run(folder), Asked(lambda i: None if i > 3 else RECORDED), TASK)
    assert (result.silent_recorded, result.silent_other, result.answered) == (1, 2, 3)
    assert result.equal == 1
    nothing = compare(load_run(folder), Asked(lambda i: None), TASK)
    assert (nothing.equal, nothing.axes) == (None, {})


def test_a_pilot_is_shown_the_recorded_frame_and_history_and_no_telemetry(fly, frame):
    pilot = Asked(lambda i: RECORDED)
    compare(load_run(fly()), pilot, TASK, limit=4)
    assert len(pilot.seen) == 4
    assert (pilot.task, pilot.seed) == (TASK, 3)
    for index, sighting in enumerate(pilot.seen):
        assert set(sighting.observation) == {"frame"}
        assert np.array_equal(sighting.observation["frame"], frame(index))
        assert sighting.history == (RECORDED,) * min(index, 2)
    assert pilot.seen[0].relations == ("the prograde marker is left of the target marker",)


def test_a_pilot_that_needs_telemetry_gets_it_in_order(fly):
    run = load_run(fly(frames=False))
    shown = list(observations(run, "telemetry", 15))
    assert len(shown) == 6
    assert shown[2][1]["telemetry"].tolist() == [1.0, 6685.0, 1198.0, *range(12)]


def test_a_run_without_what_the_pilot_needs_says_so(fly):
    run = load_run(fly(frames=False, change=lambda index: {"measures": {}}))
    for needs in ("frame", "telemetry", "frame+telemetry"):
        with pytest.raises(FramesMissing, match="needs"):
            compare(run, Asked(lambda i: RECORDED, needs=needs), TASK)


def test_a_recording_that_lost_its_frames_is_compared_up_to_there(fly):
    folder = fly(steps=3)
    lines = (folder / "steps.jsonl").read_bytes()
    extra = lines.splitlines()[-1].replace(b'"index":2', b'"index":3')
    (folder / "steps.jsonl").write_bytes(lines + extra + b"\n")
    result = compare(load_run(folder), Asked(lambda i: RECORDED), TASK)
    assert result.steps == 3


def test_a_pilot_is_told_the_timing_that_the_run_had(fly):
    pilot = Asked(lambda i: RECORDED)
    run = load_run(fly())
    run.spec.options.update(time="runner:0.7", hold="repeat")
    compare(run, pilot, TASK)
    first, second, *_ = (sighting.timing for sighting in pilot.seen)
    assert (first.latency_s, first.meanwhile) == (0.7, None)
    assert (second.latency_s, second.meanwhile) == (1.0, RECORDED)
