"""The cockpit picture of the active vessel as PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envs.orbital.krpc.simulation import Simulation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""What every PNG file begins with."""


def picture(game: Simulation, scale: int = 1) -> bytes:
    """Return what the active vessel's cockpit shows, 1280 x 720 times `scale`, as PNG."""
    import cv2

    from envs.orbital.cockpit.picture import render
    from envs.orbital.panel import cockpit_state

    frame = render(cockpit_state(game.fleet, 0, game.active, game.names))
    if scale != 1:
        frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    done, data = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert done
    return bytes(data)
