"""The instruments around the navball: speed, readouts, clock, altitude, resources, lamps."""

from __future__ import annotations

import math

import cv2

from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.lettering import Picture, figures, write
from helmsight.envs.orbital.cockpit.panels import (
    DIM,
    EDGE,
    HOLLOW,
    WARN,
    Sides,
    draw_panel,
    fill,
)
from helmsight.envs.orbital.cockpit.state import CockpitState

READOUT_PITCH = 28  # px between the large digits of the readouts at scale 1


def draw(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw every instrument but the navball into `picture`."""
    _draw_speed(picture, state, layout)
    draw_lamps(picture, state, layout)
    draw_controls(picture, state, layout)
    draw_readouts(picture, state, layout)
    draw_clock(picture, state, layout)
    draw_altimeter(picture, state, layout)
    draw_resources(picture, state, layout)


def distance_text(metres: float) -> str:
    """Return a distance as the readouts show it, m with one decimal, at most 7 characters."""
    return f"{metres:.1f}" if metres < 99_999.95 else f"{min(metres, 9_999_999.0):.0f}"


def speed_text(speed: float) -> str:
    """Return a speed as the readouts show it, m/s with two decimals, at most 7 characters."""
    return f"{min(speed, 9_999.99):.2f}"


def clock_text(seconds: float, *, hours: bool) -> str:
    """Return a mission time as hh:mm:ss, or as mm:ss without hours; whole seconds elapsed."""
    elapsed = max(0, math.floor(seconds))
    if hours:
        return f"{elapsed // 3600 % 100:02d}:{elapsed // 60 % 60:02d}:{elapsed % 60:02d}"
    return f"{elapsed // 60 % 100:02d}:{elapsed % 60:02d}"


def draw_readouts(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the readouts panel: distance and speed in large figures, then clock and stores."""
    s = layout.scale
    left, top = layout.readouts_centre[0] - 112 * s, layout.readouts_centre[1] - 112 * s
    right = left + 216 * s
    draw_panel(picture, (left, top, left + 224 * s, top + 224 * s), layout)

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * s, top + y * s

    large = READOUT_PITCH * s
    for words, unit, value, base in (
        ("DISTANCE", "m", distance_text(state.range) if state.tracks else "---", 60),
        ("SPEED", "m/s", speed_text(state.speed), 124),
    ):
        write(picture, words, at(10, base - 38), DIM, 15 * s)
        write(picture, unit, at(186, base), layout.accent, 15 * s)
        figures(picture, value, at(184, base), layout.text, large)
    middle = round(top + 137 * s)
    cv2.line(picture, (round(left + 8 * s), middle), (round(right), middle), EDGE, 1)
    small = 14 * s
    share = _share(state)
    write(picture, "TIME", at(10, 162), DIM, 15 * s)
    elapsed = "T+" + clock_text(state.met, hours=False)
    figures(picture, elapsed, at(184, 162), layout.text, small)
    write(picture, "MONO", at(10, 187), DIM, 15 * s)
    figures(picture, f"{state.propellant:.1f}", at(140, 187), layout.text, small)
    figures(picture, f"{100 * share:.0f}", at(198, 187), layout.text, small)
    write(picture, "%", at(200, 187), layout.accent, 16 * s)
    x, y = at(10, 193)
    _bar(picture, (x, y, x + 204 * s, y + 7 * s), share, layout)
    write(picture, "MASS", at(10, 219), DIM, 15 * s)
    figures(picture, f"{state.mass:.0f}", at(184, 219), layout.text, small)
    write(picture, "kg", at(187, 219), layout.accent, 17 * s)


def _draw_speed(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the speed, of target or orbit, right above the ball, never above the ball's region."""
    s = layout.scale
    x = layout.navball_centre[0]
    above = layout.navball_centre[1] - layout.radius - 5 - 23 * s
    top = max(above, layout.regions()["navball"][1] + 1)
    draw_panel(picture, (x - 84 * s, top, x + 84 * s, top + 22 * s), layout)
    mode = "Target" if state.tracks else "Orbit"
    write(picture, mode, (x - 79 * s, top + 17 * s), layout.accent, 16 * s)
    figures(picture, speed_text(state.speed), (x + 51 * s, top + 18 * s), layout.text, 12 * s)
    write(picture, "m/s", (x + 80 * s, top + 17 * s), layout.accent, 14 * s, align="right")


def draw_lamps(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the RCS lamp at the left shoulder of the ball and the SAS lamp at the right one."""
    s = layout.scale
    x, y = layout.navball_centre
    lit = {"RCS": state.rcs, "SAS": state.sas.lower() not in ("", "off")}
    for words, side in (("RCS", -1), ("SAS", 1)):
        centre = x + side * 98 * s
        top = y - 96 * s
        colour = layout.accent if lit[words] else HOLLOW
        box = (centre - 26 * s, top, centre + 26 * s, top + 22 * s)
        draw_panel(picture, box, layout)
        lamp = (round(centre - 16 * s), round(top + 11 * s))
        cv2.circle(picture, lamp, round(5 * s), colour, -1, cv2.LINE_AA)
        write(picture, words, (centre - 7 * s, top + 16 * s), layout.text, 13 * s)


def draw_controls(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the panel left of the ball: the SAS mode in words and the three signed throttles."""
    s = layout.scale
    left, top = 376 + layout.offset[0], 560 + layout.offset[1]
    draw_panel(picture, (left, top, left + 122 * s, top + 138 * s), layout)
    mode = state.sas.replace("_", " ").upper() or "OFF"
    write(picture, "SAS", (left + 8 * s, top + 20 * s), DIM, 14 * s)
    write(picture, mode, (left + 114 * s, top + 20 * s), layout.accent, 15 * s, align="right")
    zero = left + 61 * s
    for row, words in enumerate(("FWD", "RIGHT", "DOWN")):
        y = top + (46 + 34 * row) * s
        amount = min(1.0, max(-1.0, float(state.throttle[row])))
        write(picture, words, (left + 8 * s, y), DIM, 14 * s)
        percent = round(100 * amount)
        sign = f"{percent:+d}" if percent else "0"
        write(picture, sign, (left + 114 * s, y), layout.text, 14 * s, align="right")
        track = (left + 8 * s, y + 5 * s, left + 114 * s, y + 14 * s)
        fill(picture, track, HOLLOW)
        end = zero + 53 * s * amount
        if amount:
            colour = layout.accent if amount > 0 else WARN
            fill(picture, (min(zero, end), track[1], max(zero, end), track[3]), colour)
        fill(picture, (zero - 1, track[1] - 2, zero + 1, track[3] + 2), layout.text)


def draw_clock(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the mission clock in the top left corner."""
    s = layout.scale
    left, top = 16 + layout.offset[0], 14 + layout.offset[1]
    draw_panel(picture, (left, top, left + 176 * s, top + 36 * s), layout)
    write(picture, "T+", (left + 10 * s, top + 26 * s), layout.accent, 24 * s)
    end = (left + 166 * s, top + 26 * s)
    figures(picture, clock_text(state.met, hours=True), end, layout.text, 17 * s, weight=500)


def draw_altimeter(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the altimeter at the top centre, metres in seven odometer cells."""
    s = layout.scale
    x, top = 640 + layout.offset[0], 10 + layout.offset[1]
    draw_panel(picture, (x - 106 * s, top, x + 106 * s, top + 48 * s), layout)
    write(picture, "ALTITUDE", (x, top + 13 * s), DIM, 12 * s, align="centre")
    metres = f"{min(max(state.altitude, 0.0), 9_999_999.0):7.0f}"
    for column, digit in enumerate(metres):
        cell = x + (-96 + 24 * column) * s
        fill(picture, (cell, top + 17 * s, cell + 22 * s, top + 44 * s), (6, 8, 10))
        figures(picture, digit, (cell + 20 * s, top + 41 * s), layout.text, 15 * s)
    write(picture, "m", (x + 76 * s, top + 41 * s), layout.accent, 20 * s)


def draw_resources(picture: Picture, state: CockpitState, layout: Layout) -> None:
    """Draw the resource panel in the top right corner: mono-propellant and mass."""
    s = layout.scale
    right, top = 1264 + layout.offset[0], 14 + layout.offset[1]
    left = right - 236 * s
    draw_panel(picture, (left, top, right, top + 78 * s), layout)
    write(picture, "MonoPropellant", (left + 10 * s, top + 21 * s), layout.text, 16 * s)
    amount = f"{state.propellant:.0f}/{state.propellant_capacity:.0f}"
    write(picture, amount, (right - 10 * s, top + 21 * s), DIM, 15 * s, align="right")
    bar = (left + 10 * s, top + 29 * s, right - 10 * s, top + 41 * s)
    _bar(picture, bar, _share(state), layout)
    write(picture, "Mass", (left + 10 * s, top + 65 * s), layout.text, 16 * s)
    tonnes = f"{state.mass / 1000:.3f} t"
    write(picture, tonnes, (right - 10 * s, top + 65 * s), DIM, 16 * s, align="right")


def _share(state: CockpitState) -> float:
    """Return the part of the propellant that is left, 0 to 1."""
    if state.propellant_capacity <= 0.0:
        return 0.0
    return min(1.0, max(0.0, state.propellant / state.propellant_capacity))


def _bar(picture: Picture, box: Sides, share: float, layout: Layout) -> None:
    """Draw a filling bar."""
    fill(picture, box, HOLLOW)
    if share > 0.0:
        colour = layout.accent if share > 0.15 else WARN
        fill(picture, (box[0], box[1], box[0] + share * (box[2] - box[0]), box[3]), colour)
