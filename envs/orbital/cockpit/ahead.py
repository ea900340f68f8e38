"""A picture that is drawn before it is asked for, while a pilot thinks."""

from __future__ import annotations

import pickle

from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState


class Ahead:
    """Draws what is likely to be asked for next. Whatever that is, its picture is the same."""

    def __init__(self) -> None:
        self._drawn: tuple[bytes, Picture] | None = None

    def draw(self, state: CockpitState, layout: Layout) -> None:
        """Draw a state, in place of the last one that was not asked for."""
        self._drawn = _key(state, layout), render(state, layout)

    def picture(self, state: CockpitState, layout: Layout) -> Picture:
        """Return the picture of a state: what was drawn, if that is it, else one drawn now."""
        drawn, self._drawn = self._drawn, None  # whoever gets a picture may draw into it
        if drawn is not None and drawn[0] == _key(state, layout):
            return drawn[1]
        return render(state, layout)


def _key(state: CockpitState, layout: Layout) -> bytes:
    """Return all that a picture depends on, to the last bit."""
    return pickle.dumps((state, layout))
