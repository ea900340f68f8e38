from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any

import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableMap, RunnablePassthrough

from helmsight.agents import caller, worker
from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.constrain import LOCAL, constraint, strict_schema
from helmsight.agents.decide import ModelPilot
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator
from helmsight.agents.worker import Worker
from helmsight.contract.clock import TimeRule
from helmsight.contract.pilot import Sighting
from helmsight.contract.timing import Timing

GOOD = '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}'


class Moody(BaseChatModel):
    """A chat model whose mood is a function: it answers, raises or dawdles."""

    mood: Any
    kind: str = "moody"

    @property
    def _llm_type(self):
        return self.kind

    def with_structured_output(self, schema, **how):
        """Bind it as LangChain's clients do; a moody one has no such thing."""
        if self.kind == "moody":
            raise NotImplementedError
        return RunnableMap(raw=self.bind(response_format=schema)) | RunnablePassthrough()

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        text = self.mood(kwargs)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])


def pilot_of(*answers, style=None, **options):
    model = ScriptedVLM(answers=list(answers), cycle=False)
    return ModelPilot(model, "scripted", style, **options)


def fly(world, pilot, steps=2, **options):
    return Operator(world(**options), pilot).fly(max_steps=steps)


@pytest.mark.parametrize(
    ("answers", "repairs", "forward"),
    [
        ([GOOD], {}, 1),
        (["```json\n{'forward': 100%}\n```"], {"local": 1}, 1),
        (["I am not sure.", GOOD], {"reask": 1}, 1),
        (["I am not sure.", "forward: 1"], {"reask": 1, "local": 1}, 1),
        (["I am not sure.", "Still not."], {"reask": 1, "unreadable": 1}, 0),
        ([""], {"reask": 1, "unreadable": 1}, 0),
        (['{"forward": NaN}', '{"forward": 7}'], {"reask": 1, "unreadable": 1}, 0),
    ],
)
def test_every_rung_of_the_ladder_is_counted_and_the_run_goes_on(world, answers, repairs, forward):
    flight = fly(world, pilot_of(*answers), steps=3)
    assert flight.records[0].repairs == repairs
    assert flight.records[0].applied["forward"] == forward
    assert flight.reason == "steps"
    assert len(flight.records) == 3


def test_what_stands_for_cannot_read_is_counted_flown_as_nothing_and_not_asked_again(world):
    style = AskingStyle(prompt="bundled", cannot="I cannot read that.")
    flight = fly(world, pilot_of("I cannot read that.", GOOD, style=style), steps=2)
    first, second = flight.records
    assert first.repairs == {"unreadable": 1}
    assert first.applied["forward"] == 0
    assert second.applied["forward"] == 1


def test_a_model_held_to_a_set_may_say_that_it_cannot_read(world):
    class Local(Moody):
        kind: str = LOCAL

    def held(style):
        pilot = ModelPilot(Local(mood=lambda _: GOOD), "local", style)
        pilot.reset(world().task, 0)
        return pilot._form["allowed"]

    without = held(AskingStyle(prompt="bundled"))
    assert held(AskingStyle(prompt="bundled", cannot="No.")) == (*without, "No.")


def test_the_model_is_told_why_its_answer_was_refused(world):
    pilot = pilot_of('{"forward": 7}', GOOD)
    fly(world, pilot, steps=1)
    assert "less than or equal to 1" in pilot.model.calls[1][-1].content
    assert pilot.model.calls[1][-2].content == '{"forward": 7}'


@pytest.fixture
def at_once(monkeypatch):
    """What may pass is asked again at once."""
    monkeypatch.setattr(caller, "WAITS", (0.0, 0.0, 0.0))


def test_a_model_that_fails_is_asked_again_and_is_an_error_on_record(world, at_once):
    def broken(kwargs):
        raise ConnectionResetError("the connection was reset")

    flight = fly(world, ModelPilot(Moody(mood=broken), "moody"))
    assert flight.records[0].repairs == {"retry": 3, "errors": 1}
    assert "ConnectionResetError: the connection was reset" in flight.records[0].raw
    assert [call["error"] for call in flight.records[0].calls] == [
        "ConnectionResetError: the connection was reset"
    ] * 4
    assert flight.reason == "steps"


