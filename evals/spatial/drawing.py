"""Draws solid things on a floor through a perspective camera, exactly, in a few milliseconds.

Every ray starts at the camera. Along a ray whose direction has the part 1 away from the viewer,
1 / depth of its crossing with a plane is affine in the pixel. So a convex body is the minimum over
the planes that face the camera and the maximum over the others of affine functions, and what is
nearest is what has the largest 1 / depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from helmsight.agents.grounding.asking import Image
from helmsight.agents.grounding.labelled import DEPTH_CELLS
from helmsight.evals.spatial.bodies import Array, Colour, ConvexBody

FINER = 2  # rays a pixel, along each side
DEEPEST = 30.0  # m; the backdrop counts as so far
TILE = 1.4  # side of a tile of the floor, m
_FAR = 1e-6


@dataclass(frozen=True)
class PinholeCamera:
    """A pinhole at `place` (world, z up); rows of `axes` are right, down and away.

    `focal` is in sides of the square picture.
    """

    place: Array
    axes: Array
    focal: float

    def seen(self, points: Array) -> Array:
        """Return where points (n, 3) are: right and down of the middle, in sides; distance, m.

        Right and down mean nothing for what is behind the camera, which gets NaN.
        """
        right, down, away = self.axes @ (points - self.place).T
        ahead = np.where(away > 0, away, np.nan)
        distance = np.sqrt(right**2 + down**2 + away**2)
        return np.stack([self.focal * right / ahead, self.focal * down / ahead, distance], axis=1)


@dataclass(frozen=True)
class Light:
    """How it all looks: where light comes from (world, unit), the floor's colours, the backdrop."""

    way: Array
    floor: tuple[Colour, Colour]
    sky: tuple[Colour, Colour]
    grain: float


def draw(
    camera: PinholeCamera,
    groups: Sequence[Sequence[ConvexBody]],
    light: Light,
    size: int,
    rng: np.random.Generator,
) -> tuple[Image, Array, NDArray[np.float32]]:
    """Return the image (size, size, 3) uint8 RGB, how much is seen of each group, and depths.

    Of a group (a thing with what holds it up) the first body counts: the share (0 to 1) of its own
    pixels within the picture that nothing else covers. The depths (DEPTH_CELLS, DEPTH_CELLS) are
    means of the logarithm of how far ahead, m, is what is seen in a cell.
    """
    canvas = _Canvas(camera, light, size)
    canvas.floor([group[0] for group in groups])
    own = [canvas.solid(group[0], number) for number, group in enumerate(groups)]
    for group in groups:
        for support in group[1:]:
            canvas.solid(support, len(groups))
    shown = np.bincount(canvas.whose.ravel(), minlength=256)[: len(groups)]
    small = cv2.resize(canvas.picture, (size, size), interpolation=cv2.INTER_AREA)
    grain = rng.standard_normal((size, size, 1), np.float32) * np.float32(light.grain)
    image = np.clip(small + grain, 0, 255).astype(np.uint8)
    return image, shown / np.maximum(1, own), canvas.depths()


