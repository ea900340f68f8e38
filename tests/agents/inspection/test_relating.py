from __future__ import annotations

from dataclasses import replace

import pytest

from helmsight.agents.errors import CannotBeAsked
from helmsight.agents.ground import grounder
from helmsight.agents.inspection.inspector import Inspector
from helmsight.prompts.claims import render
from helmsight.prompts.relations import claim

ORDER = "combined+verified"


class Relator:
    """Answers that the dish is left of the mast, whatever it is asked."""

    relates = True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer_free(self, text, image, regions, *, draw=None):
        self.asked.append(text)
        return render([claim("dish", "horizontal", -1, "mast")])


@pytest.fixture
def relator() -> Relator:
    return Relator()


def test_relations_are_asked_of_the_relating_model_proved_and_told(paper, truthful, relator):
    world = paper(["dish", "mast", "bus"])
    task = replace(world.task, in_view=lambda telemetry: ("dish", "mast"))
    pilot, strategy = Inspector(truthful({}), relating=lambda: relator), grounder(ORDER)
    strategy.check(pilot, task)
    pilot.reset(task, 7)
    strategy.prepare(pilot, task, None, 7)
    grounding = strategy.ground(pilot, task, world.sighting())
    assert grounding.lines() == ["dish is left of mast"]
    asked = len(relator.asked)
    again = strategy.ground(pilot, task, world.sighting())  # the reports are made over one picture
    assert again.lines() == grounding.lines()
    assert len(relator.asked) == asked


def test_what_the_drawing_makes_certain_overrules_the_model(paper, truthful, relator):
    world = paper(["dish", "mast"])
    task = replace(world.task, known=lambda telemetry: [("dish", "mast", "horizontal", 1)])
    pilot, strategy = Inspector(truthful({}), relating=lambda: relator), grounder(ORDER)
    strategy.prepare(pilot, task, None, 7)
    grounding = strategy.ground(pilot, task, world.sighting())
    assert grounding.lines() == []
    assert grounding.counts.disagreed > 0


def test_an_inspector_without_a_relating_model_cannot_be_asked(paper, truthful):
    with pytest.raises(CannotBeAsked, match="inspector"):
        grounder(ORDER).check(Inspector(truthful({})), paper().task)