def test_a_model_that_is_too_slow_is_an_error_and_does_not_hold_up_the_run(world):
    over = threading.Event()

    def slow(kwargs):
        over.wait()
        return GOOD

    flight = fly(world, ModelPilot(Moody(mood=slow), "moody", think_timeout_s=0.01))
    over.set()
    assert [r.repairs for r in flight.records] == [{"errors": 1}] * 2
    assert "TimeoutError" in flight.records[0].raw


def test_a_thread_without_work_ends(monkeypatch):
    monkeypatch.setattr(worker, "IDLE_S", 0.01)
    before = {*threading.enumerate()}
    calls = Worker()
    thread = calls.call(threading.current_thread, 600)
    assert thread not in before
    thread.join(600)
    assert not thread.is_alive()
    assert calls.call(lambda: 8, 60) == 8


def test_what_shares_one_processor_is_never_asked_twice_at_once():
    at_work, over = threading.Event(), threading.Event()
    calls, order = Worker(alone=True), []

    def slow():
        at_work.set()
        over.wait()
        order.append("slow")

    with pytest.raises(TimeoutError):
        calls.call(slow, 0.01)
    at_work.wait()
    with pytest.raises(TimeoutError):
        calls.call(lambda: order.append("given up before it began"), 0.01)
    over.set()
    calls.call(lambda: order.append("next"), 60)
    assert order == ["slow", "next"]


def test_a_worker_that_hung_is_replaced():
    calls, over = Worker(), threading.Event()
    with pytest.raises(TimeoutError):
        calls.call(over.wait, 0.01)
    assert calls.call(lambda: 7, 60) == 7
    over.set()


def test_a_provider_that_refuses_constraints_is_asked_freely_from_then_on(world):
    seen = []

    def strict(kwargs):
        seen.append("response_format" in kwargs)
        if "response_format" in kwargs:
            raise ValueError("response_format is not supported")
        return GOOD

    flight = fly(world, ModelPilot(Moody(mood=strict, kind="openai-chat"), "m"), steps=3)
    assert seen == [True, False, False, False]
    assert flight.summary["repairs"] == {}


def test_a_constrained_answer_is_counted_but_is_no_repair(world):
    pilot = ModelPilot(Moody(mood=lambda kwargs: GOOD, kind="chat-ollama"), "m")
    flight = fly(world, pilot)
    assert [record.repairs for record in flight.records] == [{"constrained": 1}] * 2
    assert flight.summary["repairs"] == {}


@pytest.mark.parametrize("answer", ["no idea", f"```json\n{GOOD}\n```"])
def test_an_answer_that_keeps_to_no_form_is_not_counted_as_constrained(world, answer):
    pilot = ModelPilot(Moody(mood=lambda kwargs: answer, kind="chat-ollama"), "m")
    (record,) = fly(world, pilot, steps=1).records
    assert "constrained" not in record.repairs
    assert record.repairs


def test_the_strict_schema_requires_every_field(world):
    schema = strict_schema(world().task.command)
    assert schema["required"] == ["forward", "right", "down", "duration"]
    assert constraint(Moody(mood=None), world().task.command, "brief") == {}


def texts(messages):
    for message in messages:
        if isinstance(message.content, str):
            yield message.content
        else:
            yield from (b["text"] for b in message.content if b["type"] == "text")


def test_the_prompt_of_a_frame_only_pilot_holds_no_numeric_telemetry(world):
    pilot = pilot_of(*[GOOD] * 5, style=AskingStyle(few_shot=3))
    env = world("frame+telemetry")
    flight = Operator(env, pilot).fly(seed=1, max_steps=5)
    commands = {env.task.command(**r.applied).text() for r in flight.records}
    for messages, record in zip(pilot.model.calls, flight.records, strict=True):
        answers = {m.content for m in messages if m.type == "ai"}
        text = "\n".join(t for t in texts(messages) if t not in answers)
        for said in (pilot.schema, *commands):
            text = text.replace(said, "")
        assert not re.search(r"\d", text), re.findall(r".*\d.*", text)
        for value in np.hstack(list(record.measures.values())):
            assert f"{value:.1f}" not in text


