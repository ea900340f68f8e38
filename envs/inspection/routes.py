"""Ways of the arm from one pose to another that touch nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from helmsight.envs.inspection.cell import START
from helmsight.envs.inspection.clearance import Clearance, Joints
from helmsight.envs.inspection.shapes import Array

GROWTH = 0.35  # rad, by which a tree grows at once
SAMPLES = 250  # that are tried before a search is given up
Tree = tuple[list[Array], list[int]]  # places, and the index of the one each was reached from


def route(clearance: Clearance, start: Joints, end: Joints) -> tuple[Joints, ...] | None:
    """Return the places to go to in turn, `end` included, joints straight between; None: no way.

    Straight; else back to the folded arm, turned to either place, and out again; else searched.
    The same question has the same answer. From a place that has too little room but touches
    nothing there is a way all the same, see `Clearance.way`; to one there is none.
    """
    if clearance.gaps(end) or any(gap <= 0.0 for gap in clearance.gaps(start).values()):
        return None
    folded = [(pan, *START[1:]) for pan in (start[0], end[0])]
    for stops in ((), folded[:1], folded[1:], folded, [START]):
        places = [start, *stops, end]
        if all(clearance.way(a, b) for a, b in pairwise(places)):
            return tuple(places[1:])
    return _searched(clearance, start, end)


def _searched(clearance: Clearance, start: Joints, end: Joints) -> tuple[Joints, ...] | None:
    """Grow a tree from either end until they meet (RRT-Connect, Kuffner and LaValle 2000,
    doi:10.1109/ROBOT.2000.844730), then leave out what the way does not need.
    """
    rng, chain = np.random.default_rng(0), list(clearance.spec.chain)
    lower = np.array([clearance.spec.joint[index].lower for index in chain])
    upper = np.array([clearance.spec.joint[index].upper for index in chain])
    trees: list[Tree] = [([np.array(end)], [-1]), ([np.array(start)], [-1])]
    for _ in range(SAMPLES):
        trees.reverse()
        wish = np.array(end)
        wish[chain] = rng.uniform(lower, upper)
        grown = _grown(clearance, trees[0], wish)
        if grown is not None and _connected(clearance, trees[1], grown):
            first, second = (_back(tree) for tree in trees)
            places = first[::-1] + second[1:]
            if not np.array_equal(places[0], start):
                places.reverse()
            return _shortened(clearance, places)
    return None


def _grown(clearance: Clearance, tree: Tree, wish: Array) -> Array | None:
    """Grow a tree by one step toward `wish`; return the new place, None when it is not clear."""
    places, parents = tree
    nearest = int(np.argmin([np.abs(wish - place).max() for place in places]))
    way = wish - places[nearest]
    after = places[nearest] + way * min(1.0, GROWTH / max(float(np.abs(way).max()), 1e-9))
    if not clearance.way(places[nearest], after):
        return None
    places.append(after)
    parents.append(nearest)
    return after


def _connected(clearance: Clearance, tree: Tree, wish: Array) -> bool:
    """Grow a tree toward `wish` as far as it goes; return whether it got there."""
    while True:
        grown = _grown(clearance, tree, wish)
        if grown is None:
            return False
        if np.allclose(grown, wish, atol=1e-9):
            return True


def _back(tree: Tree) -> list[Array]:
    """Return the places from a tree's newest to its root."""
    places, parents = tree
    index, way = len(places) - 1, []
    while index >= 0:
        way.append(places[index])
        index = parents[index]
    return way


def _shortened(clearance: Clearance, places: list[Array]) -> tuple[Joints, ...]:
    """Return the way without the places that can be left out, the first left out, too."""
    kept, at = [], 0
    while at < len(places) - 1:
        ahead = range(len(places) - 1, at + 1, -1)
        at = next((i for i in ahead if clearance.way(places[at], places[i])), at + 1)
        kept.append(tuple(float(value) for value in places[at]))
    return tuple(kept)
