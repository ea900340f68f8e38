"""Asking a model within a time, and again where that can help; every request is kept count of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from helmsight.agents.answers import Answer, answer_in, answer_of, filtered
from helmsight.agents.constrain import LOCAL
from helmsight.agents.errors import ModelRefused, NoAnswer
from helmsight.agents.faults import Fault, fault_of, streams
from helmsight.agents.models.prices import Price, priced
from helmsight.agents.remote import Remote
from helmsight.agents.worker import Here, Worker
from helmsight.contract.calls import Call, counted

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

WAITS = (0.5, 1.0, 2.0)
"""Seconds before the same request is made again, one after another."""


class Caller:
    """Asks one model. `calls` are the requests since they were last taken.

    `price`: of its tokens. `here`: in the caller's thread, once and for as long as it takes, for a
    model that answers many at once: whoever answers for it asks again.
    """

    def __init__(
        self, model: BaseChatModel, name: str, *, price: Price | None = None, here: bool = False
    ) -> None:
        self.model, self.name, self.price = model, name, price
        self.local = model._llm_type == LOCAL
        # given answers cost nothing
        self._counts = not self.local and not getattr(model, "remembers", False)
        self.calls: list[Call] = []
        self._worker: Worker | Here = Here() if here else Worker(alone=self.local)
        self._awaited = None if here or not _awaitable(model) else Remote()
        self._answered = False
        self._asked = Call()  # what a record keeps of the request that is being made
        self._waits: tuple[float, ...] = () if here else WAITS
        self._not_before = 0.0  # until when the provider wants to be left alone
        self.takes_form = True

    def taken(self) -> tuple[Call, ...]:
        """Return the requests since this was last called."""
        taken, self.calls = tuple(self.calls), []
        return taken

    def ask(
        self,
        messages: Sequence[BaseMessage],
        timeout_s: float,
        counts: Counter[str],
        form: Mapping[str, Any] | None = None,
        purpose: str = "",
        **room: Any,
    ) -> Answer:
        """Return the model's answer, asked again after what may pass, within `timeout_s` seconds.

        `form` holds the answer to a form; a provider that refuses it is asked without from then on.
        `counts` is told of requests that were made again (`retry`) and of an answer that was held
        to the form (`constrained`). `purpose` is what the record says the question was for.

        Raises:
            ModelRefused: it will not answer however often it is asked.
            NoAnswer: none came in time.
        """
        from helmsight.agents.question import kept

        deadline, said = time.monotonic() + timeout_s, ""
        self._asked = Call(purpose=purpose, messages=kept(messages))
        waits = iter(self._waits)
        while True:
            self._wait_until(self._not_before, deadline)
            came = self._try(messages, deadline, counts, form or {}, room)
            if isinstance(came, Answer):
                return came
            said = came.said
            if not came.passing:
                said = said.rstrip(".")
                raise ModelRefused(
                    f'the model "{self.name}" does not answer: {said}; {came.change}'
                )
            wait_s = next(waits, self._waits[-1] if came.starting and self._waits else None)
            again = time.monotonic() + (wait_s or 0.0)
            if came.wait_s is not None:
                self._not_before = time.monotonic() + came.wait_s
            if wait_s is None or again >= deadline:
                break
            self._wait_until(again, deadline)
            counts["retry"] += 1
        raise NoAnswer(said)

    def _try(
        self, messages: Sequence[BaseMessage], deadline: float, counts: Counter[str],
        form: Mapping[str, Any], room: Mapping[str, Any],
    ) -> Answer | Fault:  # fmt: skip
        """Make a request, with the form and, if it is that which is refused, without."""
        held = bool(form) and self.takes_form
        found = self._once(messages, deadline, {**form, **room} if held else room, held=held)
        if isinstance(found, Answer):
            counts["constrained"] += held
            return found
        if not (held and found.about_form):
            return found
        free = self._once(messages, deadline, room)
        if isinstance(free, Answer):
            self.takes_form = False
        return free

    def _once(
        self, messages: Sequence[BaseMessage], deadline: float, room: Mapping[str, Any],
        *, held: bool = False,
    ) -> Answer | Fault:  # fmt: skip
        """Make one request."""
        left = deadline - time.monotonic()
        if left <= 0:
            return Fault("no time is left for another answer", passing=True)
        try:
            answer = answer_of(self._message(list(messages), left, room))
        except Exception as error:  # whatever a client raises
            if streams(error) and getattr(self.model, "streaming", True) is False:
                self.model.streaming = True  # type: ignore[attr-defined]
                return self._once(messages, deadline, room, held=held)
            fault = fault_of(error, local=self.local, answered=self._answered)
            inside = filtered(fault.said) if fault.filtered else answer_in(error)
            if inside is None:
                self.calls.append(replace(self._asked, error=fault.said, held=held))
                return fault
            answer = inside
        self._answered = True
        asked = self._asked
        call = replace(
            answer.call,
            purpose=asked.purpose,
            messages=asked.messages,
            answer=answer.text,
            held=held,
        )
        self.calls.append(priced(counted(call) if self._counts else call, self.price))
        return answer

    def _message(self, messages: list[BaseMessage], left: float, room: Mapping[str, Any]) -> Any:
        if self._awaited is not None:
            return self._awaited.call(lambda: self.model.ainvoke(messages, **room), left)
        if isinstance(self._worker, Worker) and self.local:
            room = {**room, "patience_s": left}
        return self._worker.call(lambda: self.model.invoke(messages, **room), left)

    def _wait_until(self, moment: float, deadline: float) -> None:
        """Wait for a moment.

        Raises:
            NoAnswer: it comes after the deadline, so that waiting for it would be in vain.
        """
        left = moment - time.monotonic()
        if left <= 0:
            return
        if moment >= deadline:
            raise NoAnswer(f"the provider asks to be left alone for {left:.0f} s more")
        time.sleep(left)


def _awaitable(model: BaseChatModel) -> bool:
    """Whether a model can be awaited, so that a request can be cancelled."""
    from langchain_core.language_models import BaseChatModel

    plain = BaseChatModel._agenerate
    return getattr(type(model), "_agenerate", plain) is not plain
