"""What a pilot is told of the time: from the rule, what was recorded, and the last command."""

from __future__ import annotations

import pytest

from helmsight.contract.clock import TimeRule
from helmsight.contract.record import StepRecord
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.command import BurnCommand

LAST = BurnCommand(forward=1.0, right=0.0, down=0.0, duration=0.5)


def record(think_ms=0.0, lag=0.0, repairs=None):
    return StepRecord(
        index=0, stamp=0.0, sense_ms=0.0, think_ms=think_ms, act_ms=0.0, prompt_hash="", raw="",
        wanted=None, applied={}, repairs=repairs or {}, clamped=[], late=False, relations=[],
        measures={}, lag=lag,
    )  # fmt: skip


def expected(rule, records=(), last=LAST, *, repeats=True):
    return Timing.expected(TimeRule.parse(rule), list(records), last, repeats=repeats)


SLOW = [record(think_ms=ms, lag=2.0) for ms in (9000.0, 600.0, 700.0, 800.0)]


def test_without_being_told_a_pilot_reckons_with_a_world_that_waits():
    assert (str(Timing().rule), Timing().latency_s, Timing().meanwhile) == ("paused", 0.0, None)
    assert Timing().applied_s(0.5) == 0.5


@pytest.mark.parametrize(
    ("rule", "think", "latency", "applied"),
    [("paused", 0.0, 0.0, 0.5), ("fixed:1.2", 1.2, 1.2, 1.7), ("measured", 0.75, 0.75, 1.25),
     ("runner", 0.75, 1.0, 1.0), ("runner:0", 0.0, 0.5, 0.5), ("runner:1.4", 1.4, 1.5, 1.5),
     ("realtime", 2.0, 2.0, 2.5)],
)  # fmt: skip
def test_the_latency_is_the_rules_with_the_usual_think_time(rule, think, latency, applied):
    timing = expected(rule, SLOW)
    assert (timing.think_s, timing.latency_s) == pytest.approx((think, latency))
    assert timing.applied_s(0.5) == pytest.approx(applied)
    assert timing.meanwhile is LAST
    assert str(timing.rule) == rule


def test_a_first_decision_is_expected_to_take_no_time_and_nothing_is_applied_meanwhile():
    for rule in ("measured", "runner"):
        timing = expected(rule, [], None)
        assert (timing.latency_s, timing.meanwhile) == (0.0, None)
    assert expected("runner:0.7", [], None).latency_s == 0.7


def test_where_the_world_lets_go_while_a_pilot_thinks_nothing_is_applied():
    timing = expected("fixed:1", repeats=False)
    assert timing.meanwhile is None
    assert timing.applied_s(0.5) == 0.5
    assert expected("runner:1", repeats=False).meanwhile is LAST  # a runner always repeats


def test_the_boundary_is_that_of_the_command_that_runs():
    long = LAST.model_copy(update={"duration": 3.0})
    assert expected("runner:0.7", last=long).latency_s == 3.0
    assert expected("runner:0.7", last=long).applied_s(0.5) == 1.0


def test_the_last_nine_decisions_count_and_refused_ones_do_not():
    old = [record(think_ms=9999.0)] * 20
    new = [record(think_ms=100.0)] * 5
    refused = [record(repairs={"stale": 1})] * 4
    assert expected("measured", old + new + refused).think_s == pytest.approx(0.1)
    assert expected("measured", refused).think_s == 0.0