def test_a_pilot_with_telemetry_gets_it_named_with_units_and_frames(world):
    pilot = pilot_of(GOOD, style=AskingStyle(needs="frame+telemetry"))
    fly(world, pilot, steps=1)
    (*_, text) = texts(pilot.model.calls[0])
    assert "closing: 37.000 m/s (line of sight)" in text


def test_a_pilot_without_eyes_gets_no_pictures(world):
    pilot = pilot_of(GOOD, style=AskingStyle(needs="telemetry"))
    fly(world, pilot, steps=1, observation="telemetry")
    assert [b["type"] for b in pilot.model.calls[0][-1].content] == ["text"]
    assert not any("navball" in text for text in texts(pilot.model.calls[0]))


def test_the_pictures_come_before_the_words_whole_first(world):
    pilot = pilot_of(GOOD, style=AskingStyle(prompt="bundled", views=Views(size=16)))
    fly(world, pilot, steps=1)
    (message,) = pilot.model.calls[0]
    assert [b["type"] for b in message.content] == [*["image_url"] * 3, "text"]
    assert message.content[-1]["text"] == "Fly to the target. Answer the burn as JSON."


def test_what_was_clamped_and_flown_is_told_at_the_next_decision(world):
    pilot = pilot_of('{"forward": 1, "duration": 9}', GOOD)
    env = world()
    env.reset(seed=0)
    Operator(env, pilot).fly(max_steps=2)
    *_, text = texts(pilot.model.calls[1])
    assert "propellant: plenty" in text
    assert '"forward": 1' in text


def test_a_model_can_be_asked_for_the_relation_of_the_markers(world):
    pilot = pilot_of("upper right", style=AskingStyle(prompt="bundled"))
    env = world("frame")
    observation, _ = env.reset(seed=0)
    pilot.reset(env.task, 0)
    assert pilot.ask("bundled_relation", Sighting(observation, 0.0)) == "upper right"
    (text,) = texts(pilot.model.calls[0])
    assert text == "Where is the prograde marker from the target marker?"


def test_the_prompt_hash_follows_pictures_and_words(world):
    pilot = pilot_of(GOOD, GOOD, GOOD)
    pilot.reset(world().task, 0)
    frame = np.zeros((64, 64, 3), np.uint8)
    brighter = frame.copy()
    brighter[1, 2, 0] = 1
    hashes = [
        pilot.decide(Sighting({"frame": picture}, 0.0, notes=notes)).prompt_hash
        for picture, notes in ((frame, ()), (frame, ()), (brighter, ()), (frame, ("late",)))
    ]
    assert Counter(Counter(hashes).values()) == {2: 1, 1: 2}


def test_a_model_is_told_when_its_command_takes_effect_and_what_goes_on_until_then(world):
    pilot = pilot_of(GOOD, GOOD, GOOD)
    env = world()
    pilot.reset(env.task, 0)
    frame = np.zeros((64, 64, 3), np.uint8)
    last = env.task.command(forward=0.25)
    runner = TimeRule.parse("runner:1.4")
    for timing in (Timing(), Timing(runner, 1.4, 1.5, last), Timing(runner, 1.4, 1.4, None)):
        pilot.decide(Sighting({"frame": frame}, 0.0, timing=timing))
    waits, repeats, rests = ([*texts(call)][-1] for call in pilot.model.calls)
    assert "takes effect" not in waits
    assert "takes effect about 1.5 s after what you see here" in repeats
    assert f"Until then your last command goes on: {last.text()}" in repeats
    assert "takes effect about 1.4 s" in rests
    assert "Until then nothing is applied." in rests
