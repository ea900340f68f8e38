"""How far the inspector's answers are believed: fitted on crops that it did not learn from.

What was learnt is surer than it is right. For each kind of part a heat is found by which log-odds
are divided so that, with every state equally often, the answers are as sure as they are right:
temperature scaling (Guo et al., On Calibration of Modern Neural Networks, 2017).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.training.inspector.lessons import PartCrop
from helmsight.envs.inspection.parts import DEFECTS
from helmsight.envs.inspection.states import states

HEATS = np.geomspace(0.5, 6.0, 61)
FEWEST = 20  # crops of a kind, below which nothing is found out about it


def heats(crops: Sequence[PartCrop], shares: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return the heat of every kind of part of which there are enough crops.

    shares: for each crop, what a model gave its states, in the order of `states`, divided by how
    often it was shown each; up to a factor.
    """
    told: dict[str, list[tuple[str, NDArray[np.float64]]]] = defaultdict(list)
    for crop, share in zip(crops, shares, strict=True):
        told[crop.kind].append((crop.state, np.log(np.maximum(share, 1e-9))))
    return {kind: round(_heat(kind, rows), 3) for kind, rows in told.items() if len(rows) >= FEWEST}


def _heat(kind: str, rows: Sequence[tuple[str, NDArray[np.float64]]]) -> float:
    """Return the heat at which the truth is likeliest, states counted as often as each other."""
    allowed = list(states(DEFECTS[kind]))
    true = np.array([allowed.index(state) for state, _ in rows])
    logs = np.stack([log for _, log in rows])
    weight = 1.0 / np.bincount(true, minlength=len(allowed))[true]

    def cost(heat: float) -> float:
        hot = logs / heat
        hot -= np.logaddexp.reduce(hot, axis=1, keepdims=True)
        return float(-(weight * hot[np.arange(len(true)), true]).sum())

    return float(min(HEATS, key=cost))
