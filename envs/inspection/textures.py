"""Textures and materials, made of noise by the plan's seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.inspection.scenery import Looks
from helmsight.envs.inspection.shapes import Drawing
from helmsight.hardware.gl import mujoco

Array = NDArray[np.float64]
SIDE = 128  # pixels of a texture
FACETS = 150  # of the foil


def add_materials(drawing: Drawing, looks: Looks) -> None:
    """Give the model every material that its shapes name."""
    rng = np.random.default_rng(looks.textures)
    gold = (
        np.array([0.74, 0.74, 0.76]) * (1 - looks.gold) + np.array([1.00, 0.70, 0.27]) * looks.gold
    )
    body = np.full(3, looks.body)
    _textured(drawing, "foil", foil(rng, gold), specular=0.9, shininess=0.55)
    drawing.tree.add_texture(
        name="beyond", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, width=64, height=64, nchannel=3,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, rgb1=0.8 * np.array(looks.wall),
        rgb2=0.5 * np.array(looks.wall),
    )  # fmt: skip
    _textured(drawing, "cell", cell(rng, looks.cells), specular=0.5, shininess=0.75)
    _textured(drawing, "skin", brushed(rng, body), specular=0.4, shininess=0.4)
    _textured(
        drawing, "table", breadboard(rng, looks.table), repeat=50, specular=0.2, shininess=0.3
    )
    _textured(drawing, "wall", clouded(rng, looks.wall, 0.06), specular=0.0, shininess=0.0)
    _textured(drawing, "target", chequered(), specular=0.1, shininess=0.1)
    _plain(drawing, "printed", looks.printed, specular=0.25, shininess=0.3)
    _plain(drawing, "cap", looks.caps, specular=0.35, shininess=0.5)
    _plain(drawing, "white", (0.86, 0.86, 0.84), specular=0.2, shininess=0.3)
    _plain(drawing, "substrate", (0.70, 0.64, 0.48), specular=0.1, shininess=0.2)
    _plain(drawing, "dark", (0.05, 0.05, 0.055), specular=0.3, shininess=0.4)
    _plain(drawing, "servo", (0.07, 0.07, 0.08), specular=0.4, shininess=0.5)
    _plain(drawing, "metal", (0.58, 0.59, 0.60), specular=0.9, shininess=0.8)
    _plain(drawing, "copper", (0.62, 0.36, 0.20), specular=0.8, shininess=0.7)
    _plain(drawing, "brass", (0.72, 0.58, 0.26), specular=0.8, shininess=0.7)
    _plain(drawing, "bolt", (0.42, 0.43, 0.45), specular=0.8, shininess=0.7)


def foil(rng: np.random.Generator, colour: Array) -> Array:
    """Return crumpled foil, (SIDE, SIDE, 3): flat facets that face the light differently."""
    seeds = rng.uniform(0.0, 1.0, (FACETS, 2))
    bright = rng.uniform(0.60, 1.30, FACETS)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    first, second = np.full((2, SIDE, SIDE), np.inf)
    nearest = np.zeros((SIDE, SIDE), np.intp)
    for facet, (column, row) in enumerate(seeds):
        away = (x - column) ** 2 + (y - row) ** 2
        second = np.minimum(second, np.maximum(first, away))
        nearest[away < first] = facet
        first = np.minimum(first, away)
    ridge = np.clip((np.sqrt(second) - np.sqrt(first)) * 30.0, 0.0, 1.0)
    slope = rng.uniform(-4.0, 4.0, (FACETS, 2))
    lean = slope[nearest, 0] * (x - seeds[nearest, 0]) + slope[nearest, 1] * (y - seeds[nearest, 1])
    shade = (bright[nearest] + lean) * (0.82 + 0.18 * ridge) + (1 - ridge) * 0.15
    return np.asarray(shade[..., None] * colour + np.clip(shade[..., None] - 1.0, 0.0, 1.0) * 0.7)


def cell(rng: np.random.Generator, colour: Sequence[float]) -> Array:
    """Return one solar cell: fine fingers, a bus bar, a little cloud in the blue."""
    image = np.ones((SIDE, SIDE, 1)) * np.array(colour)
    image *= 1.0 + 0.25 * (clouds(rng)[..., None] - 0.5)
    image[::8] *= 1.25
    for bar in (SIDE // 4, 3 * SIDE // 4):
        image[:, bar - 2 : bar + 2] = (0.45, 0.46, 0.48)
    return np.asarray(image)


def brushed(rng: np.random.Generator, colour: Array) -> Array:
    """Return brushed metal: streaks along x."""
    streaks = rng.normal(0.0, 0.035, (SIDE, 1)) + rng.normal(0.0, 0.012, (SIDE, SIDE))
    return np.asarray((1.0 + streaks + 0.08 * (clouds(rng) - 0.5))[..., None] * colour)


def breadboard(rng: np.random.Generator, colour: Sequence[float]) -> Array:
    """Return one hole of an optical table, to be repeated every 25 mm."""
    y, x = (np.mgrid[0:SIDE, 0:SIDE] + 0.5) / SIDE - 0.5
    away = np.hypot(x, y)
    hole = np.clip((away - 0.115) * 30.0, 0.0, 1.0)
    bevel = np.exp(-(((away - 0.155) / 0.02) ** 2)) * 0.35
    grain = 1.0 + rng.normal(0.0, 0.03, (SIDE, SIDE)) + bevel
    return np.asarray((grain * (0.06 + 0.94 * hole))[..., None] * np.array(colour))


def clouded(rng: np.random.Generator, colour: Sequence[float], much: float) -> Array:
    """Return an even wall with stains."""
    return np.asarray((1.0 + much * (clouds(rng) - 0.5))[..., None] * np.array(colour))


def chequered() -> Array:
    """Return a calibration target."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] // (SIDE // 8)
    return np.where(((x + y) % 2)[..., None], 0.9, 0.06) * np.ones(3)


def clouds(rng: np.random.Generator) -> Array:
    """Return noise of several sizes, (SIDE, SIDE), 0 to 1."""
    total = np.zeros((SIDE, SIDE))
    for count, weight in ((4, 0.6), (8, 0.3), (32, 0.1)):
        grid = rng.random((count, count))
        grid = np.pad(grid, ((0, 1), (0, 1)), mode="wrap")
        at = np.linspace(0.0, count, SIDE, endpoint=False)
        low = at.astype(int)
        part = at - low
        part = part * part * (3.0 - 2.0 * part)
        rows = grid[low] * (1 - part[:, None]) + grid[low + 1] * part[:, None]
        total += weight * (rows[:, low] * (1 - part) + rows[:, low + 1] * part)
    return total


def _textured(
    drawing: Drawing, name: str, image: Array, *, repeat: int = 1, **surface: float
) -> None:
    pixels = (255.0 * np.clip(image, 0.0, 1.0)).astype(np.uint8)
    texture = drawing.tree.add_texture(
        name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=SIDE, height=SIDE, nchannel=3
    )
    texture.data = pixels.tobytes()
    material = drawing.tree.add_material(name=name, **surface)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    material.texrepeat = np.array([repeat, repeat], np.float64)


def _plain(drawing: Drawing, name: str, colour: Sequence[float], **surface: float) -> None:
    drawing.tree.add_material(name=name, rgba=[*colour, 1.0], **surface)
