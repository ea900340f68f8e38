"""The drawing of a cell as a picture: its geometry, in looks and light that nobody chose.

Nobody has a picture of the same satellite, sound, in the same light. So the drawing is painted with
nominal colours and lit by a nominal lamp, and without the objects that lie around: they are on no
drawing.
"""

from __future__ import annotations

import math
from dataclasses import replace

from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.scenery import CAPS, PRINTED, Light, Looks

LIGHT = Light(azimuth=math.pi, elevation=0.9, key=0.9, fill=0.9, colour=(1.0, 1.0, 1.0))
LOOKS = Looks(
    printed=PRINTED[1], caps=CAPS[0], cells=(0.04, 0.06, 0.17), gold=0.7, body=0.74,
    table=(0.31, 0.31, 0.31), wall=(0.58, 0.58, 0.61), textures=0,
)  # fmt: skip
"""The middle of what cells are painted in."""


def drawing(seed: int) -> Cell:
    """Return the drawing of a cell as a cell of its own: as surveyed, nothing wrong with it.

    Raises:
        CameraUnavailable: there is nothing to draw with on this machine.
    """
    plan = CellPlan.draw(seed).sound()
    return Cell(replace(plan, light=LIGHT, looks=LOOKS, things=()), shadows=False)
