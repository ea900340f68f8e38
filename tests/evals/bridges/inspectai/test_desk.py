"""Threads that ask, tasks that answer, and how either ends the other."""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import Any

import anyio
import pytest
from inspect_ai.model import ChatMessage, ChatMessageUser, ModelOutput

from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.evals.bridges.inspectai.desk import AtDesk, Desk

pytestmark = pytest.mark.slow  # Inspect takes seconds to import


class Echo:
    """A model that says what it is told, in the task of the sample."""

    async def generate(self, messages: list[ChatMessage]) -> ModelOutput:
        return ModelOutput.from_content("echo", messages[-1].text)


class Failing:
    """A model whose provider is gone."""

    async def generate(self, messages: list[ChatMessage]) -> ModelOutput:
        raise ConnectionError("gone")


class Silent:
    """A model that never answers; `asked` is set when it was asked."""

    def __init__(self) -> None:
        self.asked = anyio.Event()

    async def generate(self, messages: list[ChatMessage]) -> ModelOutput:
        self.asked.set()
        await anyio.sleep_forever()
        raise AssertionError


class Asker:
    """A pilot that asks its desk and keeps what it heard."""

    name = "asker"
    needs: ObservationMode = "frame"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.heard: list[Any] = []

    def reset(self, task: Any, seed: int) -> None:
        """Nothing to forget."""

    def decide(self, sighting: Sighting) -> Decision:
        try:
            self.heard.append(self.desk.ask([ChatMessageUser(content="hello")]).completion)
        except Exception as error:  # as pilots do, who go on without an answer
            self.heard.append(type(error))
        return Decision(None)


async def flown(model: Any, cancel_when: anyio.Event | None = None) -> Asker:
    """Let a pilot decide three times, or until its desk ends it; return the pilot."""
    desk = Desk(model)
    asker = Asker(desk)
    pilot = AtDesk(asker, desk)

    def work() -> None:
        for _ in range(3):
            pilot.decide(Sighting({}, 0.0))

    async with anyio.create_task_group() as group:
        group.start_soon(desk.run, work)
        if cancel_when is not None:
            await cancel_when.wait()
            group.cancel_scope.cancel()
    return asker


def test_what_a_thread_asks_is_answered_in_the_task_of_the_sample() -> None:
    assert anyio.run(flown, Echo()).heard == ["hello"] * 3


def test_an_error_of_the_model_ends_the_work_and_is_raised_in_the_task() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        anyio.run(flown, Failing())
    (error,) = caught.value.exceptions
    assert isinstance(error, ConnectionError)


def test_a_cancelled_sample_ends_its_work_although_a_question_is_open() -> None:
    async def cancelled() -> Asker:
        silent = Silent()
        return await flown(silent, silent.asked)

    assert anyio.run(cancelled).heard == [CancelledError]


def test_who_asks_after_the_end_is_told_so_and_does_not_wait() -> None:
    async def late() -> list[Any]:
        echo: Any = Echo()
        desk = Desk(echo)
        await desk.run(lambda: None)
        asker = Asker(desk)
        await anyio.to_thread.run_sync(asker.decide, Sighting({}, 0.0))
        return asker.heard

    assert anyio.run(late) == [anyio.BrokenResourceError]
