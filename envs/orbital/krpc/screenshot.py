"""The cockpit picture of the active vessel as PNG, drawn beside the server's own thread."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helmsight.envs.orbital.cockpit.state import CockpitState
    from helmsight.envs.orbital.krpc.simulation import Simulation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""What every PNG file begins with."""
COMPRESSION = 1  # of 9: a picture is sent once, and made while others wait


@cache
def _painter() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="cockpit")


def picture(game: Simulation, scale: int = 1) -> Generator[None, None, bytes]:
    """Return what the active vessel's cockpit shows now, 1280 x 720 times `scale`, as PNG.

    A waiting procedure: drawing takes longer than a tick, and other clients are served meanwhile.
    """
    from helmsight.envs.orbital.panel import cockpit_state

    state = cockpit_state(game.fleet, 0, game.active, game.names)
    drawn = _painter().submit(_draw, state, scale)
    while not drawn.done():
        yield
    return drawn.result()


def _draw(state: CockpitState, scale: int) -> bytes:
    import cv2

    from helmsight.envs.orbital.cockpit.picture import render

    frame = render(state)
    if scale != 1:
        frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    options = [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION]
    done, data = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise RuntimeError(f"OpenCV cannot write a picture of {frame.shape} as PNG")
    return bytes(data)
