"""What is well with a robot and what has to be mended, as data. Nothing moves unless it is asked.

>>> for finding in examine("so101", "/dev/ttyACM0"):
...     print(finding.name, finding.ok, finding.seen, finding.mend)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from helmsight.contract.errors import Error
from helmsight.hardware.errors import (
    HardwareError,
    LinkLost,
    PortUnavailable,
    SetupNeeded,
    WrongProtocol,
)
from helmsight.hardware.robot import Mode, RobotState
from helmsight.hardware.spec import Joint, RobotSpec, load_spec
from helmsight.hardware.supervisor import Supervisor, supervised
from helmsight.hardware.trial import far, outside, parts, plan, rest

READINGS = 100
HOT_C = 60.0  # servos of this class switch themselves off at 70 to 80
LINE_ADVICE = {
    "bad_frames": "frames arrive damaged: a shorter or shielded cable, a common ground, away from "
    "motor leads",
    "timeouts": "answers do not come in time: a direct USB port, or more time (port.reply_s)",
    "reconnects": "the port went away: its plug, the hub and what feeds them",
}
REDUCED_MPS = 0.25  # the reduced speed of ISO 10218-1


@dataclass(frozen=True)
class Finding:
    """One check. must: whether not `ok` has to be mended before use, or is worth knowing only."""

    name: str
    ok: bool
    seen: str
    expected: str = ""
    mend: str = ""
    must: bool = True

    @property
    def wrong(self) -> bool:
        """Whether this has to be mended."""
        return self.must and not self.ok

    def to_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def examine(
    robot: str | Path, port: str, *, camera: str | None = None, move: bool = False
) -> Iterator[Finding]:
    """Yield findings as they are made; the first that makes the rest impossible is the last.

    move: also move each joint and a gripper a little, and stop a motion, and let go at the end as
    the description says. Otherwise nothing moves, and motors that hold go on holding.

    Raises:
        UnknownRobot, InvalidSpec: there is nothing to examine.
    """
    supervisor = supervised(load_spec(robot), port)
    yield from _description(supervisor)
    try:
        yield from _connected(supervisor)
    except HardwareError as error:
        yield _refused(error, port)
    else:
        for check in _checks(supervisor, move=move):
            try:
                yield from check(supervisor)
            except LinkLost as error:
                yield Finding("link", False, str(error), "a port that stays", "check cable and hub")
                break
            except HardwareError as error:
                yield _failed(check.__name__.strip("_"), error)
        yield from _counters(supervisor)
    finally:
        if supervisor.robot.is_connected:
            yield from _close(supervisor, None if move else False)
    if camera is not None:
        yield from _camera(camera)


def _checks(
    robot: Supervisor, *, move: bool
) -> Iterator[Callable[[Supervisor], Iterator[Finding]]]:
    """Yield the checks that may be made: what a person holds is neither reset nor moved."""
    yield from (_people, _position, _wiring, _latency, _hold)
    if not robot.held_at_machine:
        yield _stop
    yield _watchdog
    if move and not robot.held_at_machine and robot.robot.is_homed is not False:
        yield _motion


def _refused(error: HardwareError, port: str) -> Finding:
    """Return the finding for a robot that could not be connected."""
    if isinstance(error, PortUnavailable):
        return Finding("port", False, str(error), f"{port} to open", "see what is said there")
    if isinstance(error, SetupNeeded):
        return Finding(
            "setup", False, str(error), "the device set up as its description says",
            "do what is said there, then look again",
        )  # fmt: skip
    if not isinstance(error, WrongProtocol):
        return _failed("connect", error)
    from helmsight.hardware.discovery import look_at

    report = look_at(port)
    mend = {
        "silent": "nothing answers there at any speed: is the device's power on, its cable in?",
        "unknown": f"{report.seen}: another device, or another baud rate",
    }.get(report.status, report.seen)
    if report.driver:
        names = ", ".join(report.robots)
        mend = f"{report.seen} answers there: --robot may be one of {names}"
    return Finding("device", False, str(error), "the robot that was named", mend)


def _failed(name: str, error: HardwareError) -> Finding:
    return Finding(name, False, f"{type(error).__name__}: {error}", "no error", "see what is said")


def _description(robot: Supervisor) -> Iterator[Finding]:
    spec = robot.spec
    seen = f"{spec.name}: {len(spec.joint)} joints, driver {spec.driver}, {spec.port.baud} baud"
    yield Finding("description", True, seen)
    beyond = outside(spec, robot.kinematics, spec.home)
    yield Finding(
        "home", beyond == 0.0,
        f"tool point {beyond * 1000:.0f} mm outside of it" if beyond else "within the workspace",
        "home within the workspace", "correct home, the geometry, or workspace", must=False,
    )  # fmt: skip
    speed = spec.limits.tool_speed
    yield Finding(
        "tool speed", speed <= REDUCED_MPS, f"at most {speed:g} m/s",
        f"at most {REDUCED_MPS} m/s near people", "lower limits.tool_speed", must=False,
    )  # fmt: skip


def _connected(robot: Supervisor) -> Iterator[Finding]:
    start = time.monotonic()
    state = robot.connect()
    took = time.monotonic() - start
    name = robot.robot.firmware or robot.spec.driver
    seen = f"{name} answers at {robot.link.port}, {state.mode}, after {took:.2f} s"
    yield Finding("device", True, seen)


def _people(robot: Supervisor) -> Iterator[Finding]:
    """Whether somebody holds the machine; of no interest where nobody does."""
    robot.state()
    if held := robot.held_at_machine:
        yield Finding(
            "at the machine", False, held, "nobody holds it",
            "see that it may move, let go of the button or close the door, then reset it: "
            "helmsight jog, key r",
        )  # fmt: skip


def _position(robot: Supervisor) -> Iterator[Finding]:
    """Whether a robot that has to be homed knows where it is."""
    homed = robot.robot.is_homed
    if homed is not None:
        yield Finding(
            "position", homed, "known" if homed else "unknown: not homed in this connection",
            "homed", "home it first, it MOVES: helmsight home",
        )  # fmt: skip


def _wiring(robot: Supervisor) -> Iterator[Finding]:
    """Whether every joint answers with what it can be, and what the device says of itself."""
    state = robot.state()
    fits = state.mode != Mode.alarm and not state.faults
    known = robot.robot.is_homed is not False
    yield Finding(
        "state", fits, ", ".join((str(state.mode), *state.faults)), "no alarm, no faults",
        "clear what it says, then reset" if known else "home it, then clear what it says still",
    )  # fmt: skip
    yield Finding(
        "energised", True, {True: "yes", False: "no", None: "it cannot tell"}[state.energised]
    )
    for joint, position in zip(robot.spec.joint, state.positions, strict=True) if known else ():
        room = 0.01 * (joint.upper - joint.lower)
        unit = "rad" if joint.kind == "revolute" else "m"
        yield Finding(
            f"joint {joint.name}", joint.lower - room <= position <= joint.upper + room,
            f"{position:.4g} {unit}", f"{joint.lower:.4g} to {joint.upper:.4g} {unit}",
            "move it into its limits by hand, or calibrate: zero, sign and scale",
        )  # fmt: skip
    yield from _details(robot.spec, state)


def _details(spec: RobotSpec, state: RobotState) -> Iterator[Finding]:
    """What the device tells besides: one finding a quantity, whether of a joint or of the whole."""
    quantities: dict[str, list[str]] = {}
    hot: list[str] = []
    for name, value in state.details.items():
        joint = next(
            (candidate for candidate in spec.names if name.startswith(f"{candidate}_")), ""
        )
        quantity = name.removeprefix(f"{joint}_") if joint else name
        quantities.setdefault(quantity, []).append(f"{joint} {value:.4g}".strip())
        if "temperature" in quantity and value >= HOT_C:
            hot.append(quantity)
    for quantity, values in quantities.items():
        yield Finding(
            quantity, quantity not in hot, ", ".join(values),
            f"below {HOT_C:g} C" if quantity in hot else "",
            "let it cool; what jams or hangs on it?" if quantity in hot else "",
        )  # fmt: skip


def _latency(robot: Supervisor) -> Iterator[Finding]:
    times = []
    for _ in range(READINGS):
        start = time.perf_counter()
        robot.state()
        times.append(time.perf_counter() - start)
    p50, p95, p99 = (1000.0 * np.percentile(times, (50, 95, 99))).tolist()
    most = 250.0 * robot.spec.limits.horizon_s
    yield Finding(
        "latency", p99 <= most,
        f"state p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms (n = {READINGS})",
        f"p99 within {most:.0f} ms, a quarter of the horizon",
        "a direct USB port instead of a hub, a higher baud rate, or a shorter adapter latency",
    )  # fmt: skip


def _hold(robot: Supervisor) -> Iterator[Finding]:
    robot.hold()
    state = rest(robot)
    yield Finding("hold", state.standing, _standing(robot.spec, state), "standstill read back")


def _stop(robot: Supervisor) -> Iterator[Finding]:
    """The emergency stop, at standstill: nothing moves, unless a stop takes the torque off."""
    state = robot.state()
    if state.faults or state.mode in (Mode.alarm, Mode.stopped):
        # Leaving the stop again would leave that as well, and a servo's alarm by a restart that
        # lets go of its joint.
        why = ", ".join(state.faults) or str(state.mode)
        yield Finding(
            "e-stop", False, f"not tried, for a check does not end {why}", "a confirmed stop",
            "mend that, r in helmsight jog, then look again", must=False,
        )  # fmt: skip
        return
    if robot.spec.ending.after_stop == "release":
        yield Finding(
            "e-stop", False, "not tried: it would take the torque off", "a confirmed stop",
            "ending.after_stop = \"hold\", unless the robot stands by itself", must=False,
        )  # fmt: skip
        return
    yield _stopped(robot, "e-stop")
    state = robot.reset()
    yield Finding("reset", not robot.is_stopped, f"{state.mode} after it")


def _stopped(robot: Supervisor, name: str) -> Finding:
    report = robot.stop("doctor")
    seen = (
        f"confirmed by read-back after {report.seconds * 1000:.0f} ms, "
        f"{report.attempts} sent; not safety-rated"
    )
    return Finding(name, report.seconds <= 0.5, seen, "confirmed within 500 ms")


def _watchdog(robot: Supervisor) -> Iterator[Finding]:
    period, horizon = robot.robot.watchdog_s, robot.spec.limits.horizon_s
    yield Finding(
        "watchdog", period is not None,
        "none in the device: when this program dies a motion goes on to its target, "
        f"at most {horizon:g} s" if period is None else f"in the device: {period:g} s",
        "a device that stops by itself when it hears nothing",
        "keep a switch in the motors' supply within reach", must=False,
    )  # fmt: skip


def _motion(robot: Supervisor) -> Iterator[Finding]:
    """Each joint a little there and back, a gripper too, then a motion that is stopped."""
    spec = robot.spec
    for index in parts(spec):
        joint = spec.joint[index]
        way = plan(spec, robot.kinematics, robot.state(), [index])
        if way is None:
            yield Finding(
                f"move {joint.name}", False, "no small way stays in limits and workspace",
                mend="move the robot to the middle of its workspace by hand", must=False,
            )  # fmt: skip
            continue
        there = _arrives(robot, way.goal)
        back = _arrives(robot, way.start)
        yield _moved(joint, way.goal[index] - way.start[index], (*there, *back))
    if spec.tool.kind == "switch":
        yield Finding(
            "tool", True, "not switched, it may be a spindle: helmsight conformance --tool does"
        )
    way = plan(spec, robot.kinematics, robot.state(), list(spec.chain)[:1], slow=True)
    if way is not None:
        robot.move(way.there)
        time.sleep(0.2 * way.seconds)
        yield _stopped(robot, "e-stop in motion")
        robot.reset()
        _arrives(robot, way.start)


def _arrives(robot: Supervisor, place: tuple[float, ...]) -> tuple[str, ...]:
    """Go to `place`; return the joints that are not there."""
    state = robot.reach(place, 10.0)
    return far(robot.spec, state.positions, place)


def _moved(joint: Joint, way: float, astray: Iterable[str]) -> Finding:
    unit = "rad" if joint.kind == "revolute" else "m"
    astray = tuple(dict.fromkeys(astray))
    return Finding(
        f"move {joint.name}", not astray,
        f"not where they should be: {', '.join(astray)}" if astray
        else f"{way:+.3g} {unit} and back",
        "this joint there and back, no other moved",
        "check servo numbers and sign in the description, and what jams or sags",
    )  # fmt: skip


def _counters(robot: Supervisor) -> Iterator[Finding]:
    counts = robot.link.counters.summary()
    bad = {name: int(counts[name]) for name in (*LINE_ADVICE, "retries") if counts[name]}
    advice = [words for name, words in LINE_ADVICE.items() if name in bad]
    traffic = f"{int(counts['frames_out'])} frames out, {int(counts['frames_in'])} in"
    yield Finding(
        "line", not bad,
        ", ".join((traffic, *(f"{value} {name}" for name, value in bad.items()))),
        "no retries, timeouts, bad frames, reconnects", "; ".join(advice), must=False,
    )  # fmt: skip


def _close(robot: Supervisor, release: bool | None) -> Iterator[Finding]:
    """Close the port; release: as for Robot.close. What holds an arm up is not let go unasked."""
    try:
        robot.close(release=release)
    except HardwareError as error:
        yield _failed("close", error)
        return
    then = "left as it was" if release is False else robot.spec.ending.on_close
    yield Finding("close", True, f"held, then {then}; port free")


def _camera(text: str) -> Iterator[Finding]:
    from helmsight.hardware.cameras import open_camera

    expected = "fresh pictures, neither frozen nor black"
    try:
        with open_camera(text) as camera:
            first = camera.look()
            last = camera.newest(after=first.number + 4)
            camera.check(last)
    except Error as error:
        yield Finding("camera", False, str(error), expected, "see what is said")
        return
    height, width = last.pixels.shape[:2]
    fps = (last.number - first.number) / (last.stamp_s - first.stamp_s)
    yield Finding("camera", True, f"{width}x{height} at {fps:.0f} frames/s", expected)


def _standing(spec: RobotSpec, state: RobotState) -> str:
    fastest = max(range(len(spec.joint)), key=lambda index: abs(state.velocities[index]))
    return f"{state.mode}, {spec.names[fastest]} at {state.velocities[fastest]:.3g} rad/s or m/s"
