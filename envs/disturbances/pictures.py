"""Pictures that are not what the camera saw: each way of it, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from helmsight.contract.observation import Observation

Frame = NDArray[np.uint8]
Way = Callable[[Frame], Frame]


class DisturbedPicture(gym.ObservationWrapper[Any, Any, Any]):
    """A world whose frames come through one of `WAYS`; which one is drawn anew at every reset.

    The draw depends on the episode's seed alone, so that the same seed is disturbed the same way
    whoever flies.
    """

    def __init__(self, env: gym.Env[Any, Any], name: str, strength: float) -> None:
        super().__init__(env)
        self._name, self._strength = name, strength
        self._way: Way

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode, and draw what is wrong with its pictures."""
        self._way = WAYS[self._name](self._strength, np.random.default_rng([seed or 0, 1]))
        return super().reset(seed=seed, options=options)

    def observation(self, observation: Observation) -> Observation:
        """Return the observation with its frame disturbed."""
        return {**observation, "frame": self._way(observation["frame"])}


def frozen(share: float, random: np.random.Generator) -> Way:
    """A share of the pictures does not come: the last one that did is shown again."""
    last: list[Frame] = []

    def way(frame: Frame) -> Frame:
        lost = random.random() < share
        if not last or not lost:
            last[:] = [frame]
        return last[0].copy()

    return way


def noisy(sigma: float, random: np.random.Generator) -> Way:
    """Gaussian noise on every pixel and colour, grey levels."""

    def way(frame: Frame) -> Frame:
        noise = random.standard_normal(frame.shape, np.float32) * np.float32(sigma)
        return np.asarray(np.clip(frame + noise, 0, 255).astype(np.uint8))

    return way


def occluded(share: float, random: np.random.Generator) -> Way:
    """A black box of the frame's proportions that covers `share` of its area."""
    place = random.random(2)

    def way(frame: Frame) -> Frame:
        height, width = (max(1, round(side * share**0.5)) for side in frame.shape[:2])
        top = int(place[0] * (frame.shape[0] - height + 1))
        left = int(place[1] * (frame.shape[1] - width + 1))
        covered = frame.copy()
        covered[top : top + height, left : left + width] = 0
        return covered

    return way


def shifted(share: float, random: np.random.Generator) -> Way:
    """The picture is moved by `share` of its diagonal in one direction; its edges are repeated."""
    angle = random.uniform(0.0, 2.0 * np.pi)

    def way(frame: Frame) -> Frame:
        height, width = frame.shape[:2]
        reach = share * float(np.hypot(height, width))
        down, right = round(reach * np.sin(angle)), round(reach * np.cos(angle))
        rows = np.clip(np.arange(height) - down, 0, height - 1)
        columns = np.clip(np.arange(width) - right, 0, width - 1)
        return np.ascontiguousarray(frame[rows][:, columns])

    return way


def zoomed(factor: float, random: np.random.Generator) -> Way:
    """The picture is enlarged `factor` times about its centre; below 1 it is made smaller."""

    def way(frame: Frame) -> Frame:
        import cv2

        height, width = frame.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0.0, factor)
        return np.asarray(cv2.warpAffine(frame, matrix, (width, height)), np.uint8)

    return way


def shrunk(factor: float, random: np.random.Generator) -> Way:
    """The picture as a screen `factor` times as small shows it, at its old size again."""

    def way(frame: Frame) -> Frame:
        import cv2

        height, width = frame.shape[:2]
        size = max(1, round(width / max(1.0, factor))), max(1, round(height / max(1.0, factor)))
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(large, np.uint8)

    return way


def recoloured(degrees: float, random: np.random.Generator) -> Way:
    """Every hue is turned by `degrees`; greys stay as they are."""

    def way(frame: Frame) -> Frame:
        import cv2

        hsv = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)
        turned = (hsv[..., 0].astype(np.int16) + round(degrees / 2)) % 180
        hsv[..., 0] = turned.astype(np.uint8)
        return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)

    return way


WAYS: dict[str, Callable[[float, np.random.Generator], Way]] = {
    way.__name__: way for way in (frozen, noisy, occluded, shifted, zoomed, shrunk, recoloured)
}
