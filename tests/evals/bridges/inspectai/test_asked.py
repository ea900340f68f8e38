"""What is asked of the tasks on a command line, before anything flies."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import UnknownScenario
from helmsight.evals.bridges.inspectai.flying import MODEL
from helmsight.evals.bridges.inspectai.tasks import flight, suite
from helmsight.evals.errors import InvalidPlan

pytestmark = pytest.mark.slow  # Inspect takes seconds to import


def asked(task: Any, field: str) -> list[Any]:
    """Return a field of the episode of every sample."""
    return [sample.metadata["episode"][field] for sample in task.dataset]


def test_patterns_and_lists_are_those_of_a_suite() -> None:
    task = flight(["PE1-E1-I*"], seeds=[5, 7], pilot="naive", disturbances="")
    assert len(task.dataset) == 8
    assert set(asked(task, "seed")) == {5, 7}
    assert {name.rpartition("-")[0] for name in asked(task, "scenario")} == {"PE1-E1"}


def test_the_world_waits_unless_something_else_is_asked_for_or_it_cannot() -> None:
    assert set(asked(flight(pilot="naive"), "time")) == {"paused"}
    assert set(asked(flight(pilot="naive", time="runner:0.5"), "time")) == {"runner:0.5"}
    assert set(asked(flight("Inspection", pilot="coverage"), "time")) == {"realtime"}


def test_a_model_is_shown_frames_unless_something_else_is_asked_for() -> None:
    task = flight(seeds=1)
    assert (asked(task, "pilot"), asked(task, "observation")) == ([MODEL], ["frame"])
    assert asked(flight(seeds=1, observation="telemetry"), "observation") == ["telemetry"]


def test_samples_are_named_apart_and_by_what_differs() -> None:
    names = [sample.id for sample in suite("smoke").dataset]
    assert len(set(names)) == len(names) == 12
    assert "PE1-E1-I2 seed 0, rendezvous, thruster-loss:0.5" in names
    assert [sample.id for sample in suite("smoke", limit=1).dataset] == ["PE1-E1-I2 seed 0"]


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda: flight("PE1-E1-I9"), UnknownScenario, "PE1-E1-I"),
        (lambda: flight(pilot="rendezvouz"), InvalidPlan, 'Did you mean "rendezvous"?'),
        (lambda: flight(seeds="1,b"), InvalidPlan, "seeds=b"),
        (lambda: flight(time="soon"), InvalidPlan, "time='soon'"),
        (lambda: flight(observation="sound"), InvalidPlan, "observation='sound'"),
        (lambda: flight(disturbances="rain"), InvalidPlan, "rain"),
        (lambda: flight(pilot_options={"heat": 1}), InvalidOption, "as --temperature"),
        (
            lambda: flight("Inspection", pilot="inspector:model", pilot_options={"look": "x"}),
            InvalidOption,
            "look='x'",
        ),
        (lambda: suite("smok"), InvalidPlan, 'did you mean "smoke"?'),
        (lambda: suite(pilot="nobody"), InvalidPlan, "nobody"),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_flies(make, kind, said: str) -> None:
    with pytest.raises(kind) as caught:
        make()
    assert said in str(caught.value)
