"""Fitting of the coverage baseline: what differences to the drawing look like, state by state.

    python -m helmsight.agents.training.inspector.thresholds --cells 80 --out FILE

makes `agents/inspection/thresholds.json`, from cells of the training seeds only.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.inspection.differences import FEATURES, crop_differences
from helmsight.agents.inspection.drawing import drawing
from helmsight.agents.inspection.survey import ASKED
from helmsight.agents.training.inspector.lessons import CLEAR, FIRST_SEED, FRAME
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.crops import LEAST_M, SMALLEST, Square
from helmsight.envs.inspection.parts import DEFECTS, NONE, PARTS
from helmsight.envs.inspection.plan import CellPlan, Defect
from helmsight.envs.inspection.sites import SITES, Sight, Site
from helmsight.envs.inspection.states import SOUND
from helmsight.envs.inspection.views import FEWEST, View

LATER = 500_000  # seeds after the first of training: none that the inspector learns from
VIEWS = 14  # of a cell, one a site
LEAST_SPREAD = 0.15
Sample = tuple[str, str, NDArray[np.float64]]
"""Kind, state, differences."""


def samples(seed: int) -> Iterator[Sample]:
    """Yield the differences of the sites of one cell, with the state that they show."""
    rng = np.random.default_rng([seed, 98])
    defects = [
        Defect(part, str(rng.choice(DEFECTS[kind])), float(rng.random()),
               (float(rng.random()), float(rng.random())), int(rng.integers(2**31)))
        for part, kind in PARTS.items() if rng.random() < 0.5
    ]  # fmt: skip
    with Cell(CellPlan.draw(seed, defects=defects)) as cell, drawing(seed) as clean:
        clean.place(turntable=cell.turntable)
        sight = Sight(cell)
        for site in SITES:
            pose = sight.somewhere(site, rng)
            seen, drawn = (each.view_from(pose, FRAME) for each in (cell, clean))
            for other in SITES:
                if sight.share(other, pose) >= ASKED:
                    yield from _sample(sight, other, seen, drawn)


def _sample(sight: Sight, site: Site, seen: View, drawn: View) -> Iterator[Sample]:
    points, _ = sight.place(site)
    spots = seen.project(points)
    scale = FRAME[1] / (2.0 * np.tan(seen.fov_y / 2.0)) / float(spots[:, 2].mean())
    square = Square.around(spots[:, :2], LEAST_M * scale)
    index = list(PARTS).index(site.part)
    truth = seen.truth[index]
    wrong = ((seen.parts == index) & seen.defects).astype(np.uint8)
    shown = int(square.cut(wrong, round(square.side)).sum()) if square.side >= SMALLEST else 0
    state = SOUND if truth.defect == NONE else truth.defect
    if square.side < SMALLEST or (state != SOUND and shown < max(FEWEST, CLEAR * square.side**2)):
        return
    found = crop_differences(seen.pixels, drawn.pixels, drawn.parts == index, square)
    if found is not None:
        yield PARTS[site.part], state, found


def fit(cells: int, say: Any = print) -> dict[str, Any]:
    """Return the distributions of the differences in so many cells, as JSON data."""
    first = FIRST_SEED + LATER
    kept: dict[str, dict[str, list[NDArray[np.float64]]]] = defaultdict(lambda: defaultdict(list))
    for number in range(cells):
        for kind, state, found in samples(first + number):
            kept[kind][state].append(found)
        say(f"cell {number + 1} of {cells}")
    return {
        "command": f"python -m helmsight.agents.training.inspector.thresholds --cells {cells}",
        "seeds": [first, first + cells - 1],
        "features": list(FEATURES),
        "kinds": {
            kind: {state: _fitted(np.stack(found)) for state, found in sorted(states.items())}
            for kind, states in sorted(kept.items())
        },
    }


def _fitted(found: NDArray[np.float64]) -> dict[str, Any]:
    spread = np.maximum(found.std(axis=0), LEAST_SPREAD)
    return {
        "n": len(found),
        "mean": [round(float(x), 4) for x in found.mean(axis=0)],
        "spread": [round(float(x), 4) for x in spread],
    }


def main() -> None:
    """Fit, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=80)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    text = json.dumps(fit(given.cells), indent=1)
    given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
