"""The game's window as the frame: what the screen shows, with telemetry from the wire."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest

from helmsight.hardware.errors import WindowUnavailable

if TYPE_CHECKING:
    from tests.envs.ksp.conftest import Game

TITLE = "Kerbal Space Program"
WINDOW = """
import os, sys
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import pygame
pygame.display.init()
shown = pygame.display.set_mode((800, 600))
pygame.display.set_caption(sys.argv[1])
shown.fill((10, 200, 60))
pygame.display.flip()
print("open", flush=True)
while True:
    pygame.event.wait()
"""

pytestmark = pytest.mark.display


@pytest.fixture
def window(display: str) -> Iterator[None]:
    """A window of four to three in the game's name."""
    command = [sys.executable, "-c", WINDOW, TITLE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(0.2)
        yield
        process.kill()


def test_a_captured_window_is_the_frame(game: Game, window: None) -> None:
    env = game.env(capture=f"window:{TITLE}", observation="frame+telemetry")
    shown, _ = env.reset()
    frame = shown["frame"]
    assert env.observation_space.contains(shown)
    np.testing.assert_array_equal(frame[360, 640], (10, 200, 60))
    np.testing.assert_array_equal(frame[360, 100], (0, 0, 0))  # beside a picture of four to three


def test_a_window_that_is_not_there_names_those_that_are(game: Game, window: None) -> None:
    env = game.env(capture="window:Moon", observation="frame")
    with pytest.raises(WindowUnavailable, match=TITLE):
        env.reset()
