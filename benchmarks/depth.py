"""How often the questions about depth could be answered by who finds a thing and its foot.

python benchmarks/depth.py

The foot is the place on the floor below a thing. Both are read from the picture with a normal
error on each axis; how the camera stands is known exactly. So this is what can be seen at best, not
what a model reaches: it tells whether the questions have an answer in the picture, and how exact an
eye has to be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from helmsight.errors import status_of
from helmsight.evals.spatial.bodies import HELD_OUT, Array
from helmsight.evals.spatial.drawing import PinholeCamera
from helmsight.evals.spatial.generator import CELLS, pairs
from helmsight.evals.spatial.scenes import scene
from helmsight.evals.statistics import proportion_interval
from helmsight.evals.tables import table
from helmsight.prompts.relations import Axis

QUESTIONS = 600
VIEW = 160  # px, a side of the picture that errors are told in
ERRORS = (1.0, 3.0, 6.0, 10.0, 15.0)  # px
COVERAGE = 0.9


def distance(camera: PinholeCamera, centre: Array, foot: Array) -> float:
    """Return how far away a thing is, m; NaN where its foot is not seen on the floor.

    It is seen at `centre`, its foot at `foot`, both (2,): right and down of the middle, in sides.
    """
    to_foot, to_centre = (
        camera.axes.T @ np.array([*(spot / camera.focal), 1.0]) for spot in (foot, centre)
    )
    if to_foot[2] >= 0:
        return float("nan")
    below = camera.place - camera.place[2] / to_foot[2] * to_foot
    # the point on the vertical line over the foot that is nearest to the ray through the centre
    ray = to_centre / np.linalg.norm(to_centre)
    away = below - camera.place
    height = ((ray @ away) * ray[2] - away[2]) / (1 - ray[2] ** 2)
    return float(np.linalg.norm(away + np.array([0, 0, height])))


def answers(n: int, pixels: float, seed: int = 0) -> tuple[list[bool], list[float]]:
    """Return of `n` questions of the test split's kind whether each is answered right, and how
    clearly: the difference of the logarithms of the distances.
    """
    rng = np.random.default_rng(seed)
    cells = [cell for cell in CELLS["objects"] if cell.axis is Axis.DEPTH]
    right: list[bool] = []
    clear: list[float] = []
    while len(right) < n:
        placed, cell = scene(rng, held_out=True), cells[len(right) % len(cells)]
        among = [name for name in placed.truth.names if name in HELD_OUT]
        if not (possible := pairs(placed.truth, cell, among)):
            continue
        told = []
        for name in possible[rng.integers(len(possible))]:
            centre = placed.things[placed.truth.names.index(name)].centre
            seen = placed.camera.seen(np.stack([centre, centre * [1, 1, 0]]))[:, :2]
            told.append(distance(placed.camera, *(seen + rng.normal(0, pixels / VIEW, (2, 2)))))
        gap = float(np.nan_to_num(np.log(told[0] / told[1])))
        right.append(bool(np.sign(gap) == cell.true_sign))
        clear.append(abs(gap))
    return right, clear


def run(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=QUESTIONS, help="questions")
    options = parser.parse_args(arguments)
    rows = []
    for pixels in ERRORS:
        right, clear = answers(options.n, pixels)
        clearest = np.argsort(-np.array(clear), kind="stable")[: round(COVERAGE * len(right))]
        rows.append((f"{pixels:g}", _share(right), _share([right[i] for i in clearest])))
    columns = (f"error, px of {VIEW}", "right of all %", f"right of the clearest {COVERAGE:.0%} %")
    print(table(columns, rows))


def _share(right: Sequence[bool]) -> str:
    return proportion_interval(sum(right), len(right)).text(".1f", 100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
