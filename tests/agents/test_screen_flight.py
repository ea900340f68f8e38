"""The bundled model at the cockpit's window: eyes on the screen, hands on the keys."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.models.load import load_pilot
from helmsight.agents.operator import Operator
from helmsight.envs.window import ScreenEnv

RATE = 2.0  # world seconds a second: harder than real time, in half of it


class Watch:
    """A listener that keeps the last picture a decision was made on, and counts them."""

    def __init__(self) -> None:
        self.frames = 0
        self.last = np.zeros(0, np.uint8)

    def start(self, spec):
        pass

    def step(self, record, frame):
        self.frames += 1
        self.last = frame

    def finish(self, reason, summary):
        pass


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.display
@pytest.mark.timeout(1200)
def test_the_bundled_model_captures_through_screen_and_keyboard(display):
    env = ScreenEnv("PE1-E1-I2", rate=RATE)
    watch = Watch()
    try:
        flight = Operator(env, load_pilot("bundled"), listeners=[watch]).fly(seed=0)
        assert flight.reason == "captured", flight.summary
        assert flight.summary["score"] < 300.0
        shot = env._cockpit.screen.grab()
        assert watch.frames == flight.summary["steps"] < shot.number  # each is one of the screen
        assert watch.last.shape == shot.pixels.shape
        assert env._cockpit.keyboard.down == ()
    finally:
        env.close()
