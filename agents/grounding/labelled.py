"""Pictures with their truth: where the named things are, and so every relation of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.grounding.asking import Image
from helmsight.contract.observation import Box
from helmsight.prompts.relations import Axis, Claim, claim

BAND_SHARE = {"objects": 0.04, "cockpit": 0.0137}
"""Dead bands of the picture's plane, in sides of the picture."""
AXES = tuple(Axis)
DEPTH_CELLS = 15
"""How many cells the coarse map of depths has along each side of a picture."""


@dataclass(frozen=True)
class Truth:
    """Where named things are, (n, 3): to the right, downward, away from the viewer.

    The unit of each axis is its dead band: a difference of at most 1 is neutral, so that the
    relations are those of a semiorder (see `helmsight.prompts.constraints`).
    """

    names: tuple[str, ...]
    places: NDArray[np.float64]

    def gap(self, a: str, b: str, axis: Axis) -> float:
        """Return the coordinate of `a` less that of `b`, in dead bands."""
        at = AXES.index(axis)
        return float(self.places[self.names.index(a), at] - self.places[self.names.index(b), at])

    def sign(self, a: str, b: str, axis: Axis) -> int:
        """Return the sign of the relation of `a` to `b`."""
        gap = self.gap(a, b, axis)
        return 0 if abs(gap) <= 1 else int(np.sign(gap))

    def says(self, claim: Claim) -> bool | None:
        """Return whether a claim is true; None when it speaks of something unknown here."""
        if claim.a not in self.names or claim.b not in self.names:
            return None
        return self.sign(claim.a, claim.b, claim.axis) == claim.sign

    def claims(self) -> Iterator[Claim]:
        """Yield every true claim, each pair both ways round."""
        for a, b in permutations(self.names, 2):
            for axis in Axis:
                yield claim(a, axis, self.sign(a, b, axis), b)


@dataclass(frozen=True)
class LabelledPicture:
    """A picture with its truth; `kind` is "objects" or "cockpit".

    `image` is (H, W, 3) uint8 RGB. `regions` are the parts that a pilot in flight would see
    enlarged. `details` tell how it was made, as JSON data. Of scenes `depths` (DEPTH_CELLS,
    DEPTH_CELLS) is a coarse map of how far ahead what is seen is, log m, and `feet` (n, 2) where
    the floor is below each thing, 0 to 1 to the right and down: what helps to learn to see, and is
    no part of any question.
    """

    kind: str
    image: Image
    truth: Truth
    regions: Mapping[str, Box] = field(default_factory=dict)
    details: Mapping[str, object] = field(default_factory=dict)
    depths: NDArray[np.float32] | None = None
    feet: NDArray[np.float64] | None = None

    @property
    def spots(self) -> NDArray[np.float64]:
        """Where the named things are, (n, 2): right and down, 0 to 1 across the picture.

        Of a cockpit about so, and of the navball alone.
        """
        return 0.5 + self.truth.places[:, :2] * BAND_SHARE[self.kind]
