"""The view out of the cockpit along the nose: stars, planet, sun and other craft.

The planet is a globe with a made-up map; stars and map stand still while the vessel turns.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.envs.orbital.cockpit import craft
from helmsight.envs.orbital.cockpit.camera import FOCAL, project
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout
from helmsight.envs.orbital.cockpit.lettering import Picture
from helmsight.envs.orbital.cockpit.state import CockpitState
from helmsight.envs.orbital.dynamics import cross

_COARSE = 5  # the planet is drawn at a fifth of the picture's size
_BAND = 24  # rows of that, enlarged together
_SCALE_HEIGHT = 14_000.0  # of the glow above the limb, m
_SPACE = (4, 5, 9)
_AIR = np.array((120.0, 178.0, 250.0), dtype=np.float32)
_FOLD = 256

Matrix = NDArray[np.float32]


def draw(state: CockpitState, layout: Layout) -> Picture:
    """Return a new picture of what lies ahead, uint8 (720, 1280, 3) RGB."""
    axes = _inertial_axes(state)
    distance = max(state.planet_radius + state.altitude, 1.000001 * state.planet_radius)
    picture = _planet(state, axes, distance)
    if picture is None:
        picture = _space().copy()
    _draw_stars(picture, state, axes, distance)
    _draw_sun(picture, state, distance)
    craft.draw(picture, state, layout)
    return picture


def _inertial_axes(state: CockpitState) -> NDArray[np.float64]:
    """Return right-handed axes fixed in space (rows: sunward, across, north) in body axes.

    They hang on the sun and on north, which over an equatorial orbit keep their directions.
    """
    ahead = state.sun - (state.sun @ state.north) * state.north
    if np.linalg.norm(ahead) < 1e-6:
        ahead = state.up - (state.up @ state.north) * state.north
    ahead = ahead / np.linalg.norm(ahead)
    return np.stack([ahead, cross(state.north, ahead), state.north])


@lru_cache(maxsize=1)
def _space() -> Picture:
    """Return empty space."""
    return np.full((HEIGHT, WIDTH, 3), _SPACE, dtype=np.uint8)


@lru_cache(maxsize=1)
def _rays() -> Matrix:
    """Return the unit view directions of the coarse picture, (3, rows * columns)."""
    columns = ((np.arange(WIDTH // _COARSE) + 0.5) * _COARSE - 0.5 - WIDTH / 2) / FOCAL
    rows = ((np.arange(HEIGHT // _COARSE) + 0.5) * _COARSE - 0.5 - HEIGHT / 2) / FOCAL
    right, down = np.meshgrid(columns, rows)
    rays = np.stack([np.ones_like(right), right, down]).reshape(3, -1)
    units: Matrix = (rays / np.linalg.norm(rays, axis=0)).astype(np.float32)
    return units


def _planet(state: CockpitState, axes: NDArray[np.float64], distance: float) -> Picture | None:
    """Return space with the planet and its glow in it, or None when neither is in view."""
    rays = _rays()
    cosine = (-state.up).astype(np.float32) @ rays
    limb = _limb(state, distance, 0.0)
    ground = np.flatnonzero(cosine > limb)
    seen = cosine > _limb(state, distance, 6.0)
    air = np.flatnonzero(seen & (cosine <= limb))
    if ground.size + air.size == 0:
        return None
    coarse = _space().reshape(-1, 3)[: rays.shape[1]].copy()
    if ground.size:
        coarse[ground] = _ground(state, axes, rays[:, ground], cosine[ground], distance)
    if air.size:
        coarse[air] = _glow(state, rays[:, air], cosine[air], distance)
    small = (HEIGHT // _COARSE, WIDTH // _COARSE)
    return _enlarged(coarse.reshape(*small, 3), seen.reshape(small))


def _enlarged(coarse: Picture, seen: NDArray[np.bool_]) -> Picture:
    """Return the picture of a coarse one (rows, columns, 3), which is space but where it is `seen`.

    Band by band, and of each only as much as something is seen in: the rest need not be worked out.
    """
    picture, whole = _space().copy(), len(coarse)
    for top in range(0, whole, _BAND):
        # a row and a column more on each side, which shade into those beside them
        first, end = max(0, top - 1), min(whole, top + _BAND + 1)
        columns = np.flatnonzero(seen[first:end].any(axis=0))
        if not columns.size:
            continue
        left, right = max(0, columns[0] - 1), columns[-1] + 2
        small = coarse[first:end, left:right]
        size = (_COARSE * small.shape[1], _COARSE * small.shape[0])
        large = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
        low, high = _COARSE * top, _COARSE * min(whole, top + _BAND)
        inner = large[low - _COARSE * first : high - _COARSE * first]
        picture[low:high, _COARSE * left : _COARSE * left + size[0]] = inner
    return picture


def _limb(state: CockpitState, distance: float, scale_heights: float) -> float:
    """Return the cosine, from the nadir, of the rays that graze the air at that height."""
    radius = state.planet_radius + scale_heights * _SCALE_HEIGHT
    return float(np.sqrt(1.0 - min(1.0, radius / distance) ** 2))


def _ground(
    state: CockpitState, axes: NDArray[np.float64], rays: Matrix, cosine: Matrix, distance: float
) -> Picture:
    """Return the colours (n, 3) of rays (3, n) that meet the planet, by sunlight and haze.

    From distance D a ray d meets the sphere of radius R after D (c - sqrt(c^2 - 1 + (R / D)^2)),
    c = d . nadir; there the outward normal is (D up + way d) / R.
    """
    ratio = np.float32(state.planet_radius / distance)
    root = np.sqrt(np.maximum(cosine * cosine - (1 - ratio * ratio), 0))
    views = np.vstack([axes, state.sun]).astype(np.float32)
    # Rows 0 to 2 are the normal in axes fixed in space, row 3 its part towards the sun.
    outward = (views @ rays) * (cosine - root)
    outward += (views @ state.up.astype(np.float32))[:, None]
    outward /= ratio
    day = np.clip(1.35 * outward[3] + 0.2, 0.03, 1.0)
    slant = 1.0 - root / ratio  # 0 looking straight down, 1 at the limb
    haze = 0.08 + 0.84 * (slant * slant) ** 3
    shade = _surface(outward[:3]) * ((1.0 - haze) * day)[:, None] + np.outer(haze * day, _AIR)
    colours: Picture = shade.astype(np.uint8)
    return colours


def _glow(state: CockpitState, rays: Matrix, cosine: Matrix, distance: float) -> Picture:
    """Return the colours (n, 3) of rays (3, n) that pass through the air, by their lowest point."""
    lowest = np.sqrt(np.maximum(1.0 - cosine * cosine, 0.0))
    height = (lowest * np.float32(distance) - np.float32(state.planet_radius)) / _SCALE_HEIGHT
    sunny = cosine * (state.sun.astype(np.float32) @ rays) + np.float32(state.sun @ state.up)
    day = np.clip(1.35 * sunny / lowest + 0.2, 0.04, 1.0)
    light = np.outer(np.exp(-np.maximum(height, 0.0)) * day, _AIR)
    return np.maximum(light, np.array(_SPACE, dtype=np.float32)).astype(np.uint8)


def _surface(normal: Matrix) -> Matrix:
    """Return the colours (n, 3) of the ground at unit normals (3, n) in axes fixed in space."""
    globe = _globe()
    high, wide = globe.shape[:2]
    count = normal.shape[1]
    # OpenCV's remap takes no row of more than 32767 px, so the points are folded into many rows.
    x, y, z = np.pad(normal, ((0, 0), (0, -count % _FOLD))).reshape(3, -1, _FOLD)
    level, longitude = cv2.cartToPolar(x, y)
    latitude = np.arctan2(z, level)
    column = longitude * np.float32(wide / (2 * np.pi))
    row = (np.float32(np.pi / 2) - latitude) * np.float32(high / np.pi)
    sampled = cv2.remap(globe, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    colours: Matrix = sampled.reshape(-1, 3)[:count].astype(np.float32)
    return colours


@lru_cache(maxsize=1)
def _globe() -> Picture:
    """Return a made-up map of oceans, land and clouds, longitude across, RGB."""
    rng = np.random.default_rng(5)
    land, cloud = _billows(rng, 6, 8)[..., None], _billows(rng, 8, 8)[..., None]
    sea = np.array((10, 44, 104)) + land * np.array((16, 60, 72))
    soil = np.array((44, 92, 34)) + (land - 0.53) * np.array((440, 170, 210))
    colours = np.where(land < 0.53, sea, soil)
    polar = np.abs(np.linspace(-1, 1, land.shape[0]))[:, None, None] + 0.3 * (land - 0.5) > 0.84
    colours = np.where(polar, 230.0, colours)
    cover = np.clip((cloud - 0.6) * 5.0, 0.0, 0.9)
    clouded: Picture = np.clip(colours * (1 - cover) + 246.0 * cover, 0, 255).astype(np.uint8)
    return clouded


def _billows(rng: np.random.Generator, start: int, octaves: int) -> NDArray[np.float64]:
    """Return smooth fractal noise (512, 1024) in 0..1 that joins at its left and right edges."""
    total = np.zeros((512, 1024))
    for octave in range(octaves):
        rows = min(512, start * 2**octave // 2)
        grid = rng.standard_normal((rows, 2 * rows))
        joined = np.concatenate([grid, grid, grid], axis=1)
        wide = cv2.resize(joined, (3 * 1024, 512), interpolation=cv2.INTER_CUBIC)
        total += wide[:, 1024:2048] * 0.64**octave
    return np.clip(0.5 + total / (4.4 * float(np.std(total))), 0.0, 1.0)


@lru_cache(maxsize=1)
def _catalogue() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return star directions (n, 3) fixed in space and their colours (n, 3), brightest last."""
    rng = np.random.default_rng(11)
    count = 2600
    ways = rng.standard_normal((count, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    light = 60.0 + 195.0 * np.sort(rng.random(count)) ** 4
    tint = 1.0 + rng.uniform(-0.14, 0.14, (count, 1)) * np.array((1.0, 0.1, -1.0))
    return ways, np.clip(light[:, None] * tint, 0, 255)


def _draw_stars(
    picture: Picture, state: CockpitState, axes: NDArray[np.float64], distance: float
) -> None:
    """Draw the stars that neither the planet nor its glow covers, spread over four pixels each."""
    ways, colours = _catalogue()
    in_view = ways @ axes
    keep = (in_view[:, 0] > 0.5) & (in_view @ -state.up < _limb(state, distance, 3.0))
    in_view, colours = in_view[keep], colours[keep]
    x = WIDTH / 2 + FOCAL * in_view[:, 1] / in_view[:, 0]
    y = HEIGHT / 2 + FOCAL * in_view[:, 2] / in_view[:, 0]
    keep = (x >= 0) & (x < WIDTH - 1) & (y >= 0) & (y < HEIGHT - 1)
    x, y, colours = x[keep], y[keep], colours[keep]
    column, row = x.astype(np.intp), y.astype(np.intp)
    right, low = x - column, y - row
    for down, part in ((0, 1 - low), (1, low)):
        for across, share in ((0, 1 - right), (1, right)):
            weight = np.sqrt(part * share)[:, None]
            picture[row + down, column + across] = np.maximum(_SPACE, weight * colours)


@lru_cache(maxsize=1)
def _flare() -> Picture:
    """Return the sun with its glare, to be added to the picture, RGB."""
    half = 320
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float64)
    radius = np.hypot(x, y)
    glare = 190 * np.exp(-radius / 38) + 46 * np.exp(-radius / 110)
    streaks = 120 * np.exp(-np.abs(y) / 1.6 - np.abs(x) / 90)
    streaks += 60 * np.exp(-np.abs(x) / 1.6 - np.abs(y) / 60)
    fade = np.clip((half - radius) / 80, 0, 1)
    light = (glare + streaks) * fade + 255 * np.clip(15.5 - radius, 0, 1)
    colour = light[..., None] * np.array((1.0, 0.95, 0.84))
    flare: Picture = np.clip(colour, 0, 255).astype(np.uint8)
    return flare


def _draw_sun(picture: Picture, state: CockpitState, distance: float) -> None:
    """Draw the sun's disc and glare unless the planet hides it."""
    where = project(state.sun)
    hidden = -float(state.sun @ state.up) > _limb(state, distance, 0.0)
    if where is None or hidden:
        return
    flare = _flare()
    half = flare.shape[0] // 2
    if not (-half < where[0] < WIDTH + half and -half < where[1] < HEIGHT + half):
        return
    x, y = round(where[0]) - half, round(where[1]) - half
    x0, x1 = max(0, x), min(WIDTH, x + 2 * half + 1)
    y0, y1 = max(0, y), min(HEIGHT, y + 2 * half + 1)
    if x0 < x1 and y0 < y1:
        window = picture[y0:y1, x0:x1]
        window[:] = cv2.add(window, flare[y0 - y : y1 - y, x0 - x : x1 - x])
