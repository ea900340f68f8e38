"""Time rules: what they are called, and how many world seconds a thought takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.clock import RULES, Clock, ClockRules, TimeRule, hold_rule, repeats
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


@pytest.mark.parametrize(
    "text",
    ["paused", "measured", "runner", "realtime", "fixed:0", "fixed:1.5", "runner:0", "runner:0.7"],
)
def test_a_rule_prints_as_it_was_written(text):
    assert str(TimeRule.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "fast", "fixed", "fixed:", "fixed:x", "fixed:-1", "fixed:nan", "fixed:inf", "paused:1",
     "measured:2", "Paused", "fixed:1:2", "runner:", "runner:-1", "runner:x", "runner:inf",
     "fixed:1000001", "fixed:1e300", "runner:1e9"],
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


@pytest.mark.parametrize(
    ("think", "duration", "times"),
    [(0.0, 0.5, 1), (0.05, 0.5, 1), (0.5, 0.5, 1), (0.51, 0.5, 2), (0.7, 0.5, 2), (1.4, 0.5, 3),
     (1.4, 10.0, 1), (0.6, 0.2, 3), (0.55, 0.05, 11), (0.3, 0.1, 3)],
)  # fmt: skip
def test_a_runner_repeats_the_last_command_until_the_first_boundary_after_the_answer(
    think, duration, times
):
    assert repeats(think, duration) == times


@given(think=st.floats(0.0, 60.0), duration=st.floats(0.02, 10.0))
def test_the_wait_of_a_runner_is_whole_durations_and_no_more_than_one_too_long(think, duration):
    times = repeats(think, duration)
    assert times >= 1
    assert times * duration >= think * (1.0 - 1e-6) - 1e-6 * duration
    assert times == 1 or (times - 1) * duration < think


def test_a_runner_waits_for_nothing_before_there_is_a_command_and_then_for_its_boundary():
    clock, _ = clock_of("runner")
    clock.thought(0.7)
    assert clock.lag() == 0.7
    clock.runs(0.5)
    assert clock.lag() == 1.0
    clock.runs(2.0)  # the duration is that of the command that runs, not of the one that comes
    assert clock.lag() == 2.0
    clock.runs(None)
    assert clock.lag() == 0.7


def test_a_runner_of_given_seconds_does_not_look_at_the_wall_clock():
    clock, watch = clock_of("runner:0.3")
    clock.runs(0.2)
    watch.seconds += 50.0
    assert clock.lag() == pytest.approx(0.4)
    clock.thought(9.0)
    assert clock.lag() == pytest.approx(0.4)


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan"), float("inf")])
def test_a_runner_cannot_repeat_a_command_without_a_duration(duration):
    clock, _ = clock_of("runner")
    with pytest.raises(InvalidOption, match=r"duration=.*time=runner.*more than 0 seconds"):
        clock.runs(duration)
    clock_of("measured")[0].runs(duration)  # nobody repeats it


def test_a_runner_cannot_coast_while_its_pilot_thinks():
    assert hold_rule("coast", TimeRule.parse("measured")) == "coast"
    with pytest.raises(InvalidOption, match=r"hold='coast'.*time=runner.*choose repeat"):
        hold_rule("coast", TimeRule.parse("runner"))


def test_a_world_that_cannot_keep_a_rule_names_those_that_it_can():
    ClockRules().check(TimeRule.parse("fixed:1"), "Evening")
    with pytest.raises(InvalidOption, match='"Evening" cannot keep time=runner:1; it knows: pau'):
        ClockRules().check(TimeRule.parse("runner:1"), "Evening")


def test_every_rule_that_is_told_can_be_written():
    assert {TimeRule.parse(name).kind for name in RULES} == {
        "paused", "measured", "fixed", "runner", "realtime",
    }  # fmt: skip
