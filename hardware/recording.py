"""A calibration from joints that a person moves by hand: what was read becomes ranges. No terminal.

>>> recording = Recording("so101", "/dev/ttyACM0")
>>> with recording.by_hand():
...     while not done():
...         recording.take()
>>> recording.calibration().save("arm.toml")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.calibration import Calibration, Held
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.drivers.bus import ServoBus
from helmsight.hardware.errors import SetupNeeded
from helmsight.hardware.spec import load_spec
from helmsight.hardware.sweep import ZERO_ERROR, missing_end, swept
from helmsight.hardware.ticks import ServoOptions, range_ticks


@dataclass
class Range:
    """What was read of one joint, in ticks. turn: of its servo; whole: of the described range."""

    turn: int
    whole: float
    present: int | None = None
    lower: int = 0
    upper: int = 0
    jump: tuple[int, int] | None = None

    @property
    def share(self) -> float:
        """How much of the described range was seen."""
        return (self.upper - self.lower) / self.whole

    def take(self, tick: int) -> None:
        """Take one reading. A jump by more than half a turn is the end of the servo's count."""
        if self.present is None:
            self.lower = self.upper = tick
        elif abs(tick - self.present) > self.turn // 2 and self.jump is None:
            self.jump = (self.present, tick)
        self.present = tick
        self.lower, self.upper = min(self.lower, tick), max(self.upper, tick)


class Recording:
    """The ranges of a robot's joints, from readings while a person moves them.

    robot: as `make_robot`. A calibration file that the description names is not read: it is what is
    being made. `ranges` are by joint, in the description's order.

    Raises:
        UnknownRobot, InvalidSpec: as make_robot.
        InvalidOption: a robot whose driver has no calibration.
    """

    def __init__(self, robot: str | Path, port: str) -> None:
        spec = load_spec(robot)
        device = {key: value for key, value in spec.device.items() if key != "calibration"}
        self.spec = spec.model_copy(update={"device": device})
        bus = make_robot(self.spec, port)
        if not isinstance(bus, ServoBus):
            raise InvalidOption(
                f"{spec.name}: driver {spec.driver} has no calibration, only servo buses have "
                "(feetech, dynamixel); its zeros and scales are in the description"
            )
        self._bus = bus
        self._read: Callable[[], Sequence[int]] | None = None
        self._held: list[Held] | None = None
        options = self.spec.joint_options(ServoOptions)
        self.ranges = {
            joint.name: Range(servo.ticks, range_ticks(joint, servo))
            for joint, servo in zip(self.spec.joint, options, strict=True)
        }

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Open the port and take the torque off; `take` works inside. Raises as ServoBus.by_hand.

        The arm sinks, and its torque stays off.
        """
        with self._bus.by_hand() as (self._held, self._read):
            try:
                yield
            finally:
                self._read = None

    def take(self) -> None:
        """Read every joint once.

        Raises:
            NoReply: a joint did not answer; nothing was taken. LinkLost: the port went away.
        """
        assert self._read is not None, "take() works inside by_hand()"
        for recorded, tick in zip(self.ranges.values(), self._read(), strict=True):
            recorded.take(tick)

    @property
    def unmoved(self) -> tuple[str, ...]:
        """Names of the joints one of whose ends was not reached yet."""
        return tuple(name for name in self.ranges if self._unreached(name))

    def calibration(self) -> Calibration:
        """Return the calibration that was recorded.

        Raises:
            SetupNeeded: an end was not reached, or a servo's count begins anew within a range.
            InvalidSpec: a range that is wider than the joint can be.
        """
        if self.unmoved:
            seen = "; ".join(str(self._unreached(name)) for name in self.unmoved)
            raise SetupNeeded(
                f"not moved far enough: {seen}. Move every joint slowly from one end stop to the "
                "other; where this arm's end stops are nearer, write them down in its description "
                "(stops of the joint's device table)"
            )
        for name, recorded in self.ranges.items():
            if recorded.jump is not None:
                before, after = recorded.jump
                raise SetupNeeded(
                    f"{name} jumped from tick {before} to {after}: its servo's "
                    "count begins anew within its range. Turn the servo's horn, or set its homing "
                    "offset with the vendor's tool, so that the middle of the range is near tick "
                    f"{recorded.turn // 2}"
                )
        ranges = {name: (recorded.lower, recorded.upper) for name, recorded in self.ranges.items()}
        offsets = None if self._held is None else [own.offset for own in self._held]
        return Calibration.from_ranges(self.spec, ranges, offsets)

    def _unreached(self, name: str) -> str | None:
        """Return what is missing of a joint's range, None if nothing is."""
        index, recorded = self.spec.names.index(name), self.ranges[name]
        seen = swept(self.spec, index, recorded.lower, recorded.upper)
        if not seen.complete:
            return (
                f"{name} {recorded.share:.0%} of the described range (its zero could be "
                f"{seen.zero_error:.2f} rad wrong, {ZERO_ERROR:g} is allowed)"
            )
        if self._held is None:
            return None
        own = self._held[index]
        end = missing_end(seen, swept(self.spec, index, own.lower, own.upper))
        if end is None:
            return None
        at, came = (own.lower, seen.low) if end == "lower" else (own.upper, seen.high)
        return (
            f"{name} not to its {end} end (tick {at} by its servo's own limits, {came} was reached;"
            " if those limits are wrong, set them to 0 and 4095 with the vendor's tool)"
        )
