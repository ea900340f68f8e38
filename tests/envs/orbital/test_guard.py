from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from helmsight.contract.guard import hold
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.guard import BurnGuard, BurnLimits

MEASURES = {"closing": 10.0, "mass": 6685.0, "propellant": 1200.0, "propellant_capacity": 1200.0}


def burn(forward=0.0, right=0.0, down=0.0, **rest):
    return BurnCommand(forward=forward, right=right, down=down, **rest)


def test_a_command_within_the_limits_passes_untouched():
    ruling = BurnGuard().check(burn(1, -1, 0.5), MEASURES)
    assert ruling.command == burn(1, -1, 0.5)
    assert ruling.clamped == ()


def test_each_axis_is_held_to_its_throttle():
    ruling = BurnGuard(BurnLimits(max_throttle=(0.5, 1, 0.2))).check(burn(-1, 1, 1), MEASURES)
    assert ruling.command == burn(-0.5, 1, 0.2)
    assert [note.split()[0] for note in ruling.clamped] == ["forward", "down"]


def test_a_long_burn_is_shortened():
    ruling = BurnGuard(BurnLimits(max_duration=2)).check(burn(0.1, duration=8), MEASURES)
    assert ruling.command == burn(0.1, duration=2)
    assert len(ruling.clamped) == 1


def test_a_burn_that_closes_in_too_fast_is_cut_and_braking_is_not():
    fast = MEASURES | {"closing": 59.9}
    assert BurnGuard().check(burn(1), fast).command == burn(0)
    assert BurnGuard().check(burn(-1), fast).command == burn(-1)
    assert BurnGuard().check(burn(0.1, frame="inertial"), fast).clamped == ()


def test_no_burn_spends_below_the_reserve():
    low = MEASURES | {"propellant": 12.3}
    assert BurnGuard().check(burn(1), low).command == burn()
    assert BurnGuard().check(burn(0.5), low).command == burn(0.5)
    assert BurnGuard().check(burn(0, 0.9, 0, frame="orbital"), low).command == burn(frame="orbital")


def test_a_guard_that_is_off_lets_everything_pass():
    off, wild = BurnGuard(BurnLimits(enabled=False)), burn(1, duration=10)
    assert hold(off, wild, {"propellant": 0.0}, "here").command == wild


def test_a_world_without_these_measures_is_only_held_to_the_envelope():
    assert BurnGuard().check(burn(1), {}).clamped == ()


@pytest.mark.parametrize("limits", [{"reserve": -1}, {"max_duration": 0}, {"speed": 3}])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(ValidationError):
        BurnLimits(**limits)


throttle = st.floats(-1, 1)


@given(throttle, throttle, throttle, st.floats(0.01, 10), st.floats(0, 1200), st.floats(-80, 80))
def test_the_guard_never_adds_thrust_and_tells_in_words(f, r, d, duration, propellant, closing):
    wanted = burn(f, r, d, duration=duration)
    measures = MEASURES | {"propellant": propellant, "closing": closing, "met": 9, "time_left": 231}
    ruling = BurnGuard(BurnLimits(max_throttle=(0.7, 0.7, 0.7))).check(wanted, measures)
    for axis in ("forward", "right", "down"):
        assert abs(getattr(ruling.command, axis)) <= abs(getattr(wanted, axis))
    assert bool(ruling.clamped) == (ruling.command != wanted)
    notes = (*ruling.clamped, *BurnGuard().notes(measures))
    assert not any(char.isdigit() for note in notes for char in note)


@pytest.mark.parametrize(
    ("propellant", "word"), [(1200, "plenty"), (600, "half"), (100, "low"), (12, "empty")]
)
def test_what_is_left_is_told_in_words(propellant, word):
    measures = MEASURES | {"propellant": propellant, "met": 230.0, "time_left": 10.0}
    assert BurnGuard().notes(measures) == (f"propellant: {word}", "time: nearly over")
