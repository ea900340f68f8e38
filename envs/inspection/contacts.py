"""What the arm touches: who, when, how long and how hard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from helmsight.envs.inspection.building import Built
from helmsight.envs.inspection.parts import PARTS
from helmsight.hardware.gl import mujoco

What = Literal["satellite", "turntable", "table", "thing", "arm"]


@dataclass
class Touch:
    """One contact of a link of the arm from its beginning to its end.

    link: the joint that carries it, or `base`. with_: a part of the satellite, `turntable`,
    `table`, `thing` or the other link. start_s, end_s: simulated time; end_s grows while it lasts.
    force_n: the largest.
    """

    what: What
    link: str
    with_: str
    start_s: float
    end_s: float
    force_n: float


class Contacts:
    """Keeps the contacts of the arm of one model; whoever lets time pass tells it."""

    def __init__(self, built: Built) -> None:
        self._built = built
        self._names = built.names
        self._open: dict[tuple[str, str], Touch] = {}
        self._all: list[Touch] = []

    def note(self, data: mujoco.MjData) -> None:
        """Take down the contacts of the present step."""
        now: dict[tuple[str, str], Touch] = {}
        force = np.zeros(6)
        for index in range(data.ncon):
            contact = data.contact[index]
            if contact.dist > 0.0:
                continue
            pair = self.pair(int(contact.geom1), int(contact.geom2))
            mujoco.mj_contactForce(self._built.model, data, index, force)
            touch = now.get(pair) or self._open.get(pair)
            if touch is None:
                touch = Touch(what(pair[1]), *pair, data.time, data.time, 0.0)
                self._all.append(touch)
            touch.end_s, touch.force_n = data.time, max(touch.force_n, float(force[0]))
            now[pair] = touch
        self._open = now

    def none(self) -> None:
        """Take down that nothing touches anything."""
        self._open.clear()

    @property
    def touches(self) -> tuple[Touch, ...]:
        """All of them, in the order of their beginning."""
        return tuple(Touch(**vars(touch)) for touch in self._all)

    def pair(self, a: int, b: int) -> tuple[str, str]:
        one, other = self._names[a], self._names[b]
        if one[0] != "arm":
            one, other = other, one
        return one[1], other[1]


def what(name: str) -> What:
    """Return the kind of what the arm touches."""
    if name in PARTS:
        return "satellite"
    if name in ("turntable", "table", "thing"):
        return name  # type: ignore[return-value]
    return "arm"
