"""`helmsight jog`: a robot from the keyboard, through the supervisor."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from helmsight.cli.robots import Port, Robot, Yes
from helmsight.consent import agreed, at_terminal
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.hardware.robot import JointTargets, RobotState
    from helmsight.hardware.supervisor import Supervisor
    from helmsight.keyboard import Read

EXAMPLES = """Examples:

helmsight jog --robot so101 --port /dev/ttyACM0

echo '+++2--q' | helmsight jog --robot gantry --port ./mill --step 0.001 --yes

Keys: left right or 1-9 choose a joint, up down or + - move it by a step, [ ] halve or double the
step, g tool, h hold, SPACE stop, r reset, q quit.
"""
HELP = "arrows: joint, move  [ ] step  g tool  h hold  SPACE stop  r reset  q quit"
STEP = {"revolute": 0.05, "prismatic": 0.002}  # rad, m
LARGEST = {"revolute": 0.5, "prismatic": 0.05}
BEAT_S = 0.1
SETTLE_S = 10.0  # that a scripted step may take before the next key is read
CLEAR = "\r\x1b[2K"


def command(
    robot: Robot,
    port: Port,
    step: Annotated[
        float | None, typer.Option(help="rad or m a key press; default 0.05 rad, 0.002 m.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Move a robot from the keyboard, or with --yes from keys in a pipe."""
    from helmsight.hardware.supervisor import supervised
    from helmsight.keyboard import keys

    if step is not None and not 0.0 < step <= max(LARGEST.values()):
        raise InvalidSetting(f"--step {step:g}: expected more than 0 and at most 0.5 (rad or m)")
    supervisor = supervised(robot, port)
    if not at_terminal():  # there a person presses every key
        agreed(yes, f"{robot} at {port} will move as the keys on standard input say")
    try:
        with keys() as read, supervisor.on_signals(), supervisor:
            Jog(supervisor, step, live=sys.stdin.isatty() and sys.stdout.isatty()).run(read)
    except BaseException:
        stops = [event.text for event in supervisor.events if event.rule == "stop"]
        for text in stops[-1:]:
            print(f"helmsight: {text}", file=sys.stderr)
        raise


