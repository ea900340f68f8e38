"""What is different in a crop from what the drawing shows there, in a few numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.agents.inspection.drawing import Drawing
from helmsight.agents.inspection.eyes import Asked, Fits, Spent
from helmsight.agents.inspection.survey import Pixels
from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.envs.inspection.crops import Square
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.states import NOT_SEEN

SIZE = 64  # px of the crops that are compared
SOFT_PX = 1.0  # what is blurred away: the last fault of where things stand
SPOT_PX = 5  # side of what counts as one spot
FEWEST = 40  # px of a crop that a part has to fill
FEATURES = ("changed", "darker", "brighter", "spot", "edges")
THRESHOLDS = "thresholds.json"


def differences(frame: Pixels, clean: Pixels, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return FEATURES of a crop (SIZE, SIZE, 3) against a clean one, within a mask (SIZE, SIZE).

    Both are brought to the same median and spread first, channel by channel: light and colours are
    not those of the drawing. changed: mean difference; darker, brighter: of those pixels; spot: of
    the most different spot; edges: of how steep the shades are. In spreads of the part's shades;
    logarithms, so that their spread is about the same for all.
    """
    seen, wanted = (_levelled(picture, mask) for picture in (frame, clean))
    change = (seen - wanted).mean(axis=2) * mask
    filled = float(mask.sum())
    spots = cv2.blur(np.abs(change), (SPOT_PX, SPOT_PX))
    steep = [np.abs(cv2.Laplacian(each.mean(axis=2), cv2.CV_64F)) for each in (seen, wanted)]
    values = (
        np.abs(change).sum() / filled,
        np.maximum(-change, 0.0).sum() / filled,
        np.maximum(change, 0.0).sum() / filled,
        spots.max(),
        (np.abs(steep[0] - steep[1]) * mask).sum() / filled,
    )
    return np.asarray(np.log(np.maximum(np.array(values), 1e-3)))


def crop_differences(
    frame: Pixels, clean: Pixels, mine: NDArray[np.bool_], square: Square
) -> NDArray[np.float64] | None:
    """Return the differences in a square of a frame; None where the part hardly is.

    clean: what the drawing shows from the same place; mine (H, W): where in it the part is.
    """
    mask = square.cut(mine.astype(np.uint8) * 255, SIZE) > 127
    if mask.sum() < FEWEST:
        return None
    return differences(square.cut(frame, SIZE), square.cut(clean, SIZE), mask)


class DifferenceEyes:
    """Compares crops with the drawing's, and tells how often differences like these are seen with
    a part in each state: normal distributions that `thresholds.json` holds.

    It knows nothing of parts that are not there: `not seen` fits as well as the states on average.
    """

    reads = False
    sizes = (SIZE, SIZE)

    def __init__(self, drawing: Drawing) -> None:
        self._fitted, self._drawing = thresholds()["kinds"], drawing
        self._clean: Pixels
        self._parts: Pixels

    def stand(self, frame: Pixels) -> None:
        """Draw what the drawing shows from where a frame was taken, as large as that is."""
        view = self._drawing.view((frame.shape[1], frame.shape[0]))
        self._clean, self._parts = view.pixels, view.parts

    def look(
        self, frame: Pixels, crops: Sequence[Asked], size: int, spent: Spent, digest: Any
    ) -> list[Fits | None]:
        """Return the fits of every crop."""
        digest.update(frame.tobytes())
        with spent.pass_over(len(crops)):
            return [self._one(frame, crop) for crop in crops]

    def _one(self, frame: Pixels, crop: Asked) -> Fits | None:
        mine = self._parts == list(PARTS).index(crop.part)
        found = crop_differences(frame, self._clean, mine, crop.square)
        if found is None:
            return None
        fits = fits_of(found, self._fitted[PARTS[crop.part]])
        return {NOT_SEEN: sum(fits.values()) / len(fits), **fits}


def fits_of(found: NDArray[np.float64], states: Mapping[str, Any]) -> Fits:
    """Return how well differences fit every state of a kind, by its normal distributions."""
    logs = {}
    for state, fitted in states.items():
        mean, spread = np.array(fitted["mean"]), np.array(fitted["spread"])
        # the features say much of the same: as many as two count
        z = float((((found - mean) / spread) ** 2).mean() + 2.0 * np.log(spread).mean())
        logs[state] = -z
    top = max(logs.values())
    return {state: max(math.exp(log - top), 1e-4) for state, log in logs.items()}


@cache
def thresholds() -> dict[str, Any]:
    """Return what was fitted, with the command and the seeds that made it."""
    data: dict[str, Any] = parse_json(read_text(files(__package__) / THRESHOLDS))
    return data


def _levelled(picture: Pixels, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    soft = cv2.GaussianBlur(picture, (0, 0), SOFT_PX).astype(np.float64)
    of = soft[mask]
    middle = np.median(of, axis=0)
    spread = np.maximum(np.abs(of - middle).mean(), 6.0)
    return np.asarray((soft - middle) / spread)
