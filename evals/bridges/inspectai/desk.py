"""Where an episode in a thread asks a model of Inspect, and how either ends the other."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import anyio
from anyio import from_thread, to_thread
from anyio.abc import TaskGroup
from inspect_ai.model import ChatMessage, Model, ModelOutput

from helmsight.contract.pilot import Decision, Pilot, Sighting
from helmsight.contract.task import Task


class Desk:
    """Runs the work of a sample in a thread, and asks `model` for it in the sample's own task.

    So the model's calls are in the sample's transcript and within its limits. What a call raises
    ends the work, and is raised in the task: Inspect retries what can be retried by itself. A
    sample that is cancelled ends the work at its next decision.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._token = anyio.lowlevel.current_token()
        self._put, self._taken = anyio.create_memory_object_stream[
            tuple[list[ChatMessage], Future[ModelOutput]]
        ](math.inf)

    @property
    def ended(self) -> bool:
        """Whether the work has to end: the sample was cancelled, or the model failed."""
        return self._ended.is_set()

    def ask(self, messages: list[ChatMessage]) -> ModelOutput:
        """Return the model's answer; called in the thread.

        Raises:
            Exception: what the call raised; the desk is closed, or is about to be.
        """
        done: Future[ModelOutput] = Future()
        from_thread.run_sync(self._put.send_nowait, (messages, done), token=self._token)
        return done.result()

    async def run(self, work: Callable[[], None]) -> None:
        """Do the work; it is over when this returns or raises.

        Raises:
            Exception: what the model or the work raised.
        """

        def interruptible() -> None:
            with suppress(KeyboardInterrupt):  # would end the event loop
                work()

        async with anyio.create_task_group() as group:
            group.start_soon(self._serve, group)
            # a thread that no other sample waits for; it is never left behind
            await to_thread.run_sync(interruptible, limiter=anyio.CapacityLimiter(1))
            group.cancel_scope.cancel()
        if self._error is not None:
            raise self._error

    async def _serve(self, group: TaskGroup) -> None:
        try:
            async for messages, done in self._taken:
                group.start_soon(self._answer, messages, done)
        finally:
            self._ended.set()
            with suppress(anyio.WouldBlock, anyio.EndOfStream):
                while True:
                    self._taken.receive_nowait()[1].cancel()
            self._taken.close()

    async def _answer(self, messages: list[ChatMessage], done: Future[ModelOutput]) -> None:
        try:
            done.set_result(await self._model.generate(messages))
        except Exception as error:
            self._error = self._error or error
            self._ended.set()
            done.set_exception(error)
        except BaseException:
            self._ended.set()
            done.cancel()
            raise


class AtDesk:
    """A pilot whose episode ends when its desk says so."""

    def __init__(self, pilot: Pilot, desk: Desk) -> None:
        self._pilot, self._desk = pilot, desk
        self.name, self.needs = pilot.name, pilot.needs

    def reset(self, task: Task, seed: int) -> None:
        """Begin an episode."""
        self._pilot.reset(task, seed)

    def decide(self, sighting: Sighting) -> Decision:
        """Answer what the pilot does.

        Raises:
            KeyboardInterrupt: the episode is over.
        """
        decision = Decision(None) if self._desk.ended else self._pilot.decide(sighting)
        if self._desk.ended:
            raise KeyboardInterrupt
        return decision

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pilot, name)