class Jog:
    """The loop of the keyboard: it reads keys, feeds the supervisor's watchdog, shows the state.

    step: rad or m a key press. live: rewrite one line of a terminal; otherwise one line a key, and
    every motion ends before the next key is read.
    """

    def __init__(self, robot: Supervisor, step: float | None, *, live: bool) -> None:
        self.robot = robot
        self.live = live
        self.joint = 0
        self.steps = [
            min(step or STEP[joint.kind], LARGEST[joint.kind]) for joint in robot.spec.joint
        ]
        self.tool = False
        self.goal = robot.state().positions
        self._said = ""  # by the last key
        self._rest: JointTargets | None = None  # what limits left of a tool's way
        self._beats = 0

    def run(self, read: Read) -> None:
        """Serve keys until q, the end of the pipe, or an error that ends the connection."""
        print(HELP)
        self._show("")
        try:
            while self._turn(read):
                pass
        finally:
            if self.live:
                print(flush=True)

    def _turn(self, read: Read) -> bool:
        """Serve the keys that come in one beat; return whether to go on."""
        from helmsight.hardware.errors import HardwareError

        try:
            going = self._serve(read(BEAT_S))
            if going:
                self._carry_on()
            if going and self.live:
                self._show(self._said)
            return going
        except HardwareError as error:  # a reading that failed, not what a key asked for
            if error.halts:
                raise
            self._say(str(error))
            return True

    def _serve(self, pressed: list[str]) -> bool:
        self._beat()
        if news := self.robot.feedback():  # what came about without a key: a link that was lost
            self._here()
            self._say(news)
        for key in pressed:
            if key in ("q", "end", "\x04"):
                return False
            if key not in "\r\n":
                self._said = self._pressed(key)
                self._show(self._said)
        return True

    def _pressed(self, key: str) -> str:
        """Do what a key asks for and return what became of it."""
        from helmsight.hardware.errors import HardwareError, LinkLost, NotConnected, StopUnconfirmed

        self._rest = None
        try:
            message = self._do(key)
            if not self.live and key in ("up", "down", "+", "-", "=", "g"):
                self._settle()
        except (LinkLost, NotConnected, StopUnconfirmed) as error:
            if error.halts:
                raise
            message = str(error)
            self._here()
        except HardwareError as error:  # refused, stopped, an alarm: the person decides
            message = str(error)
            self._here()
        feedback = (line for line in self.robot.feedback().splitlines() if line != message)
        return "; ".join(filter(None, (message, *feedback)))

    def _do(self, key: str) -> str:
        many = len(self.robot.spec.joint)
        if key in ("left", "right"):
            self.joint = (self.joint + (1 if key == "right" else -1)) % many
        elif key.isdecimal() and 1 <= int(key) <= many:
            self.joint = int(key) - 1
        elif key in ("up", "+", "="):
            return self._move(1.0)
        elif key in ("down", "-"):
            return self._move(-1.0)
        elif key in "[]":
            kind = self.robot.spec.joint[self.joint].kind
            doubled = self.steps[self.joint] * (2.0 if key == "]" else 0.5)
            self.steps[self.joint] = min(doubled, LARGEST[kind])
            return f"step {self.steps[self.joint]:g}"
        elif key == "g":
            return self._switch()
        elif key == "h":
            self.robot.hold()
            self._here()
            return "held"
        elif key == " ":
            self.robot.stop("space bar")
            self._here()
            return "r resets"
        elif key == "r":
            self.robot.reset()
            self._here()
            return "reset"
        else:
            return f"no key {key!r}: {HELP}"
        return f"joint {self.robot.spec.names[self.joint]}"

    def _move(self, sign: float) -> str:
        """Move the chosen joint one step on from its last target, at half its speed."""
        from helmsight.hardware.robot import JointTargets

        joint, size = self.robot.spec.joint[self.joint], self.steps[self.joint]
        if self.robot.state().energised is False:  # it may have been moved by hand meanwhile
            self._here()
        goal = list(self.goal)
        wanted = goal[self.joint] + sign * size
        goal[self.joint] = min(joint.upper, max(joint.lower, wanted))
        seconds = min(self.robot.spec.limits.horizon_s, max(0.1, 2.0 * size / joint.speed))
        sent = self.robot.move(JointTargets(tuple(goal), seconds))
        self.goal = sent.positions
        at_limit = "" if goal[self.joint] == wanted else " (limit)"
        return f"{joint.name} to {sent.positions[self.joint]:.4g}{at_limit}"

    def _switch(self) -> str:
        from helmsight.hardware.robot import JointTargets

        if self.robot.spec.tool.kind == "none":
            return "this robot has no tool"
        if self.robot.state().energised is False:
            self._here()
        self.tool = not self.tool
        self._rest = JointTargets(self.goal, tool=self.tool)
        self._carry_on()
        return f"tool {'on' if self.tool else 'off'}"

    def _carry_on(self) -> None:
        """Go on with the tool: its way may take more than one command may do."""
        if self._rest is not None and self.robot.state().standing:
            sent = self.robot.move(self._rest)
            self.goal = sent.positions
            self.robot.feedback()  # that it was cut is no news
            if not sent.notes:
                self._rest = None

    def _settle(self) -> None:
        """Wait until the robot stands: keys from a pipe come faster than any motion."""
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            if self.robot.state().standing and self._rest is None:
                return
            self._carry_on()
            self._beat()
            time.sleep(0.01)

    def _beat(self) -> None:
        """Show the supervisor that this loop lives."""
        self._beats += 1
        self.robot.feed(self._beats)

    def _here(self) -> None:
        """Take where the robot is as the place from which steps count."""
        self.goal = self.robot.state().positions

    def _show(self, message: str) -> None:
        """Show the state and a message; on a terminal what does not fit becomes a line above.

        The mode comes first there: that a robot is stopped must never be cut off.
        """
        state = self.robot.state()
        mode = "stopped" if self.robot.is_stopped else str(state.mode)
        if not self.live:
            print(f"{self._named(state)}  {mode}  {message}".rstrip(), flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        joint, here = self.robot.spec.joint[self.joint], state.positions[self.joint]
        head = f"{mode:<8} [{joint.name} {here:.4g}]"
        if len(head) + len(message) + 2 > width:
            self._say(message)
            self._said = message = ""
        values = " ".join(f"{value:.3g}" for value in state.positions)
        whole = f"{head}  {values}  {message}".rstrip()
        text = whole if len(whole) <= width else f"{head}  {message}"
        print(f"{CLEAR}{text[:width]}", end="", flush=True)

    def _say(self, text: str) -> None:
        """Print what is to stay on the screen, above the line that is rewritten."""
        print(f"{CLEAR if self.live else ''}{text}", flush=True)

    def _named(self, state: RobotState) -> str:
        pairs = zip(self.robot.spec.names, state.positions, strict=True)
        return " ".join(
            f"[{name} {value:.4g}]" if index == self.joint else f"{name} {value:.4g}"
            for index, (name, value) in enumerate(pairs)
        )
