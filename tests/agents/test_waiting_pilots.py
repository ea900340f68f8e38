"""While a model is waited for, wherever it is, what was offered for that wait is done."""

from __future__ import annotations

import asyncio
import threading

from helmsight.agents.remote import Remote
from helmsight.agents.worker import Worker
from helmsight.contract.meanwhile import offer


class Answers:
    """Gives an answer that is waited for, in the wait."""

    def __init__(self) -> None:
        self.given = threading.Event()

    def give(self) -> None:
        self.given.set()


def test_a_model_in_this_process_is_waited_for_with_what_was_offered() -> None:
    answers = Answers()
    offer(answers.give)
    assert Worker(alone=True).call(lambda: answers.given.wait(600), 600.0)


def test_so_is_one_that_answers_over_the_network() -> None:
    answers = Answers()
    offer(answers.give)
    assert Remote().call(lambda: asyncio.to_thread(answers.given.wait, 600), 600.0)
