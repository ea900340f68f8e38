"""Jobs that take turns: who is served when, what goes wrong in one of them, giving up."""

import signal
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from helmsight.contract.turns import Turns


def test_questions_of_all_jobs_are_served_at_once_in_the_order_of_the_jobs():
    seen = []

    def double(numbers):
        seen.append(list(numbers))
        return [2 * number for number in numbers]

    turns: Turns[Any] = Turns({"double": double})

    def job(number):
        return turns.ask("double", turns.ask("double", number))

    ended = dict(turns.run([partial(job, n) for n in range(4)]))
    assert seen == [[0, 1, 2, 3], [0, 2, 4, 6]]
    assert ended == {0: 0, 1: 4, 2: 8, 3: 12}


def test_a_kind_that_comes_first_is_served_before_the_others_go_on():
    seen = []

    def serve(kind):
        def answer(questions):
            seen.append((kind, list(questions)))
            return list(questions)

        return answer

    turns: Turns[Any] = Turns({"move": serve("move"), "ask": serve("ask")})

    def late():
        turns.ask("move", "late")
        turns.ask("ask", "late")

    assert len(list(turns.run([lambda: turns.ask("ask", "early"), late]))) == 2
    assert seen == [("move", ["late"]), ("ask", ["early", "late"])]


def test_what_serving_raises_is_raised_where_it_was_asked_for():
    def refuse(questions):
        raise ValueError("no")

    turns: Turns[Any] = Turns({"no": refuse, "yes": list})

    def careful():
        try:
            return turns.ask("no", 1)
        except ValueError as error:
            return f"{error}, then {turns.ask('yes', 2)}"

    assert dict(turns.run([careful, lambda: turns.ask("yes", 3)])) == {0: "no, then 2", 1: 3}


def test_what_a_job_raises_ends_all():
    given_up = []
    turns: Turns[Any] = Turns({"wait": list})

    def patient():
        try:
            while True:
                turns.ask("wait", None)
        except KeyboardInterrupt:
            given_up.append(True)
            raise

    def broken():
        turns.ask("wait", None)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        list(turns.run([patient, broken, patient]))
    assert given_up == [True, True]


def test_jobs_are_given_up_when_nobody_wants_their_results_any_more():
    given_up = []
    turns: Turns[Any] = Turns({"wait": list})

    def endless():
        try:
            while True:
                turns.ask("wait", None)
        finally:
            given_up.append(True)

    rows = turns.run([endless, lambda: "first", endless])
    assert next(rows) == (1, "first")
    rows.close()
    assert given_up == [True]  # the last one had not begun


def test_ctrl_c_in_one_job_reaches_who_waits_for_them_and_gives_the_others_up():
    given_up = []
    turns: Turns[Any] = Turns({"wait": list})

    def patient():
        try:
            turns.ask("wait", None)
        except KeyboardInterrupt:
            given_up.append(True)
            raise

    with pytest.raises(KeyboardInterrupt):
        list(turns.run([patient, lambda: signal.raise_signal(signal.SIGINT)]))
    assert given_up == [True]


def test_every_job_has_a_context_of_its_own():
    mine: ContextVar[int] = ContextVar("mine", default=-1)
    turns: Turns[Any] = Turns({"wait": list})

    def job(number):
        before = mine.get()
        mine.set(number)
        turns.ask("wait", None)
        return before, mine.get()

    mine.set(7)
    assert dict(turns.run([partial(job, n) for n in range(3)])) == {n: (-1, n) for n in range(3)}
    assert mine.get() == 7


def test_a_job_may_have_jobs_that_take_turns():
    outer: Turns[Any] = Turns({"outer": list})

    def job(number):
        inner: Turns[Any] = Turns({"inner": list})

        def within(letter):
            return inner.ask("inner", letter)

        letters = dict(inner.run([partial(within, letter) for letter in "ab"]))
        return outer.ask("outer", number), letters

    ended = dict(outer.run([partial(job, n) for n in range(2)]))
    assert ended == {n: (n, {0: "a", 1: "b"}) for n in range(2)}


def test_only_a_job_asks():
    turns: Turns[Any] = Turns({"wait": list})
    with pytest.raises(RuntimeError, match="job"):
        turns.ask("wait", None)
