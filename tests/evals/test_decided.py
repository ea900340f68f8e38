"""Which step decided."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.contract.plots import Curve, TimePlot
from helmsight.contract.record import StepRecord
from helmsight.envs.registry import task_of
from helmsight.evals.decided import deciding_step

PURSUIT = task_of("PE1-E1-I2").plots
HIGHEST = (TimePlot("share", "Share", "", (Curve("range"),), mark="highest"),)


def flight(*ranges: float, **at: dict[str, Any]) -> list[StepRecord]:
    """Steps at these ranges; `at` changes the step of that number, as _2={"late": True}."""
    steps = []
    for index, metres in enumerate(ranges):
        step: dict[str, Any] = dict(
            index=index, stamp=float(index), sense_ms=0.0, think_ms=0.0, act_ms=0.0,
            prompt_hash="", raw="", wanted={}, applied={}, repairs={}, clamped=[], late=False,
            relations=[], measures={"range": metres}, lag=0.0,
        )  # fmt: skip
        steps.append(StepRecord(**(step | at.get(f"_{index}", {}))))
    return steps


def test_a_failure_was_decided_where_the_mark_of_its_world_lies() -> None:
    missed = flight(90.0, 12.0, 40.0, 80.0)
    assert deciding_step(missed, PURSUIT, success=False) == 1
    assert deciding_step(missed, HIGHEST, success=False) == 0
    assert deciding_step(missed, (), success=False) == 3


@pytest.mark.parametrize(
    "odd", [{"clamped": ["forward"]}, {"late": True}, {"repairs": {"unreadable": 1}}]
)
def test_the_first_command_that_was_not_taken_as_it_was_given_decides_before_that(odd) -> None:
    later = {"late": True}
    assert deciding_step(flight(9.0, 3.0, 4.0, 5.0, _2=odd, _3=later), PURSUIT, success=False) == 2


def test_what_any_answer_may_need_decides_nothing() -> None:
    steps = flight(9.0, 3.0, 4.0, _2={"repairs": {"constrained": 1, "retry": 1}})
    assert deciding_step(steps, PURSUIT, success=False) == 1


def test_a_success_was_decided_by_its_last_step_and_nothing_by_none() -> None:
    assert deciding_step(flight(9.0, 3.0, 4.0, _0={"late": True}), PURSUIT, success=True) == 2
    assert deciding_step([], PURSUIT, success=False) == -1


def test_a_world_that_tells_no_number_there_leaves_the_last_step() -> None:
    steps = flight(9.0, 3.0, _0={"measures": {}}, _1={"measures": {"range": None}})
    assert deciding_step(steps, PURSUIT, success=False) == 1