class _Canvas:
    """A picture under way: colour, 1 / depth and whose every pixel is (255: nobody's)."""

    def __init__(self, camera: PinholeCamera, light: Light, size: int) -> None:
        self.camera, self.light, self.side = camera, light, size * FINER
        self.x = self.y = self._rays(self.side)
        self.picture = np.empty((self.side, self.side, 3), np.uint8)
        self.nearness = np.zeros((self.side, self.side), np.float32)
        self.whose = np.full((self.side, self.side), 255, np.uint8)

    def _rays(self, count: int) -> NDArray[np.float32]:
        rays = (np.arange(count) + 0.5 - count / 2) / (self.camera.focal * count)
        return rays.astype(np.float32)

    def floor(self, standing: Sequence[ConvexBody]) -> None:
        """Paint the backdrop and the tiled floor z = 0 with a soft shadow under each body.

        Nothing is below the floor, so that it can be as coarse as the finished picture.
        """
        size = self.side // FINER
        rays, place, axes = self._rays(size), self.camera.place, self.camera.axes
        near = self.ground = _affine(-axes[:, 2] / place[2], rays, rays)
        far = 1 / np.maximum(near, np.float32(_FAR))
        odd = np.zeros((size, size), np.float32)
        for i in range(2):
            odd += np.floor((_affine(axes[:, i], rays, rays) * far + np.float32(place[i])) / TILE)
        # far tiles are finer than pixels: they melt into one colour
        share = 0.5 + (odd % 2 - 0.5) * np.minimum(1, near * np.float32(14))
        shade = cv2.GaussianBlur(self._shadows(standing, size), (0, 0), size / 160)
        dark, bright = (np.array(colour, np.float32) for colour in self.light.floor)
        top, bottom = (np.array(colour, np.float32) for colour in self.light.sky)
        fade = np.linspace(0, 1, size, dtype=np.float32)[:, None]
        layers = [
            np.where(
                near > _FAR,
                (dark[i] + share * (bright[i] - dark[i])) * shade,
                top[i] + (bottom[i] - top[i]) * fade,
            )
            for i in range(3)
        ]
        coarse = cv2.merge(layers).astype(np.uint8)
        cv2.resize(coarse, (self.side, self.side), self.picture, interpolation=cv2.INTER_LINEAR)

    def solid(self, body: ConvexBody, number: int) -> int:
        """Paint what is seen of `body` as `number`'s; return how many pixels it would cover."""
        window = self._window(body)
        if window is None:
            return 0
        near, colours = (
            self._ball(body, window) if body.planes is None else self._convex(body, window)
        )
        hit = near > 0
        seen = hit & (near > self.nearness[window])
        self.picture[window][seen] = colours[seen]
        self.nearness[window][seen] = near[seen]
        self.whose[window][seen] = number
        return int(hit.sum())

    def depths(self) -> NDArray[np.float32]:
        """Return the map of depths (see `draw`)."""
        near = np.maximum(self.ground, self.nearness[::FINER, ::FINER])
        logs = -np.log(np.maximum(near, np.float32(1 / DEEPEST)))
        cells = (DEPTH_CELLS, DEPTH_CELLS)
        return np.asarray(cv2.resize(logs, cells, interpolation=cv2.INTER_AREA))

    def _convex(self, body: ConvexBody, window: tuple[slice, slice]) -> tuple[Array, Image]:
        """Return 1 / depth (0 beside the body) and the colours of the faces in a window."""
        assert body.planes is not None
        normals, room = (
            body.planes[:, :3],
            body.planes[:, 3] - body.planes[:, :3] @ self.camera.place,
        )
        affine = (normals @ self.camera.axes.T) / np.where(np.abs(room) < 1e-9, 1e-9, room)[:, None]
        shape = (window[0].stop - window[0].start, window[1].stop - window[1].start)
        enter, leave = np.full(shape, np.inf, np.float32), np.full(shape, -np.inf, np.float32)
        face = np.zeros(shape, np.uint8)
        x, y = self.x[window[1]], self.y[window[0]]
        for number in range(len(affine)):
            plane = _affine(affine[number], x, y)
            # nearness falls along a ray: it enters the body at the least nearness of the planes
            # that face the camera, and has left it at the greatest of those that do not
            if room[number] < 0:
                nearer = plane < enter
                face[nearer] = number
                np.minimum(enter, plane, out=enter)
            else:
                np.maximum(leave, plane, out=leave)
        near = np.where((enter > 0) & (leave < enter) & np.isfinite(enter), enter, 0)
        shades = self._lit(normals @ self.light.way)[:, None] * np.array(body.colour)
        return near, np.clip(shades, 0, 255).astype(np.uint8)[face]

    def _ball(self, body: ConvexBody, window: tuple[slice, slice]) -> tuple[Array, Image]:
        """Return the same of a ball."""
        # |t ray - centre| = radius is quadratic in the depth t; the smaller root is what is seen
        centre = (self.camera.axes @ (body.centre - self.camera.place)).astype(np.float32)
        x, y = self.x[window[1]], self.y[window[0]]
        along = _affine(centre, x, y)
        square = (x * x)[None, :] + (y * y + 1)[:, None]
        inside = along**2 - square * np.float32(centre @ centre - body.radius**2)
        hit = inside > 0
        depth = (along - np.sqrt(np.maximum(inside, 0))) / square
        way = (self.camera.axes @ self.light.way).astype(np.float32) / np.float32(body.radius)
        facing = depth * _affine(way, x, y) - np.float32(centre @ way)
        shades = self._lit(facing)[..., None] * np.array(body.colour, np.float32)
        near = np.where(hit & (depth > 0), 1 / np.where(depth > 0, depth, 1), 0)
        return near, np.clip(shades, 0, 255).astype(np.uint8)

    def _lit(self, facing: Array) -> Array:
        """Return how bright a face is by the cosine of its normal with the light."""
        return 0.5 + 0.5 * np.maximum(0, facing) + 0.12 * np.minimum(0, facing)

    def _window(self, body: ConvexBody) -> tuple[slice, slice] | None:
        """Return the part of the picture that `body` lies in; None when it is not in it."""
        right, down, away = self.camera.axes @ (body.centre - self.camera.place)
        if away <= 1.2 * body.reach:
            return (slice(0, self.side), slice(0, self.side)) if away > -body.reach else None
        scale = self.camera.focal * self.side
        half = 1.1 * scale * body.reach / (away - body.reach) + 2
        middle = [self.side / 2 + scale * part / away for part in (down, right)]
        ends = [(max(0, int(m - half)), min(self.side, int(m + half) + 1)) for m in middle]
        if any(start >= stop for start, stop in ends):
            return None
        return slice(*ends[0]), slice(*ends[1])

    def _shadows(self, standing: Sequence[ConvexBody], size: int) -> NDArray[np.float32]:
        """Return by how much the floor is darkened: light from above, a round shadow a body."""
        mask = np.ones((size, size), np.float32)
        angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(20)], axis=1)
        for body in standing:
            spots = body.centre * [1, 1, 0] + 0.62 * body.reach * ring
            seen = (self.camera.seen(spots)[:, :2] + 0.5) * size
            if np.isfinite(seen).all() and np.abs(seen).max() < 20 * size:
                cv2.fillConvexPoly(mask, np.rint(seen).astype(np.int32), 0.55)
        return mask


def _affine(
    by: NDArray[Any], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return by[0] x + by[1] y + by[2] for every y (rows) and x (columns)."""
    right, down, away = (np.float32(part) for part in by)
    return (x * right)[None, :] + (y * down + away)[:, None]
