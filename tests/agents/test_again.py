"""What a model was sent is in the run's folder, to the last bit, and can be sent again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import HumanMessage

from helmsight.agents.again import answers_again, sent_in
from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import NotAsked
from helmsight.agents.inspection.eyes import AskingEyes
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator
from helmsight.contract.errors import RecordUnusable
from helmsight.contract.sent import Picture, Text, View, messages_in
from helmsight.contract.task import Example
from helmsight.tools.errors import FramesMissing
from helmsight.tools.folder import STEPS
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

GOOD = '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}'
EXAMPLE = Example(b"\x89PNG of an example", "image/png", "it is far", GOOD)


def pilot_of(*answers: str, **style: Any) -> ModelPilot:
    return ModelPilot(ScriptedVLM(answers=list(answers)), "scripted", AskingStyle(**style))


@pytest.fixture
def flown(world, tmp_path):
    """Return a function that records some steps and returns the run, the pilot and the task."""

    def fly(pilot: ModelPilot, steps: int = 3, frames: bool = True):
        env = world()
        object.__setattr__(env.task, "examples", (EXAMPLE,))
        recorder = Recorder(tmp_path / "run", frames=frames, video=False, page=False)
        Operator(env, pilot, listeners=[recorder]).fly(max_steps=steps)
        return load_run(tmp_path / "run"), pilot, env.task

    return fly


@pytest.mark.parametrize(
    "style",
    [
        {"few_shot": 1},
        {"few_shot": 1, "system_role": False},
        {"views": Views(size=48, names=("navball", "frame")), "needs": "frame+telemetry"},
        {"needs": "telemetry"},
        {"views": Views(size=48, jpeg=60)},
    ],
    ids=["examples", "no system role", "views", "telemetry", "JPEG"],
)
def test_what_is_sent_again_is_what_was_sent(flown, style):
    run, pilot, _ = flown(pilot_of("I do not know.", GOOD, GOOD, GOOD, **style))
    sent = list(sent_in(run))
    assert [each.exact for each in sent] == [True, True, True]
    model: Any = pilot.model
    first = [*model.calls[0]], [*model.calls[2]]  # the second was asked again about the first
    for each, messages in zip(sent, first, strict=False):
        again = each.rebuilt(local=False)
        assert [m.type for m in again] == [m.type for m in messages]
        assert [m.content for m in again] == [m.content for m in messages]


def test_a_text_that_comes_again_is_written_once_and_read_everywhere(flown):
    run, _, _ = flown(pilot_of(GOOD, few_shot=1), steps=4)
    lines = (run.folder / STEPS).read_text(encoding="utf-8").splitlines()
    system = messages_in(run.records[3].calls[0], "x")[0].text
    assert len(system) > 200
    opening = json.dumps(system, ensure_ascii=False)[1:60]
    assert [opening in line for line in lines] == [True, False, False, False]
    assert all(messages_in(r.calls[0], "x")[0].text == system for r in run.records)
    kinds = [type(part) for m in messages_in(run.records[2].calls[0], "x") for part in m.parts]
    assert kinds == [Text, Picture, Text, Text, View, View, View, Text]
    assert [path.read_bytes() for path in (run.folder / "pictures").iterdir()] == [EXAMPLE.image]


def test_every_request_of_a_step_is_kept_with_what_was_answered(flown):
    run, _, _ = flown(pilot_of("I do not know.", GOOD), steps=1)
    first, second = run.records[0].calls
    assert (first["purpose"], first["answer"]) == ("command", "I do not know.")
    roles = [message.role for message in messages_in(second, "x")]
    assert roles == ["system", "user", "assistant", "user"]
    assert second["answer"] == GOOD


def test_a_model_is_sent_the_messages_of_a_run_and_compared(flown):
    run, _, task = flown(pilot_of(GOOD, few_shot=1))
    other, told = pilot_of(GOOD.replace("1", "-1", 1)), list[bool]()
    pairs = answers_again(run, other, task, told.append)
    assert [command["forward"] for _, command in pairs] == [-1, -1, -1]
    assert told == [True] * 3
    model: Any = other.model
    assert [m.type for m in model.calls[0]] == ["system", "human", "ai", "human"]


@pytest.mark.slow
def test_a_run_that_goes_on_refers_to_the_texts_that_it_holds(flown, world, tmp_path):
    run, _, _ = flown(pilot_of(GOOD, few_shot=1))
    recorder = Recorder.resume(run.folder, video=False, page=False)
    env = world()
    Operator(env, pilot_of(GOOD, few_shot=1), listeners=[recorder]).fly(
        max_steps=5, past=run.records
    )
    lines = (run.folder / STEPS).read_text(encoding="utf-8").splitlines()
    assert '"same"' in lines[4]
    assert [each.exact for each in sent_in(load_run(run.folder))][:3] == [True] * 3


def test_what_was_not_recorded_is_told_of(flown, tmp_path):
    run, _, task = flown(pilot_of(GOOD, few_shot=1), frames=False)
    with pytest.raises(FramesMissing, match="step 0: its frame was not recorded"):
        answers_again(run, pilot_of(GOOD), task, lambda exact: None)
    for path in (run.folder / "pictures").iterdir():
        path.write_bytes(b"another")
    with pytest.raises(FramesMissing, match="is not in the run's folder, or is another one"):
        next(sent_in(run)).rebuilt(local=False)


def test_a_run_without_messages_cannot_be_asked_again(flown):
    run, _, task = flown(pilot_of(GOOD))
    for record in run.records:
        record.calls.clear()
    with pytest.raises(NotAsked, match=r"holds no messages to a model.*--as-asked"):
        answers_again(run, pilot_of(GOOD), task, lambda exact: None)


@pytest.mark.parametrize(
    "messages",
    [7, [7], [{"role": "king", "parts": []}], [{"role": "user", "parts": [{"text": 7}]}],
     [{"role": "user", "parts": [{"picture": "../../etc", "type": "image/png"}]}],
     [{"role": "user", "parts": [{"view": "x", "box": [1], "size": [1, 1], "type": "pixels"}]}]],
)  # fmt: skip
def test_messages_that_somebody_wrote_are_refused_with_the_step(messages):
    with pytest.raises(RecordUnusable, match="step 3 holds no messages"):
        messages_in({"messages": messages}, "step 3")


def test_what_was_made_out_of_a_frame_is_kept_itself(world):
    pilot = pilot_of("fine")
    pilot.answer_free("what is it?", np.full((8, 8, 3), 7, np.uint8), {}, cut=True)
    (call,) = pilot.taken()
    ((part, _),) = [message.parts for message in call.messages]
    pictures = AskingEyes(pilot).pictures()
    assert isinstance(part, Picture)
    assert list(pictures) == [part.picture]
    assert AskingEyes(pilot).pictures() == {}


def test_what_was_made_out_of_a_frame_is_kept_as_it_was_sent():
    pilot = pilot_of("fine", views=Views(jpeg=70))
    pilot.answer_free("what is it?", np.full((8, 8, 3), 7, np.uint8), {}, cut=True)
    ((part, _),) = [message.parts for message in pilot.taken()[0].messages]
    assert isinstance(part, Picture)
    assert part.type == "image/jpeg"
    assert pilot.pictures()[part.picture][:2] == b"\xff\xd8"


def test_a_plain_message_is_kept_by_its_text():
    from helmsight.agents.question import kept

    (message,) = kept([HumanMessage("well?")])
    assert message.to_dict() == {"role": "user", "parts": [{"text": "well?"}]}


def test_earlier_frames_are_found_again_by_their_times(flown):
    run, _, _ = flown(pilot_of(GOOD, history_frames=2, views=Views(size=40, names=("navball",))), 4)
    stamps = [record.stamp for record in run.records]
    sent = list(sent_in(run))
    assert [each.exact for each in sent] == [True] * 4
    views = [p for m in sent[3].messages for p in m.parts if isinstance(p, View)]
    assert [(view.view, view.stamp) for view in views] == [
        ("frame", stamps[1]), ("frame", stamps[2]), ("navball", None),
    ]  # fmt: skip
