"""Pictures of the navball with random markers, from the twin's own renderer."""

from __future__ import annotations

import numpy as np

from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.envs.orbital.cockpit import navball
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.sights import BAND, LEVEL, MARKERS, PROGRADE, TARGET
from helmsight.evals.spatial.bodies import Array

RIM = 0.86  # markers lie within this of the ball's middle, radii
ON_NOSE = 0.35  # share of the states with the target straight ahead, as SAS holds it
SIDE = 256  # of the navball's region, px


def state(rng: np.random.Generator) -> CockpitState:
    """Return a random state in which both markers are on the near side of the ball."""
    up = _anywhere(rng)
    north = np.cross(up, _anywhere(rng))
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    axes[2] *= np.sign(np.linalg.det(axes))
    ahead = np.array([1.0, 0.0, 0.0])
    target = ahead if rng.random() < ON_NOSE else _near_side(rng)
    return CockpitState(
        velocity=_near_side(rng) * float(np.exp(rng.uniform(np.log(0.1), np.log(45.0)))),
        target=target * float(np.exp(rng.uniform(np.log(8.0), np.log(6000.0)))),
        up=up,
        north=north / np.linalg.norm(north),
        sun=_anywhere(rng),
        target_axes=axes,
        altitude=float(rng.uniform(80e3, 300e3)),
        met=float(rng.uniform(0.0, 240.0)),
        mass=float(rng.uniform(1885.0, 6685.0)),
        propellant=float(rng.uniform(0.0, 1200.0)),
        propellant_capacity=1200.0,
        throttle=np.round(rng.uniform(-1.2, 1.2, 3)).clip(-1, 1),
    )


def truth(shown: CockpitState) -> Truth:
    """Return where the markers are from the middle of the ball, which is all at one depth.

    The same as `helmsight.envs.orbital.sights.marker_relations` tells, with the differences.
    """
    plain = Layout()
    spots: dict[str, tuple[float, float]] = {LEVEL: plain.navball_centre}
    for name, direction in ((PROGRADE, shown.velocity), (TARGET, shown.target)):
        spot = navball.place(direction, plain)
        if spot is not None:
            spots[name] = spot
    names = tuple(name for name in MARKERS if name in spots)
    middle = np.array(plain.navball_centre)
    away = np.array([np.subtract(spots[name], middle) for name in names]) / (plain.radius * BAND)
    return Truth(names, np.pad(away, ((0, 0), (0, 1))))


def drawn(
    shown: CockpitState, rng: np.random.Generator, size: int = SIDE, *, whole: bool = False
) -> LabelledPicture:
    """Return the picture of a state: the navball alone (size, size, 3), or all with `whole`.

    The whole frame (720, 1280, 3) has the regions that a pilot in flight is shown enlarged.
    """
    import cv2

    layout = Layout() if rng.random() < 0.5 else Layout.random(rng)
    image, regions = render(shown, layout, rng), layout.regions()
    if not whole:
        x0, y0, x1, y1 = regions["navball"]
        image, regions = image[y0:y1, x0:x1], {}
        shrinks = size < SIDE
        image = cv2.resize(
            image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        )
    return LabelledPicture("cockpit", image, truth(shown), regions)


def _anywhere(rng: np.random.Generator) -> Array:
    way = rng.standard_normal(3)
    return np.asarray(way / np.linalg.norm(way))


def _near_side(rng: np.random.Generator) -> Array:
    """Return a direction whose marker is anywhere within the rim, alike often."""
    radius, angle = RIM * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    right, down = radius * np.cos(angle), radius * np.sin(angle)
    return np.array([np.sqrt(1 - radius**2), right, down])
