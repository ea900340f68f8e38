"""The planner and stepper of an emulated grbl: straight blocks, look-ahead, trapezoids, in mm."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

Point = tuple[float, ...]
STEP_S = 0.001
UNITS = (100, 110, 120, 130)  # first settings of steps/mm, mm/min, mm/s^2, travel in mm


@dataclass(eq=False)
class Block:
    """One straight motion. nominal, entry: mm/s; acceleration: mm/s^2; left: mm to go.

    jog: feed overrides do not change it. rapid: the rapid override does.
    """

    target: Point
    unit: Point
    length: float
    left: float
    nominal: float
    top: float
    acceleration: float
    jog: bool
    rapid: bool
    line: int
    corner: float  # highest speed at its start that the corner allows
    entry: float = 0.0


class Planner:
    """Moves a point through queued blocks. settings: grbl's, by number; size: blocks at most."""

    def __init__(self, settings: Mapping[int, float], position: Point, size: int) -> None:
        self.settings = settings
        self.position: Point = position
        self.speed = 0.0  # mm/s along the path
        self.holding = False
        self.feed_override = 100
        self.rapid_override = 100
        self.size = size
        self._blocks: deque[Block] = deque()

    @property
    def blocks(self) -> int:
        """Blocks that are queued, the one under way included."""
        return len(self._blocks)

    @property
    def full(self) -> bool:
        """Whether the next motion has to wait."""
        return len(self._blocks) >= self.size

    @property
    def end(self) -> Point:
        """Where the machine is when all that is queued is done."""
        return self._blocks[-1].target if self._blocks else self.position

    @property
    def velocity(self) -> Point:
        """Velocity an axis, mm/s."""
        if not self._blocks or self.speed == 0.0:
            return (0.0,) * len(self.position)
        return tuple(self.speed * part for part in self._blocks[0].unit)

    @property
    def line(self) -> int:
        """Line number of the block under way, 0 when it has none."""
        return self._blocks[0].line if self._blocks else 0

    def add(self, target: Point, feed: float | None, *, jog: bool = False, line: int = 0) -> bool:
        """Queue a motion at `feed` mm/min (None: rapid); False when it leads nowhere."""
        start = self.end
        way = tuple(t - s for t, s in zip(target, start, strict=True))
        length = math.hypot(*way)
        if length < 1.0 / self.settings[UNITS[0]] / 2.0:
            return False
        unit = tuple(part / length for part in way)
        top = self._along(unit, UNITS[1]) / 60.0
        acceleration = self._along(unit, UNITS[2])
        block = Block(
            target, unit, length, length, top if feed is None else feed / 60.0, top,
            acceleration, jog, feed is None, line,
            corner=self._corner(unit, acceleration),
        )  # fmt: skip
        self._blocks.append(block)
        self._replan()
        return True

    def flush(self) -> None:
        """Forget what is queued and stand still at once, where the machine is."""
        self._blocks.clear()
        self.speed, self.holding = 0.0, False

    def rest(self) -> None:
        """Keep what is queued; motion starts from standstill when it goes on."""
        self.speed = 0.0

    def advance(self, seconds: float) -> None:
        """Move for `seconds`."""
        while seconds > 1e-9 and (self._blocks or self.speed):
            step = min(seconds, STEP_S)
            self._step(step)
            seconds -= step

    def _step(self, step: float) -> None:
        if not self._blocks:
            self.speed = 0.0
            return
        block = self._blocks[0]
        wanted = 0.0
        if not self.holding:
            leave = self._blocks[1].entry if len(self._blocks) > 1 else 0.0
            wanted = min(
                self._allowed(block),
                math.sqrt(leave**2 + 2.0 * block.acceleration * block.left),
            )
        # Never faster than what can still be braked to the speed at the end of this block.
        change = block.acceleration * step
        before = self.speed
        self.speed += max(-change, min(change, wanted - before))
        way = 0.5 * (before + self.speed) * step
        while self._blocks and way >= self._blocks[0].left - 1e-9:
            block = self._blocks.popleft()
            way -= block.left
            self.position = block.target
        if self._blocks:
            block = self._blocks[0]
            block.left -= max(0.0, way)
            self.position = tuple(
                t - u * block.left for t, u in zip(block.target, block.unit, strict=True)
            )
        else:
            self.speed = 0.0

    def _allowed(self, block: Block) -> float:
        share = 100 if block.jog else self.rapid_override if block.rapid else self.feed_override
        return min(block.top, block.nominal * share / 100.0)

    def _along(self, unit: Point, first: int) -> float:
        """Return the most that no axis exceeds its own setting by along `unit`."""
        return min(
            self.settings[first + axis] / abs(part)
            for axis, part in enumerate(unit)
            if abs(part) > 1e-12
        )

    def _corner(self, unit: Point, acceleration: float) -> float:
        """Return the speed at which the corner into `unit` may be passed, mm/s.

        Junction deviation as grbl's doc/markdown/settings.md describes it: the corner is rounded
        by a circle that leaves it by $11 mm, passed at that circle's centripetal acceleration.
        """
        if not self._blocks:
            return 0.0
        cosine = -sum(a * b for a, b in zip(self._blocks[-1].unit, unit, strict=True))
        if cosine > 0.999999:
            return 0.0
        half = math.sqrt(0.5 * (1.0 - cosine))
        if half > 0.999999:
            return math.inf
        return math.sqrt(acceleration * self.settings[11] * half / (1.0 - half))

    def _replan(self) -> None:
        """Set the entry speeds from the last block backwards: everything can still stop."""
        leave = 0.0
        blocks = list(self._blocks)
        for index in range(len(blocks) - 1, 0, -1):
            block, before = blocks[index], blocks[index - 1]
            block.entry = min(
                block.corner,
                block.nominal,
                before.nominal,
                math.sqrt(leave**2 + 2.0 * block.acceleration * block.length),
            )
            leave = block.entry
