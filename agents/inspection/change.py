"""A crop and its drawing as one picture, in false colours: what is seen, and what is different.

Pictures of one place at two times are compared so in remote sensing: what has changed takes a
colour of its own, and stands out. What the model has to tell is then in every patch, and need not
be put together from two pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.inspection.crops import Pixels

CHANGE = "change"
"""The view, in a model's folder, that stands for crops in these colours."""
GAIN = 24.0  # shades of the difference by one spread of the shades seen
LEAST_SPREAD = 6.0  # shades: a crop of one shade has no contrast to be brought to
SOFT_PX = 0.7  # what is blurred away before: edges are never exactly where they are drawn


def composite(seen: Pixels, drawn: Pixels) -> Pixels:
    """Return (H, W, 3): red and blue as they are seen; green is how much lighter it is than drawn.

    Both are brought to the same median and spread before they are subtracted, as greys, since
    nobody knows the light; equal is 128. Of the drawing nothing is lost by that, and red against
    blue tells gold from grey.
    """
    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (seen, drawn)]
    change = _levelled(greys[0]) - _levelled(greys[1])
    green = np.clip(128.0 + GAIN * change, 0.0, 255.0).astype(np.uint8)
    return np.dstack([seen[..., 0], green, seen[..., 2]])


def _levelled(grey: Pixels) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(grey, (0, 0), SOFT_PX).astype(np.float32)
    soft -= np.median(soft)
    return np.asarray(soft / max(float(np.abs(soft).mean()), LEAST_SPREAD), np.float32)
