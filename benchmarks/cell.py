"""Measures the inspection cell: how fast it is, and what of it can be reached and seen.

    python benchmarks/cell.py --json cell.json
    python benchmarks/cell.py --scale 5      # 50 seeds

A surface counts as reached when the arm has a way, clear of everything, to a pose from which 60 %
of it are in the wrist camera's picture, unhidden; a defect as seen when at least 12 of its pixels
(at 320x240) are, from such a pose.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

import numpy as np

from helmsight.envs.inspection.building import STEP_S
from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.clearance import Joints
from helmsight.envs.inspection.looks import LOOKS
from helmsight.envs.inspection.outlook import Outlook
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.plant import Drive, Plant
from helmsight.envs.inspection.routes import route
from helmsight.envs.inspection.sites import SITES, Site
from helmsight.envs.inspection.survey import Survey
from helmsight.envs.inspection.viewpoints import Viewpoint, Viewpoints
from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show, skipped, timed
from helmsight.hardware.errors import CameraUnavailable

SIZES = ((224, 224), (320, 240), (480, 480), (640, 480))
ANGLES = tuple(np.arange(-3.0, 3.1, 0.75))  # of the turntable, rad


def speed(n: int) -> Iterator[Figure]:
    """Measure steps and pictures of one cell."""
    yield figure("a cell is built", "ms", [1000 * timed(partial(Cell, seed)) for seed in range(8)])
    plant = Plant(1)
    drives = [Drive(place, 0.0, 1.0) for place in START]
    steps = [1e6 * timed(lambda: plant.advance(STEP_S, drives)) for _ in range(20 * n)]
    yield figure("one step of 2 ms", "us", steps)
    for shadows in (True, False):
        with Cell(1, shadows=shadows) as cell:
            what = "with" if shadows else "without"
            for size in SIZES:
                name = f"picture {size[0]}x{size[1]}, {what} shadows"
                try:
                    cell.look(size=size)
                except CameraUnavailable as error:
                    yield skipped(name, "ms", str(error))
                    continue
                draw = partial(cell.look, "wrist", size)
                yield figure(name, "ms", [1000 * timed(draw) for _ in range(n)])
    with Cell(1, shadows=False) as cell:
        look = partial(cell.view, "wrist", (320, 240))
        look()
        yield figure("its picture and truth, 320x240", "ms", [1000 * timed(look) for _ in range(n)])


def planning(seeds: int) -> Iterator[Figure]:
    """Measure how long it takes to plan looks, one after the other, and to say what they show."""
    planned: dict[str, list[float]] = {"": [], "closer": [], "other side": []}
    told = []
    for seed in range(seeds):
        plan = CellPlan.draw(seed)
        survey = Survey(plan)
        outlook = Outlook(survey, (640, 480), list(PARTS))
        here: tuple[Joints, float] = START, plan.turntable
        tour = survey.tour(list(PARTS), plan.turntable)
        names = [
            *tour,
            *(f"{site}, {way}" for way in ("closer", "other side") for site in tour[:3]),
        ]
        for look in (LOOKS[name] for name in names):
            began = time.perf_counter()
            visit = survey.visit(look, *here)
            planned[look.way].append(1000 * (time.perf_counter() - began))
            if visit is not None:
                here = visit.view.joints, visit.turntable
                told.append(1000 * timed(partial(outlook.spots, *here)))
    for way, times in planned.items():
        yield figure(f"a look is planned{way and ', ' + way}", "ms", times)
    yield figure("every look is planned", "ms", list(chain(*planned.values())), 15.0)
    yield figure("where every site should be in the picture", "ms", told)


def reach(seeds: int) -> Iterator[Figure]:
    """Measure what is reached and seen in cells of the first seeds."""
    posed, poses, turned, seen = [], [], [], []
    for seed in range(seeds):
        with Cell(seed, shadows=False) as cell:
            views = Viewpoints(cell)
            found = [ways(cell, views, site, cell.plan.turntable) for site in SITES]
            poses.append(sum(map(len, found)))
            posed.append(len({views[0].site.part for views in found if views}))
            reached, defects = turning(cell, views)
            turned.append(reached)
            seen += defects
    yield figure("parts reached, the turntable as posed (of 12)", "parts", posed)
    yield figure("poses found for them, at most 3 a surface", "poses", poses)
    yield figure(f"surfaces reached, turned (of {len(SITES)})", "surfaces", turned)
    yield figure("defects seen from there", "share", [float(np.mean(seen))])


def ways(cell: Cell, views: Viewpoints, site: Site, angle: float) -> list[Viewpoint]:
    """Return viewpoints of a site that the arm has a way to, the turntable at `angle`."""
    cell.place(START, float(angle))
    return [
        view for view in views.of(site) if route(views.clearance, START, view.joints) is not None
    ]


def turning(cell: Cell, views: Viewpoints) -> tuple[int, list[bool]]:
    """Return how many surfaces are reached at any angle, and whether each defect is seen."""
    reached: set[int] = set()
    seen = {defect.part: False for defect in cell.plan.defects}
    for angle in ANGLES:
        for index, site in enumerate(SITES):
            if index in reached and seen.get(site.part, True):
                continue
            for view in ways(cell, views, site, angle):
                reached.add(index)
                if not seen.get(site.part, True):
                    cell.place(view.joints)
                    seen[site.part] = site.part in cell.view(size=(320, 240)).defects_seen
    return len(reached), list(seen.values())


def measure(scale: float) -> Iterator[Figure]:
    """Yield every figure; `scale` multiplies the number of samples and seeds."""
    yield from speed(max(2, round(30 * scale)))
    yield from planning(max(1, round(10 * scale)))
    yield from reach(max(1, round(10 * scale)))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    options = parser.parse_args(arguments)
    show(measure(options.scale), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
