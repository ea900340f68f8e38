"""The panel beside the readouts: a radar where there is a third craft, a sundial in sunlight."""

from __future__ import annotations

import numpy as np

from helmsight.envs.orbital.cockpit import beacons
from helmsight.envs.orbital.cockpit.dial import Dial
from helmsight.envs.orbital.cockpit.instruments import distance_text
from helmsight.envs.orbital.cockpit.layout import Colour, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture, figures, write
from helmsight.envs.orbital.cockpit.panels import DIM, EDGE, draw_panel, fill
from helmsight.envs.orbital.cockpit.state import CockpitState, Contact, Vector, angle
from helmsight.envs.orbital.cockpit.strokes import ring

RADAR, SUNDIAL = "radar", "sundial"
"""What the panel's region is called in the families that have one."""
PITCH = 24  # px between the large digits at scale 1
SUNWARD = 100.0
"""How far sunward of the target the sundial marks a place, m: where sun blocking counts most."""


def draw(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the panel of a state that has one."""
    if state.contacts:
        _draw_radar(picture, state, layout)
    elif state.sunlit:
        _draw_sundial(picture, state, layout)


def signed_text(speed: float) -> str:
    """Return how fast a distance shrinks as the panel shows it, m/s, at most 7 characters."""
    return f"{min(max(speed, -999.99), 999.99):+.2f}"


class _Panel:
    """The panel, 200 x 224 px at scale 1, and how a row of it is written."""

    def __init__(self, picture: Picture, layout: Layout) -> None:
        s = layout.scale
        x, y = layout.readouts_centre
        self.picture, self.layout = picture, layout
        self.left, self.top = x + 112 * s + 14, y - 112 * s
        draw_panel(picture, (self.left, self.top, self.left + 200 * s, self.top + 224 * s), layout)

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.layout.scale, self.top + y * self.layout.scale

    def large(self, base: float, words: str, value: str, unit: str, colour: Colour) -> None:
        """Write a caption and, below it, a large figure on the line `base`."""
        s = self.layout.scale
        write(self.picture, words, self.at(8, base - 33), colour, 14 * s)
        figures(self.picture, value, self.at(163, base), self.layout.text, PITCH * s)
        write(self.picture, unit, self.at(165, base), self.layout.accent, 14 * s)

    def small(self, base: float, words: str, value: str, unit: str) -> None:
        """Write a caption and a small figure on one line."""
        s = self.layout.scale
        write(self.picture, words, self.at(8, base), DIM, 12 * s)
        figures(self.picture, value, self.at(163, base), self.layout.text, 11 * s)
        write(self.picture, unit, self.at(165, base), self.layout.accent, 14 * s)

    def dial(self, axis: Vector) -> Dial:
        """Draw the lower part of the panel and return the dial there."""
        s = self.layout.scale
        (x0, y), (x1, _) = self.at(0, 126), self.at(200, 126)
        fill(self.picture, (x0 + 1, y, x1 - 1, y + 1), EDGE)
        dial = Dial(self.picture, self.at(100, 214), 80 * s, s, axis)
        dial.draw_grid()
        return dial

    def corner(self, value: str) -> None:
        """Write a figure in the upper left corner of the dial's part."""
        s = self.layout.scale
        figures(self.picture, value, self.at(48, 144), self.layout.text, 12 * s)
        write(self.picture, "°", self.at(49, 144), self.layout.accent, 16 * s)


def _draw_radar(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the nearest contact's distance and closing speed, the target's, and where both are.

    The middle of the dial is this craft, to the right is the target, without one the nose. The
    figure in the corner is the angle between both.
    """
    contact: Contact = min(state.contacts, key=lambda one: one.range)
    name, panel = contact.name.upper(), _Panel(picture, layout)
    panel.large(48, f"{name} DISTANCE", distance_text(contact.range), "m", layout.contact)
    panel.large(97, f"{name} CLOSING", signed_text(contact.closing), "m/s", layout.contact)
    ahead = state.target if state.tracks else np.array([1.0, 0.0, 0.0])
    if state.tracks:
        target = state.target_name.upper()
        panel.small(119, f"{target} CLOSING", signed_text(state.closing), "m/s")
    axis = ahead / max(float(np.linalg.norm(ahead)), 1e-9)
    dial = panel.dial(axis)
    panel.corner(f"{angle(contact.place, ahead):.1f}")
    if state.tracks:
        dial.draw_body(state.target, -state.velocity, layout.target, square=False)
    for one in state.contacts:
        dial.draw_body(one.place, -one.velocity, layout.contact, square=True)
    dial.draw_self(dial.middle, layout.accent)


def _draw_sundial(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw phase angle and closing speed, and where this craft is between target and sun.

    The middle of the dial is the target, to the right is the sun; the ring on the base is the place
    100 m sunward of the target, and the small figure how far it is from there.
    """
    panel = _Panel(picture, layout)
    panel.large(48, "PHASE ANGLE", f"{state.phase:.1f}", "deg", layout.sun)
    panel.large(97, "CLOSING", signed_text(state.closing), "m/s", layout.sun)
    sunward = SUNWARD * state.sun
    here = -state.target
    panel.small(119, "TO SUN SPOT", distance_text(float(np.linalg.norm(sunward - here))), "m")
    dial = panel.dial(state.sun)
    rim = (dial.middle[0] + dial.radius + 6 * dial.unit, dial.middle[1])
    beacons.draw_sun(picture, rim, 5.5 * dial.unit, layout.sun, behind=False)
    ring(picture, dial.place(sunward), 6.5 * dial.unit, layout.accent, max(1, round(dial.unit)))
    dial.draw_body(np.zeros(3), np.zeros(3), layout.target, square=False)
    dial.draw_body(here, state.velocity, layout.accent, square=False)
