"""A pretend model that knows nothing but its prompt is shown all families: all it needs is there.

It reads the system message for the colours of the markers, for what a marker to the right or below
means, for the axes and for which way the score is better; it finds those colours in the pictures.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from numpy.typing import NDArray

from helmsight.agents.decide import ModelPilot
from helmsight.agents.messages import png
from helmsight.contract.pilot import Sighting
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.env import TwinEnv
from helmsight.envs.orbital.scenarios import SCENARIOS

COLOURS = {
    "magenta": (255, 40, 235), "yellow-green": (190, 255, 20), "red": (255, 84, 68),
    "yellow": (255, 226, 120), "green": (120, 235, 130),
}  # fmt: skip
PUBLIC = [name for name, scenario in SCENARIOS.items() if scenario.public]
SIDES = {"left": ("right", -1), "right": ("right", 1), "above": ("down", -1), "up": ("down", -1)}
Spot = NDArray[np.float64]


@dataclass(frozen=True)
class Lesson:
    """What a system message teaches.

    `burns` are, by marker, the axis and sign of a burn where it is to the right of the target
    marker, and where it is below it.
    """

    markers: dict[str, tuple[int, int, int]]
    pictures: list[str]
    axes: set[str]
    better: str
    burns: dict[str, tuple[tuple[str, int], tuple[str, int]]]
    dodges: bool

    @classmethod
    def of(cls, words: str) -> Lesson:
        markers: dict[str, tuple[int, int, int]] = {}
        for name, about in re.findall(r"the (\w+) marker \(([^)]*)\)", words, re.IGNORECASE):
            for word in re.findall(r"[\w-]+", about):
                markers |= {name: COLOURS[word]} if word in COLOURS else {}
        rules = {
            "prograde": r"Prograde to the right of the target marker:.*? burn to the (\w+) .*?"
            r"Prograde below (?:it|the target marker):.*? burn (\w+) ",
            "corona": r"Corona to the right of the target marker: the line is to your (\w+); "
            r"corona below it: the line is (\w+) you",
        }
        found = {name: re.search(rule, words) for name, rule in rules.items()}
        seen = re.search(r"What you see: (.*)\.", words)
        better = re.search(r"How it is scored \((\w+) is better\)", words)
        assert seen
        assert better
        schema = json.loads(words[words.rindex('{"additional') :])
        throttles = {name for name, part in schema["properties"].items() if "minimum" in part}
        return cls(
            markers,
            re.findall(r"the ([a-z ]+?)(?:, enlarged|,|$)", seen[1]),
            throttles,
            better[1],
            {name: (SIDES[rule[1]], SIDES[rule[2]]) for name, rule in found.items() if rule},
            "guard is in your way when its diamond is around the target marker and it is nearer"
            in words,
        )


def spot(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> Spot | None:
    """Return the middle (x, y) of what has that colour, None for too little of it."""
    rows, columns = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) < 45)
    return np.array([np.median(columns), np.median(rows)]) if rows.size > 12 else None


class Reader(BaseChatModel):
    """Burns as its prompt says and its pictures show."""

    @property
    def _llm_type(self) -> str:
        return "reader"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        lesson = Lesson.of(messages[0].text)
        shown = [
            cv2.imdecode(np.frombuffer(base64.b64decode(url), np.uint8), cv2.IMREAD_COLOR)[
                ..., ::-1
            ]
            for block in messages[-1].content
            if isinstance(block, dict) and block["type"] == "image_url"
            for url in [block["image_url"]["url"].partition(",")[2]]
        ]
        burn = self.burn(lesson, dict(zip(lesson.pictures, shown, strict=True)))
        text = json.dumps({"reason": "as I read it", **burn})
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def burn(self, lesson: Lesson, pictures: dict[str, NDArray[np.uint8]]) -> dict[str, float]:
        """Return the command: against the drift, to the line, or aside of who is in the way."""
        wanted = dict.fromkeys(lesson.axes, 0.0)
        spots = {name: spot(pictures["navball"], c) for name, c in lesson.markers.items()}
        target = spots["target"]
        assert target is not None
        for name in ("prograde", "corona"):  # the line counts more than the drift
            here = spots.get(name)
            if here is None or name not in lesson.burns:
                continue
            for gap, (axis, sign) in zip(here - target, lesson.burns[name], strict=True):
                if abs(gap) > 6:
                    wanted[axis] = sign * float(np.sign(gap))
        if lesson.better == "lower":
            wanted["forward"] = 1.0
        guard = spots.get("guard")
        if lesson.dodges and guard is not None and float(np.abs(guard - target).max()) < 5:
            dial = pictures["radar"][160:]
            own, diamond, disc = (spot(dial, COLOURS[c]) for c in ("green", "red", "magenta"))
            if own is not None and disc is not None and own[0] < diamond[0] < disc[0]:
                wanted |= {"forward": 0.0, "right": 1.0}
        return wanted


@pytest.fixture
def answered():
    """Return what the reader answers to the cockpit of a scenario, and its state."""
    begun: dict[str, Any] = {}

    def call(name: str, **changes: Any) -> tuple[dict[str, float], Any]:
        if name not in begun:
            env: Any = TwinEnv(name, observation="telemetry")
            env.reset(seed=0)
            pilot = ModelPilot(Reader(), "reader")
            pilot.reset(env.task, 0)
            begun[name] = pilot, env.family.cockpit(env._world, 0)
        pilot, state = begun[name]
        state = replace(state, **changes)
        decision = pilot.decide(Sighting({"frame": render(state)}, stamp=3.0))
        assert decision.command is not None, decision.raw
        return decision.command.model_dump(), state

    return call


@pytest.mark.slow
def test_every_public_scenario_tells_a_model_its_task_score_axes_and_markers(answered):
    assert len(PUBLIC) == 27
    for name in PUBLIC:
        family = name.partition("-")[0]
        task = TwinEnv(name).task
        pilot = ModelPilot(Reader(), "reader")
        pilot.reset(task, 0)
        words = str(pilot.composer.opening[0].text)
        lesson = Lesson.of(words)
        assert task.goal in words
        assert lesson.axes == {"forward", "right", "down"}
        assert lesson.better == {"SB1": "higher"}.get(family, "lower") == task.outcome.score.better
        assert lesson.pictures == ["whole frame", *task.regions]
        own = {"LBG1": {"guard"}, "SB1": {"corona", "sun"}}.get(family, set())
        assert lesson.markers.keys() == {"prograde", "target"} | own
        assert not any(letter.isdigit() for letter in words[: words.index("How to answer")])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PE1-E1-I4", "LBG1-LG0-I1", "SB1-E1-I4"])
def test_a_drift_is_burnt_away_as_the_prompt_says(answered, name):
    ahead = np.array([900.0, 0.0, 0.0])
    told = {"target": ahead, "sun": np.array([1.0, 0.0, 0.0]), "contacts": ()}
    for right, down in ((4.0, 0.0), (-4.0, 0.0), (0.0, 5.0), (3.0, -5.0)):
        burn, _ = answered(name, velocity=np.array([9.0, right, down]), **told)
        assert (burn["right"], burn["down"]) == (-np.sign(right), -np.sign(down))
        assert burn["forward"] == (0.0 if name.startswith("SB1") else 1.0)


@pytest.mark.slow
def test_the_line_to_the_sun_is_where_the_prompt_says(answered):
    target = np.array([100.0, 0.0, 0.0])
    for sun in ((-0.8, 0.6, 0.0), (-0.8, -0.6, 0.0), (-0.9, 0.0, 0.43), (-0.8, 0.4, -0.45)):
        way = np.array(sun) / np.linalg.norm(sun)
        burn, state = answered("SB1-E1-I5", target=target, velocity=np.zeros(3), sun=way)
        off = (state.target + 100.0 * way)[1:]  # from here to the best place, across the nose
        assert np.array([burn["right"], burn["down"]]) @ off > 0.0
    burn, _ = answered("SB1-E1-I5", target=target, velocity=np.zeros(3), sun=-target / 100.0)
    assert (burn["right"], burn["down"]) == (0.0, 0.0)


@pytest.mark.slow
def test_a_guard_in_the_way_is_flown_around_and_one_elsewhere_is_not(answered):
    told = {"velocity": np.array([9.0, 0.0, 0.0]), "target": np.array([2000.0, 0.0, 0.0])}
    _, state = answered("LBG1-LG1-I2", **told)

    def with_guard(*place):
        guard = replace(state.contacts[0], place=np.array(place))
        burn, _ = answered("LBG1-LG1-I2", contacts=(guard,), **told)
        return burn["forward"], burn["right"]

    assert with_guard(500.0, 0.0, 0.0) == (0.0, 1.0)
    for elsewhere in ((4000.0, 0.0, 0.0), (500.0, 200.0, 0.0), (-500.0, 0.0, 0.0)):
        assert with_guard(*elsewhere) == (1.0, 0.0)


def test_the_pretend_model_sees_what_a_provider_is_sent():
    picture = np.full((64, 64, 3), (255, 40, 235), np.uint8)
    again = cv2.imdecode(np.frombuffer(png(picture), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    found = spot(again, COLOURS["magenta"])
    assert found is not None
    assert found.tolist() == [31.5, 31.5]
