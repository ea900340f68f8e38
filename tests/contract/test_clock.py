"""Time rules: what they are called, and how many world seconds a thought takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.clock import Clock, TimeRule
from helmsight.contract.errors import InvalidOption


class Watch:
    """A wall clock that stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def clock_of(rule):
    watch = Watch()
    return Clock(TimeRule.parse(rule), now=watch), watch


@pytest.mark.parametrize("text", ["paused", "measured", "realtime", "fixed:0", "fixed:1.5"])
def test_a_rule_prints_as_it_was_written(text):
    assert str(TimeRule.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "fast", "fixed", "fixed:", "fixed:x", "fixed:-1", "fixed:nan", "fixed:inf", "paused:1",
     "measured:2", "Paused", "fixed:1:2"],
)  # fmt: skip
def test_an_unknown_rule_is_refused_with_the_choices(text):
    with pytest.raises(InvalidOption, match="paused, measured, realtime or fixed:SECONDS"):
        TimeRule.parse(text)


@given(st.text(max_size=12))
def test_any_text_is_a_rule_or_refused(text):
    try:
        rule = TimeRule.parse(text)
    except InvalidOption:
        return
    assert rule.kind == text.partition(":")[0]


@given(st.floats(min_value=0.0, max_value=1e6))
def test_fixed_seconds_are_read_exactly(seconds):
    assert TimeRule.parse(f"fixed:{seconds!r}") == TimeRule("fixed", seconds)


@given(spent=st.floats(0.0, 1e4), rule=st.sampled_from(["paused", "fixed:2.5"]))
def test_paused_and_fixed_do_not_look_at_the_wall_clock(spent, rule):
    clock, watch = clock_of(rule)
    clock.observed()
    watch.seconds += spent
    clock.thought(spent)
    assert clock.lag() == {"paused": 0.0, "fixed:2.5": 2.5}[rule]


@given(spent=st.floats(0.0, 1e4), reported=st.floats(0.0, 1e4))
def test_measured_counts_the_reported_thought_and_else_the_time_since_the_observation(
    spent, reported
):
    clock, watch = clock_of("measured")
    clock.observed()
    watch.seconds += spent
    assert clock.lag() == pytest.approx(spent)
    clock.thought(reported)
    assert clock.lag() == reported
    assert clock.lag(thought=0.25) == 0.25


def test_a_report_counts_for_one_decision_only():
    clock, watch = clock_of("measured")
    clock.observed()
    clock.thought(9.0)
    clock.observed()
    watch.seconds += 0.5
    assert clock.lag() == 0.5


def test_a_negative_thought_counts_as_none():
    clock, _ = clock_of("measured")
    clock.thought(-3.0)
    assert clock.lag() == 0.0


def test_realtime_counts_everything_since_the_observation():
    clock, watch = clock_of("realtime")
    clock.observed()
    watch.seconds += 2.0
    clock.thought(0.5)
    assert clock.lag() == 2.0


@pytest.mark.parametrize(
    ("rule", "slept"), [("paused", []), ("fixed:1", []), ("measured", []), ("realtime", [0.5])]
)
def test_only_realtime_paces_the_world(monkeypatch, rule, slept):
    naps: list[float] = []
    monkeypatch.setattr("helmsight.contract.clock.time.sleep", naps.append)
    clock, _ = clock_of(rule)
    clock.pace(0.5)
    clock.pace(0.0)
    assert naps == slept
