"""A request of less than 100 kB, as docs/models.md has it: a program still tells every digit."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from helmsight.agents.models.load import load_pilot
from helmsight.agents.operator import Operator
from helmsight.envs.orbital.cockpit import outside
from helmsight.envs.orbital.cockpit.instruments import draw_readouts
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.env import TwinEnv
from helmsight.testing import FakeProvider
from helmsight.tools.marks import views

DOCUMENTED: dict[str, Any] = {"view_size": 448, "jpeg": 70, "few_shot": 0}
LAYOUT = Layout()
LEFT, TOP, RIGHT, BOTTOM = LAYOUT.regions()["readouts"]
PANEL = replace(
    LAYOUT, readouts_centre=(LAYOUT.readouts_centre[0] - LEFT, LAYOUT.readouts_centre[1] - TOP)
)
AXES = np.eye(3)
STATE = CockpitState(
    velocity=np.array([36.85, 0.0, 0.0]), target=np.array([1738.4, 0.0, 0.0]), up=AXES[1],
    north=AXES[2], sun=AXES[2], target_axes=AXES, altitude=120e3, met=83.0, mass=9047.0,
    propellant=1158.2, propellant_capacity=1200.0, throttle=np.zeros(3),
)  # fmt: skip


def sent_pictures(provider):
    """Return the pictures of the last request, RGB."""
    blocks = provider.requests[-1].body["messages"][-1]["content"]
    urls = [block["image_url"]["url"] for block in blocks if block["type"] == "image_url"]
    files = [np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8) for url in urls]
    return [cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1].astype(float) for file in files]


def digits_apart(picture, side):
    """Return how much farther from `picture` the readouts with one other digit are than the right
    ones, at the digit that is hardest to tell: 1 or less for one that cannot be told.
    """
    behind = outside.draw(STATE, LAYOUT)[TOP:BOTTOM, LEFT:RIGHT]

    def drawn(state):
        panel = behind.copy()
        draw_readouts(panel, state, PANEL)
        return views(panel, {}, side)[0][1].astype(float)

    right, others = drawn(STATE), []
    for step in (1000, 100, 10, 1, 0.1):  # a digit of the distance, by each other value
        digit = int(STATE.range / step + 1e-6) % 10
        others += [
            replace(STATE, target=STATE.target + (other - digit) * step * AXES[0])
            for other in range(10)
            if other != digit
        ]
    for step in (10, 1, 0.1, 0.01):  # and of the speed
        digit = int(STATE.speed / step + 1e-6) % 10
        others += [
            replace(STATE, velocity=STATE.velocity + (other - digit) * step * AXES[0])
            for other in range(10)
            if other != digit
        ]
    apart = []
    for state in others:
        wrong = drawn(state)
        changed = np.abs(wrong - right).max(-1) > 8  # where that digit is
        near = np.linalg.norm((picture - right)[changed])
        apart.append(np.linalg.norm((picture - wrong)[changed]) / near)
    return min(apart)


@pytest.mark.slow
def test_every_digit_of_the_readouts_can_be_told_in_what_is_sent():
    frame = render(STATE, LAYOUT)
    with FakeProvider("a cockpit") as provider:
        told = {}
        tiny: dict[str, Any] = {"view_size": 48, "jpeg": 5}
        for name, options in {"small": DOCUMENTED, "tiny": tiny}.items():
            pilot: Any = load_pilot("openai:m", base_url=provider.url, **options)
            pilot.answer_free("What do you see?", frame, LAYOUT.regions())
            told[name] = digits_apart(sent_pictures(provider)[-1], options["view_size"])
    assert told["small"] > 3
    assert told["tiny"] < 1.5  # else this test could not fail


@pytest.mark.slow
def test_a_flight_as_documented_sends_less_than_100_kb_a_request():
    with FakeProvider('{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}') as provider:
        pilot = load_pilot("openai:m", base_url=provider.url, **DOCUMENTED)
        Operator(TwinEnv("PE1_E1_I2", observation="frame"), pilot).fly(max_steps=2)
    sizes = [len(json.dumps(request.body)) for request in provider.requests]
    assert len(sizes) == 2
    assert max(sizes) < 100_000
    said = re.findall(r"image/\w+", json.dumps(provider.requests[-1].body))
    assert said == ["image/jpeg"] * 3
