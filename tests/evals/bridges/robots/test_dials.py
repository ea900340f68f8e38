"""Commands as numbers."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from helmsight.contract.command import Command
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.robot.command import RobotCommand
from helmsight.evals.bridges.robots.dials import Dials

KINDS: list[type[Command]] = [BurnCommand, InspectionCommand, RobotCommand]


class Lamp(Command):
    """A command with fields of every kind."""

    on: bool = False
    level: Annotated[int, Field(ge=2, le=5)] = 2
    warmth: Annotated[float, Field(ge=-1.0, le=1.0)] | None = None
    words: str = ""

    @classmethod
    def null(cls):
        return cls()

    @classmethod
    def choices(cls):
        yield cls()

    def action(self):
        return 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_that_decoding_chooses_from_is_the_same_after_being_numbers(kind) -> None:
    dials = Dials(kind)
    for command in kind.choices():
        numbers = dials.numbers(command)
        assert dials.command(numbers.tolist()) == command
        assert ((dials.low <= numbers) & (numbers <= dials.high)).all()


@settings(max_examples=20)
@given(*[st.floats(-1, 1)] * 3, st.floats(0, 10, exclude_min=True))
def test_a_burn_is_its_numbers_to_the_bit(forward, right, down, duration) -> None:
    burn = BurnCommand(forward=forward, right=right, down=down, duration=duration)
    dials = Dials(BurnCommand)
    assert dials.names == ("duration", "forward", "right", "down")
    assert dials.numbers(burn).tolist() == [duration, forward, right, down]
    assert dials.command([duration, forward, right, down]) == burn


@pytest.mark.slow
@settings(max_examples=20)
@given(st.data())
def test_any_numbers_within_the_bounds_are_a_command_or_none(data: st.DataObject) -> None:
    dials = Dials(data.draw(st.sampled_from(KINDS)))
    ranges = zip(dials.low, dials.high, strict=True)
    numbers = [data.draw(st.floats(low, high)) for low, high in ranges]
    command = dials.command(numbers)
    assert command is None or (dials.command(dials.numbers(command).tolist(), command) == command)


def test_what_no_number_stands_for_is_as_in_the_command_that_was_asked_for() -> None:
    dials = Dials(BurnCommand)
    asked = BurnCommand(forward=1.0, right=0.0, down=0.0, frame="orbital")
    numbers = dials.numbers(asked)
    numbers[dials.names.index("forward")] = 0.5
    changed = dials.command(numbers.tolist(), asked)
    assert changed == asked.model_copy(update={"forward": 0.5})
    assert dials.command(numbers.tolist()) == changed.model_copy(update={"frame": "body"})


@pytest.mark.parametrize(
    ("numbers", "fields"),
    [
        ([0, 0, -2], {"on": False, "level": 2, "warmth": None}),
        ([1, 3, 0.25], {"on": True, "level": 5, "warmth": 0.25}),
        ([0.9, 1.6, -1.6], {"on": True, "level": 4, "warmth": None}),  # the nearest there is
        ([-7, 99, 99], {"on": False, "level": 5, "warmth": 1.0}),
    ],
)
def test_lists_and_bounds_have_numbers_of_their_own(
    numbers: list[float], fields: dict[str, Any]
) -> None:
    dials = Dials(Lamp)
    assert dials.names == ("on", "level", "warmth")
    assert (dials.low.tolist(), dials.high.tolist()) == ([0, 0, -2], [1, 3, 1])
    assert dials.command(numbers) == Lamp(**fields)


def test_numbers_that_say_two_things_at_once_are_no_command() -> None:
    dials = Dials(InspectionCommand)
    assert dials.command(np.zeros(len(dials.names)).tolist()) is None  # a look at no view
    assert dials.command([2, 0, 0, 0, -1]) == InspectionCommand.null()


def test_the_words_for_the_numbers_name_what_they_stand_for() -> None:
    assert Dials(Lamp).words().splitlines() == [
        "- on: 0 False, 1 True",
        "- level: 0 2, 1 3, 2 4, 3 5",
        "- warmth: -2 None, -1 to 1",
    ]
    assert "- forward (towards the nose; negative is backwards): -1 to 1" in (
        Dials(BurnCommand).words().splitlines()
    )
