"""What a model with a prompt of its own is shown and told in worlds of several families."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.composing import Composer
from helmsight.contract.errors import PilotUnfit
from helmsight.contract.fit import check_fit
from helmsight.contract.pilot import Sighting
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.families import FAMILIES

STYLE = AskingStyle(
    views=Views(size=8, names=("radar|sundial|frame", "navball", "readouts")), prompt="fly"
)


def asked(name: str) -> tuple[list[str], str]:
    """The names of the views that are shown in a scenario, and the words of the question."""
    composer = Composer(STYLE, local=True)
    composer.begin(FAMILIES[name.partition("-")[0]].told(name, Layout()))
    frame = np.zeros((720, 1280, 3), np.uint8)
    sighting = Sighting({"frame": frame}, 3.0)
    messages, _ = composer.asked(sighting)
    content: Any = messages[0].content
    shown = [one.part.view for one in composer.views(frame, composer.task.regions)]
    return shown, content[-1]["text"]


@pytest.mark.parametrize(
    ("scenario", "beside", "bot"),
    [
        ("PE1-E1-I2", "frame", ""), ("PE1-E3-I1", "frame", " E3."), ("SB1-E1-I5", "sundial", ""),
        ("LBG1-LG0-I1", "radar", " LG0."), ("LBG1-LG2-R", "radar", " LG2."), ("PE1", "frame", ""),
    ],
)  # fmt: skip
def test_a_family_brings_its_own_panel_and_a_bot_its_name(
    scenario: str, beside: str, bot: str
) -> None:
    shown, words = asked(scenario)
    assert shown == [beside, "navball", "readouts"]
    assert words.strip() == f"Fly to the target.{bot} Answer the burn as JSON."


def test_of_several_regions_a_world_needs_one() -> None:
    class Looks:
        name, needs = "looks", "frame"
        regions: tuple[str, ...] = ("radar|sundial|frame", "navball")

    told = FAMILIES["PE1"].told("PE1-E1-I2", Layout())
    pilot: Any = Looks()
    check_fit(pilot, told, "frame")
    pilot.regions = ("radar|sundial",)
    with pytest.raises(PilotUnfit, match=r"looks at radar\|sundial"):
        check_fit(pilot, told, "frame")
