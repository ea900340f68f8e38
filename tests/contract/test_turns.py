"""Jobs that take turns: who is served when, what goes wrong in one of them, and giving up."""

import threading
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


def test_what_a_job_raises_ends_all_and_no_thread_is_left():
    given_up, before = [], set(threading.enumerate())
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
    assert set(threading.enumerate()) <= before  # those of others may end meanwhile


def test_jobs_are_given_up_when_nobody_wants_their_results_any_more():
    before = set(threading.enumerate())
    turns: Turns[Any] = Turns({"wait": list})

    def endless():
        while True:
            turns.ask("wait", None)

    rows = turns.run([lambda: "first", endless])
    assert next(rows) == (0, "first")
    rows.close()
    assert set(threading.enumerate()) <= before  # those of others may end meanwhile
