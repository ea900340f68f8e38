"""What the bundled model is asked and what the right answer is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.clock import TimeRule
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.command import LEVELS, BurnCommand
from helmsight.envs.orbital.sights import BAND
from helmsight.prompts.templates import render

NOW = Timing()
QUESTIONS = ("command", "relation", "reading")


LATE = " Now "
"""Stands in the words of a question that tells a latency."""
UNREADABLE = "I cannot read that."
"""What is answered to every question where the instruments are covered."""


def prompt(question: str, timing: Timing = NOW, task: str = "") -> str:
    """Return the words of `question`: one of "command", "relation" and "reading".

    In those of a command stands the bot of the `task` with that name, if it does not coast, and,
    for a `timing` with a latency, what is applied meanwhile.
    """
    if question == "command":
        return render("fly", timing=timing, task=task).strip()
    return render(f"bundled_{question}").strip()


def nearest_levels(throttle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return throttles of any shape, each at its nearest level."""
    levels = np.array(LEVELS)
    return np.asarray(levels[np.abs(throttle[..., None] - levels).argmin(axis=-1)])


def command(throttle: NDArray[np.float64]) -> BurnCommand:
    """Return the command of `throttle` (forward, right, down), each at its nearest level."""
    forward, right, down = nearest_levels(throttle)
    return BurnCommand(forward=forward, right=right, down=down)


def command_text(throttle: NDArray[np.float64]) -> str:
    """Return the text of the command of `throttle`."""
    return command(throttle).text()


def relation_text(state: CockpitState) -> str:
    """Return in words where the prograde (or the visible retrograde) marker is from the target."""
    direction = state.velocity / max(state.speed, 1e-9)
    sight = state.target / max(state.range, 1e-9)
    if state.speed < 0.01:
        return "There is no prograde marker."
    marker, sign = ("prograde", 1.0) if direction[0] > 0 else ("retrograde", -1.0)
    right, down = sign * direction[1] - sight[1], sign * direction[2] - sight[2]
    words = []
    if abs(right) > BAND:
        words.append("right of" if right > 0 else "left of")
    if abs(down) > BAND:
        words.append("below" if down > 0 else "above")
    return f"The {marker} marker is {' and '.join(words) or 'on'} the target marker."


def reading_text(state: CockpitState) -> str:
    """Return what the readouts show: distance and speed."""
    return f"distance {state.range:.1f} m, speed {state.speed:.2f} m/s"


def corpus() -> Iterator[str]:
    """Yield texts for the tokenizer: every prompt, every command, relations and readings."""
    rng = np.random.default_rng(0)
    for question in QUESTIONS:
        yield from [prompt(question)] * 400
    for task in ("PE1-E2", "PE1-E3", "PE1-E4", "LBG1-LG0", "LBG1-LG1", "LBG1-LG2", "PE1-PN"):
        yield from [prompt("command", NOW, task)] * 40
    yield from [UNREADABLE] * 20
    for command in BurnCommand.choices():
        yield from [command.text()] * 3
        late = float(rng.integers(1, 21)) / 10.0
        yield prompt("command", Timing(TimeRule("fixed", late), late, late, command))
    for marker in ("prograde", "retrograde"):
        for where in ("on", "left of", "right of", "above", "below", "left of and above"):
            yield from [f"The {marker} marker is {where} the target marker."] * 60
    yield from ["There is no prograde marker."] * 20
    for distance in rng.uniform(0.0, 6000.0, 400):
        yield f"distance {distance:.1f} m, speed {distance / 60:.2f} m/s"
