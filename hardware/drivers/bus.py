"""What the drivers of servo buses share: moves, torque and limits."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, ClassVar

from pydantic import Field

from helmsight.hardware.calibration import Held
from helmsight.hardware.drivers.move_timing import MoveTiming, time_move
from helmsight.hardware.drivers.servo_calibration import scales_before_asking, scales_by_servos
from helmsight.hardware.drivers.servo_reading import (
    Goal,
    ServoReading,
    cure_of,
    faults_of,
    state_of,
)
from helmsight.hardware.drivers.servoline import Sdk, ServoLine
from helmsight.hardware.errors import (
    DeviceAlarm,
    HeldAtMachine,
    NoReply,
    TargetRefused,
    WrongProtocol,
)
from helmsight.hardware.robot import JointTargets, Robot, RobotState, Sent
from helmsight.hardware.spec import RobotSpec, Table
from helmsight.hardware.ticks import ServoOptions, TickScale
from helmsight.hardware.wire.registers import Registers

HANGS_TICKS = 20  # that a standing servo may be behind its goal by its load (of 4096: 0.03 rad)
STRAY = 0.09  # rad or share of the range that a joint may be outside its limits and be driven back


class BusOptions(Table):
    """`device` of a servo bus.

    calibration: path of a file, or "servos": the servos hold LeRobot's. torque_limit: share of full
    torque.
    """

    calibration: str | None = None
    torque_limit: Annotated[float, Field(gt=0, le=1)] = 1.0


class ServoBus(Robot):
    """A robot of servos on one line; one joint, one servo.

    Moves: one sync write of acceleration, velocity and goal, so that the joints arrive together,
    and one sync read of the same registers as its acknowledgement. A move that cannot be done
    within `limits.horizon_s` is cut on its way and says so in `Sent.notes`.
    Ranges: a target must lie in the description's limits, in the calibrated range and in the
    limits that the servos hold themselves; wider ones do no harm, narrower ones count.
    Torque: connecting leaves it as it is; the first move sets every goal to where the joint is,
    then switches torque on. Hold and stop leave a servo without torque without it.
    """

    options: ClassVar[type[BusOptions]] = BusOptions
    registers: ClassVar[Registers]
    models: ClassVar[tuple[int, ...]]
    block: ClassVar[tuple[int, int]]  # address and length of what `_reading` reads
    goal_address: ClassVar[int]

    def __init__(self, spec: RobotSpec, port: str) -> None:
        super().__init__(spec, port)
        self._options = spec.options(self.options)
        self._servos = spec.joint_options(ServoOptions)
        self._scales = scales_before_asking(spec, self._options.calibration)
        ids = {scale.id: name for scale, name in zip(self._scales, spec.names, strict=True)}
        self._line = ServoLine(self.link, spec.port.reply_s, self._sdk(), ids)
        self._torque = [servo.torque_limit or self._options.torque_limit for servo in self._servos]
        self._planned: tuple[JointTargets, list[Goal], MoveTiming] | None = None

    # -- the contract ---------------------------------------------------------------------------

    def check(self, targets: JointTargets) -> None:
        """Also refuse what lies outside the calibrated range or the servos' own limits."""
        super().check(targets)
        for joint, scale, value in zip(
            self.spec.joint, self._scales, targets.positions, strict=True
        ):
            if not scale.lower - 1 <= scale.tick(value) <= scale.upper + 1:
                ends = sorted((scale.value(scale.lower), scale.value(scale.upper)))
                raise TargetRefused(
                    f"{joint.name} {value:g}: expected {ends[0]:.4g} to {ends[1]:.4g}, the range "
                    "of its calibration and of its servo's own limits; nothing was sent"
                )

    def _handshake(self) -> None:
        self._planned = None
        self._meet()
        settings = self._settings()
        self._inspect(settings)
        held = [self._held(data) for data in settings]
        self._scales = scales_by_servos(self.spec, self._options.calibration, held)
        self._prepare()

    def _read_state(self) -> RobotState:
        readings = self._readings()
        self._taken(readings)
        return state_of(self.spec, self._scales, readings)

    def _taken(self, readings: Sequence[ServoReading]) -> HeldAtMachine | None:
        """Note servos whose torque somebody took off. One that alarms lets go by itself."""
        loose = [
            id_
            for id_, reading in zip(self._line.ids, readings, strict=True)
            if not (reading.energised or reading.faults)
        ]
        if not (self._gave_torque and loose):
            return None
        return self._torque_taken(self._line.named(loose))

    def _send(self, targets: JointTargets) -> Sent:
        readings = self._readings()
        self._refuse_alarm(readings)
        if taken := self._taken(readings):
            raise taken
        # The servos are asked every time what is in force: one that lost its power before the first
        # move, or was reset after it, has forgotten limits and watchdog, and says nothing about it.
        if any(r.tripped for r in readings):
            self._rearm(readings)
        if not all(r.prepared or r.tripped for r in readings):
            self._prepare()
        if not all(r.energised for r in readings):
            self._energise(readings)
        # A move that is sent again must be the same to the tick. Planned anew it would start from
        # where the joints have got to by now.
        if self._planned is None or self._planned[0] is not targets:
            self._planned = (targets, *self._plan(targets, self._positions(readings)))
        _, goals, pace = self._planned
        self._write_goals(dict(zip(self._line.ids, goals, strict=True)))
        positions = tuple(
            scale.value(goal[2]) for scale, goal in zip(self._scales, goals, strict=True)
        )
        notes: tuple[str, ...] = ()
        if pace.share < 1.0:
            limit = self.spec.limits.horizon_s
            notes = (f"only {pace.share:.0%} of the way can be done in {limit:g} s; send again",)
        return Sent(positions, pace.seconds, targets.tool, time.monotonic(), notes=notes)

    def _send_hold(self) -> None:
        readings = self._ask_readings()
        goals = {
            scale.id: self._kept(scale, r, self._fast(index))
            for index, scale in enumerate(self._scales)
            if (r := readings.get(scale.id)) is not None and r.energised and not r.tripped
        }
        if goals:
            self._write_goals(goals)
        self._line.demand(readings, self._line.ids)

    def _send_stop(self) -> None:
        self._send_hold()

    def _send_release(self) -> None:
        self._gave_torque = False
        # motor by motor, whether one acknowledges or not: the read-back says what came of it
        for id_ in self._line.ids:
            self._line.write(id_, self.registers["torque_enable"], 0)
        readings = self._ask_readings()
        self._line.demand(readings, self._line.ids)
        held = [id_ for id_ in self._line.ids if readings[id_].energised]
        if held:
            raise NoReply(f"{self._line.named(held)} did not take the torque off")

    def _send_reset(self) -> None:
        self._send_hold()  # one servo's alarm does not stop the others
        readings = self._readings()
        ill = [index for index, reading in enumerate(readings) if reading.faults]
        for index in ill:
            self._cure(self._line.ids[index], readings[index])
        if ill:
            self._prepare()
            self._refuse_alarm(self._readings())
        elif any(r.tripped for r in readings):
            self._rearm(readings)

    # -- by hand --------------------------------------------------------------------------------

    @contextmanager
    def by_hand(self) -> Iterator[tuple[list[Held], Callable[[], tuple[int, ...]]]]:
        """Return what the servos keep, and a function that reads every joint's tick, torque off.

        The arm sinks.

        For the making of a calibration, which `connect` may need: only the servos' models are
        compared. The robot must not be connected; torque stays off.

        Raises:
            PortUnavailable, WrongProtocol, SetupNeeded: as connect.
            NoReply: the torque was not taken off; from the function: a joint did not answer.
        """
        place = self.registers["present_position"]

        def ticks() -> tuple[int, ...]:
            data = self._line.read_each(place.address, place.size)
            return tuple(place.decode(part) for part in data)

        self.link.open()
        try:
            self._meet()
            self._session.retried(self._loosen)
            yield [self._held(data) for data in self._settings()], ticks
        finally:
            self.link.close()

    def _loosen(self) -> None:
        torque = self.registers["torque_enable"]
        for id_ in self._line.ids:
            self._line.write(id_, torque, 0)
        read = self._line.read_each(torque.address, torque.size)
        held = [id_ for id_, data in zip(self._line.ids, read, strict=True) if any(data)]
        if held:
            raise NoReply(f"{self._line.named(held)} did not take the torque off")

    # -- what a bus fills in --------------------------------------------------------------------

    @abstractmethod
    def _sdk(self) -> Sdk:
        """Return the vendor's packet handler."""

    @abstractmethod
    def _reading(self, index: int, error: int, data: bytes) -> ServoReading:
        """Return what a joint's block says."""

    @abstractmethod
    def _settings(self) -> list[bytes]:
        """Read what every servo keeps without power."""

    @abstractmethod
    def _inspect(self, settings: Sequence[bytes]) -> None:
        """Compare the servos' own settings with the description. Raises SetupNeeded."""

    @abstractmethod
    def _held(self, settings: bytes) -> Held:
        """Return what a servo's settings say of its calibration."""

    @abstractmethod
    def _prepare(self) -> None:
        """Set what must be set before a move, in RAM only. Moves nothing."""

    @abstractmethod
    def _goal(self, index: int, tick: int, pace: tuple[float, float]) -> Goal:
        """Return a joint's goal; pace: its speed and acceleration in ticks (a s, a s^2)."""

    @abstractmethod
    def _encode(self, goal: Goal) -> bytes:
        """Return the bytes at `goal_address`."""

    @abstractmethod
    def _cure(self, id_: int, reading: ServoReading) -> None:
        """Clear a servo's alarm, if it can be cleared."""

    def _rearm(self, readings: Sequence[ServoReading]) -> None:
        """Leave a tripped watchdog, standing still."""
        raise AssertionError(f"{type(self).__name__} has no watchdog")

    # -- moves ----------------------------------------------------------------------------------

    def _plan(
        self, targets: JointTargets, here: tuple[float, ...]
    ) -> tuple[list[Goal], MoveTiming]:
        joints = self.spec.joint
        ways = [target - now for target, now in zip(targets.positions, here, strict=True)]
        horizon = self.spec.limits.horizon_s
        pace = time_move(ways, joints, targets.duration_s or horizon, horizon)
        goals = []
        for index, scale in enumerate(self._scales):
            place = targets.positions[index]
            if pace.share < 1.0:
                place = here[index] + pace.share * ways[index]
            tick = max(scale.lower, min(scale.upper, scale.tick(place)))
            unit = abs(scale.per_unit)
            goals.append(
                self._goal(
                    index, tick, (pace.speeds[index] * unit, joints[index].acceleration * unit)
                )
            )
        return goals, pace

    def _energise(self, readings: Sequence[ServoReading]) -> None:
        """Switch torque on without moving: goals are where the joints are."""
        # A servo that gets torque drives to the goal it still has, which may be from yesterday.
        goals = {}
        for index, (scale, r) in enumerate(zip(self._scales, readings, strict=True)):
            if not r.energised:
                stray = abs(scale.rate(self._within(scale, r.position) - r.position))
                joint = self.spec.joint[index]
                if stray > STRAY * min(1.0, joint.upper - joint.lower):
                    raise TargetRefused(
                        f"{joint.name} is at {scale.value(r.position):.4g}, outside its limits "
                        f"{joint.lower:g} to {joint.upper:g}: torque stays off; move it back by "
                        "hand, or calibrate the arm again"
                    )
                goals[scale.id] = self._here(scale, r, self._slow(index))
        self._write_goals(goals)
        register = self.registers["torque_enable"]
        self._line.write_all(register.address, {id_: b"\1" for id_ in goals})
        off = [i for i, r in zip(self._line.ids, self._readings(), strict=True) if not r.energised]
        if off:
            raise NoReply(f"{self._line.named(off)} did not take the torque on")
        self._gave_torque = True

    def _here(self, scale: TickScale, reading: ServoReading, pace: tuple[int, int]) -> Goal:
        return (*pace, self._within(scale, reading.position))

    def _kept(self, scale: TickScale, reading: ServoReading, pace: tuple[int, int]) -> Goal:
        """Return the goal that keeps a joint where it is.

        Under load a servo hangs back behind its goal. Were the place where it hangs made its goal,
        it would hang back behind that one: every hold of a standing arm would let it sink further.
        """
        stands = not reading.moving and abs(reading.velocity) <= 1
        if stands and abs(reading.goal[-1] - reading.position) <= HANGS_TICKS:
            return (*pace, self._within(scale, reading.goal[-1]))
        return self._here(scale, reading, pace)

    @staticmethod
    def _within(scale: TickScale, tick: int) -> int:
        return max(scale.lower, min(scale.upper, tick))

    def _fast(self, index: int) -> tuple[int, int]:
        """Acceleration (0: as hard as it can) and speed of a stop."""
        scale, joint = self._scales[index], self.spec.joint[index]
        goal = self._goal(index, 0, (joint.speed * abs(scale.per_unit), 0.0))
        return 0, goal[1]

    def _slow(self, index: int) -> tuple[int, int]:
        scale, joint = self._scales[index], self.spec.joint[index]
        unit = abs(scale.per_unit)
        goal = self._goal(index, 0, (0.1 * joint.speed * unit, joint.acceleration * unit))
        return goal[0], goal[1]

    def _write_goals(self, goals: Mapping[int, Goal]) -> None:
        """Write goals and read them back: nobody answers a sync write."""
        self._line.write_all(self.goal_address, {id_: self._encode(g) for id_, g in goals.items()})
        readings = self._ask_readings()
        self._line.demand(readings, list(goals))
        missed = [id_ for id_, goal in goals.items() if readings[id_].goal != goal]
        if missed:
            raise NoReply(f"{self._line.named(missed)} did not take the goal, by their own account")

    # -- readings -------------------------------------------------------------------------------

    def _readings(self) -> list[ServoReading]:
        """Return all servos' blocks, read in one round trip."""
        readings = self._ask_readings()
        self._line.demand(readings, self._line.ids)
        return [readings[id_] for id_ in self._line.ids]

    def _demand_prepared(self) -> None:
        ids = [i for i, r in zip(self._line.ids, self._readings(), strict=True) if not r.prepared]
        if ids:
            raise NoReply(f"{self._line.named(ids)} did not take torque limit, lock or watchdog")

    def _ask_readings(self) -> dict[int, ServoReading]:
        """Return the blocks of the servos that answered; asks twice before it gives one up."""
        blocks = self._line.read_all(*self.block)
        if len(blocks) < len(self._line.ids):
            self.link.counters.retries += 1
            blocks = self._line.read_all(*self.block) or blocks
        return {
            id_: self._reading(index, *blocks[id_])
            for index, id_ in enumerate(self._line.ids)
            if id_ in blocks
        }

    def _positions(self, readings: Sequence[ServoReading]) -> tuple[float, ...]:
        return tuple(s.value(r.position) for s, r in zip(self._scales, readings, strict=True))

    def _refuse_alarm(self, readings: Sequence[ServoReading]) -> None:
        faults = faults_of(self.spec, readings)
        if faults:
            kinds = [fault.partition(": ")[2] for fault in faults]
            raise DeviceAlarm(f"{', '.join(faults)}. {cure_of(kinds)}, then reset()", kinds[0])

    # -- who is there ---------------------------------------------------------------------------

    def _meet(self) -> None:
        """See that every servo is there and is the right one."""
        models = self._line.models(self.registers["model"])
        for id_, servo in zip(self._line.ids, self._servos, strict=True):
            expected = self.models if servo.model is None else (servo.model,)
            if models[id_] not in expected:
                raise WrongProtocol(
                    f"{self._line.named([id_])} is model {models[id_]}, expected "
                    f"{' or '.join(map(str, expected))}: another robot, or set `model` in the "
                    "joint's device table"
                )
