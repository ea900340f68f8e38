"""The instruments as KSP has them: every figure in the game's own place, and nowhere else.

The distance stands with the target's name in the view, the speed above the ball, the clock with the
time warp in the upper left corner, the propellant in the upper right one. To the left of the ball
are the modes of SAS and the throttle, to the right of it what the thrusters push with.
"""

from __future__ import annotations

import cv2
import numpy as np

from helmsight.envs.orbital.cockpit import instruments, navball
from helmsight.envs.orbital.cockpit.camera import project
from helmsight.envs.orbital.cockpit.craft import BRACKET
from helmsight.envs.orbital.cockpit.layout import Colour, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture, figures, write
from helmsight.envs.orbital.cockpit.panels import DIM, EDGE, HOLLOW, draw_panel
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.cockpit.strokes import stroke

PITCH = 20  # px between the digits of the distance
MOST_FELT = 4.0
"""What the end of the arc right of the ball stands for, g."""
_RED: Colour = (226, 70, 54)
_MODES = (
    "hold", "prograde", "retrograde", "normal", "antinormal", "radial", "antiradial",
    "target", "antitarget",
)  # fmt: skip


def draw(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw every instrument but the navball into `picture`."""
    _name_target(picture, state)
    _draw_speed(picture, state, layout)
    _draw_arc(picture, layout, -1, 0.0, "THR")  # there is no main engine
    _draw_arc(picture, layout, 1, state.felt / MOST_FELT, "G")
    _draw_modes(picture, state, layout)
    _draw_stages(picture, state, layout)
    _draw_warp(picture, layout)
    instruments.draw_lamps(picture, state, layout)
    instruments.draw_clock(picture, state, layout)
    instruments.draw_altimeter(picture, state, layout)
    instruments.draw_resources(picture, state, layout)


def distance_label(metres: float) -> tuple[str, str]:
    """Return a distance and its unit as the game writes them: one decimal, km from 1,000 m on."""
    if metres < 999.95:
        return f"{metres:.1f}", "m"
    return f"{min(metres / 1000.0, 9999.9):.1f}", "km"


def _name_target(picture: Picture, state: CockpitState) -> None:
    """Write name and distance below the target, however large that is in the view."""
    where = project(state.target) if state.tracks else None
    if where is None:
        return
    x, y = where
    digits, unit = distance_label(state.range)
    write(picture, state.target_name, (x, y + 42), BRACKET, 17, align="centre")
    wide = PITCH * (len(digits) - 0.55) + 26
    figures(picture, digits, (x + wide / 2 - 26, y + 70), BRACKET, PITCH)
    write(picture, unit, (x + wide / 2 - 23, y + 70), BRACKET, 20)


def _draw_speed(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the speed right above the ball, larger than beside our own readouts."""
    s = layout.scale
    x = layout.navball_centre[0]
    top = max(
        layout.navball_centre[1] - layout.radius - 5 - 27 * s, layout.regions()["navball"][1] + 1
    )
    draw_panel(picture, (x - 104 * s, top, x + 104 * s, top + 26 * s), layout)
    mode = "Target" if state.tracks else "Orbit"
    write(picture, mode, (x - 98 * s, top + 20 * s), layout.accent, 17 * s)
    speed = instruments.speed_text(state.speed)
    figures(picture, speed, (x + 66 * s, top + 22 * s), layout.text, 16 * s)
    write(picture, "m/s", (x + 99 * s, top + 20 * s), layout.accent, 15 * s, align="right")


def _draw_arc(picture: Picture, layout: Layout, side: int, share: float, words: str) -> None:
    """Draw the arc left (`side` -1) or right of the ball, and its needle at `share` of it."""
    s = layout.scale
    reach = layout.radius + 20 * s
    turn = np.radians(np.linspace(-38.0, 38.0, 33))
    arc = np.stack([side * np.cos(turn), np.sin(turn)], axis=1)
    stroke(picture, reach * arc, layout.navball_centre, HOLLOW, round(11 * s))
    stroke(picture, reach * arc[:4], layout.navball_centre, _RED, round(11 * s))
    at = np.radians(38.0 - 76.0 * min(1.0, max(0.0, share)))
    way = np.array([side * np.cos(at), np.sin(at)])
    needle = np.stack([(reach - 9 * s) * way, (reach + 9 * s) * way])
    stroke(picture, needle, layout.navball_centre, layout.text, max(2, round(3 * s)))
    low = (reach + 2 * s) * np.array([side * np.cos(np.radians(46)), np.sin(np.radians(46))])
    spot = low + layout.navball_centre
    write(picture, words, (float(spot[0]), float(spot[1]) + 8 * s), DIM, 12 * s, align="centre")


def _draw_modes(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the modes of SAS in a column of three by three; the one that is on is lit."""
    s = layout.scale
    x, y = layout.navball_centre
    for number, mode in enumerate(_MODES):
        across, down = number % 3, number // 3
        left, top = x - (232 - 30 * across) * s, y + (-44 + 30 * down) * s
        on = state.sas == mode
        draw_panel(picture, (left, top, left + 27 * s, top + 27 * s), layout)
        if on:
            cv2.rectangle(
                picture,
                (round(left), round(top)),
                (round(left + 26 * s), round(top + 26 * s)),
                layout.accent,
                2,
            )
        spot = (left + 13.5 * s, top + 13.5 * s)
        _draw_icon(picture, mode, spot, 4.0 * s, layout, on=on)


def _draw_icon(
    picture: Picture, mode: str, spot: tuple[float, float], size: float, layout: Layout, *, on: bool
) -> None:
    """Draw the sign of one mode of SAS, grey where it is off."""
    colour = layout.prograde if on else DIM
    if mode in ("prograde", "retrograde"):
        navball.draw_velocity(picture, spot, size, colour, retrograde=mode == "retrograde")
    elif mode == "target":
        navball.draw_target(picture, spot, size, layout.target if on else DIM)
    elif mode == "antitarget":
        navball.draw_anti_target(picture, spot, size, layout.target if on else DIM)
    else:
        shapes = {
            "hold": [(-2, -2), (2, -2), (2, 2), (-2, 2), (-2, -2)],
            "normal": [(-2, 1.6), (0, -2), (2, 1.6), (-2, 1.6)],
            "antinormal": [(-2, -1.6), (0, 2), (2, -1.6), (-2, -1.6)],
            "radial": [(0, -2.2), (2.2, 0), (0, 2.2), (-2.2, 0), (0, -2.2)],
            "antiradial": [(-2, -2), (2, 2), (0, 0), (2, -2), (-2, 2)],
        }
        line = size * np.array(shapes[mode], dtype=np.float64)
        stroke(picture, line, spot, colour, max(1, round(size / 3)))


def _draw_stages(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the one stage that there is, with its thrusters, in the lower left corner."""
    s = layout.scale
    left, low = 16 + layout.offset[0], 704 + layout.offset[1]
    draw_panel(picture, (left, low - 62 * s, left + 74 * s, low), layout)
    write(picture, "0", (left + 8 * s, low - 10 * s), layout.accent, 18 * s)
    for number in range(3):
        spot = (left + (32 + 15 * number) * s, low - 18 * s)
        ring = layout.accent if state.rcs else DIM
        cross = np.array([(-5, 0), (5, 0), (0, 0), (0, -5), (0, 5)], dtype=np.float64) * s
        stroke(picture, cross, spot, ring, max(1, round(1.5 * s)))
    write(picture, "STAGE", (left + 8 * s, low - 44 * s), DIM, 12 * s)


def _draw_warp(picture: Picture, layout: Layout) -> None:
    """Draw the arrows of the time warp below the clock: the first is lit, time runs as it does."""
    s = layout.scale
    left, top = 16 + layout.offset[0], 54 + layout.offset[1]
    draw_panel(picture, (left, top, left + 176 * s, top + 26 * s), layout)
    for number in range(8):
        x = left + (12 + 16 * number) * s
        shape = np.array([(0, 6), (10, 13), (0, 20), (0, 6)], dtype=np.float64) * s
        colour = EDGE if number else layout.accent
        stroke(picture, shape, (x, float(top)), colour, max(1, round(2 * s)))
    write(picture, "1x", (left + 146 * s, top + 19 * s), layout.text, 15 * s)
