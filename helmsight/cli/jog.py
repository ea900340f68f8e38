"""`helmsight jog`: a robot from the keyboard, through the supervisor."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from helmsight.cli.home import how_it_ends, progress, what_homing_does
from helmsight.cli.robots import Port, Robot, Yes, telling_stops
from helmsight.consent import agreed, at_terminal
from helmsight.contract.foreign import printable
from helmsight.contract.printing import order
from helmsight.freshkeys import LATE, STOP, STOPPED, FreshKeys

if TYPE_CHECKING:
    from helmsight.hardware.robot import RobotState
    from helmsight.hardware.supervisor import Supervisor
    from helmsight.jogging import Steps
    from helmsight.keyboard import Read

EXAMPLES = """Examples:

helmsight jog --robot so101 --port /dev/ttyACM0 --step 5deg

echo '+++2--q' | helmsight jog --robot gantry --port ./mill --step 1mm --yes

Keys: left right or 1-9 choose a joint or an axis, up down or + - move it by a step, [ ] halve or
double the step, c changes between joints and the tool point (x y z in mm and rx ry rz in degrees,
axes of the base), g gripper or tool, h hold, SPACE stop, r reset, H home (asks first), q quit.
"""
HELP = "arrows: choose, move  [ ] step  c joints/tool point  g {tool}  h hold  SPACE stop  r reset"
BEAT_S = 0.1
SETTLE_S = 10.0  # that a scripted step may take before the next key is read
CLEAR = "\r\x1b[2K"
MOVING_KEYS = ("up", "down", "+", "-", "=", "g")


def command(
    robot: Robot,
    port: Port,
    step: Annotated[
        str | None,
        typer.Option(
            help="A key press: 5mm, 3deg, or a number of m or rad. Default 2 mm (tool point "
            "5 mm), 3 deg."
        ),
    ] = None,
    yes: Yes = False,
) -> None:
    """Move a robot from the keyboard, or with --yes from keys in a pipe."""
    from helmsight.hardware.supervisor import supervised
    from helmsight.jogging import LARGEST
    from helmsight.keyboard import keys
    from helmsight.units import step_of

    sizes = {} if step is None else step_of(step, LARGEST)
    supervisor = supervised(robot, port)
    person = at_terminal()  # who presses every key
    if not person:
        agreed(yes, f"{robot} at {port} will move as the keys on standard input say")
    with telling_stops(supervisor), keys() as read, supervisor.on_signals(), supervisor:
        jog = Jog(supervisor, sizes, live=person and sys.stdout.isatty(), asks=person)
        if not person:  # each key of a pipe is served in its turn
            jog.run(read)
            return
        with FreshKeys(read, lambda: supervisor.stop("space bar"), MOVING_KEYS) as fresh:
            jog.run(fresh, fresh.forget)


class Jog:
    """The loop of the keyboard: it reads keys, feeds the supervisor's watchdog, shows the state.

    sizes: of a step, by kind of joint. live: rewrite one line of a terminal; otherwise one line a
    key, and every motion ends before the next key is read. asks: a person is there to be asked.
    """

    def __init__(
        self, robot: Supervisor, sizes: Mapping[str, float], *, live: bool, asks: bool
    ) -> None:
        from helmsight.jogging import Gripper, JointSteps, ToolSteps

        self.robot = robot
        self.live = live
        self._asks = asks
        self._modes: list[Steps] = [JointSteps(robot, sizes), ToolSteps(robot, sizes)]
        self._gripper = Gripper(robot)
        self._said = ""  # by the last key
        self._to_home = False  # whether the next key answers that question
        self._beats = 0
        self._help = HELP.format(tool=self._gripper.name)
        self._help += "  H home  q quit" if robot.robot.can_home else "  q quit"

    @property
    def steps(self) -> Steps:
        """The steps that the arrows do now."""
        return self._modes[0]

    def run(self, read: Read, forget: Callable[[], None] = lambda: None) -> None:
        """Serve keys until q, the end of the pipe, or an error that ends the connection.

        forget: drops what was pressed before a question.
        """
        self._read, self._forget = read, forget
        print(self._help)
        self._show("not homed: where it is is not known; H homes it" if self._unhomed else "")
        try:
            while self._turn(read):
                pass
        finally:
            if self.live:
                print(flush=True)

    @property
    def _unhomed(self) -> bool:
        return self.robot.robot.is_homed is False

    def _turn(self, read: Read) -> bool:
        """Serve the keys that come in one beat; return whether to go on."""
        from helmsight.hardware.errors import HardwareError

        try:
            going = self._serve(read(BEAT_S))
            if going and (kept := self._tried(self._carry_on)):
                self._said = kept
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
            self._forget()  # keys of the time before that are no wish of now
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

        self._gripper.leave()
        if key not in MOVING_KEYS or key == "g":
            self.steps.leave()

        def work() -> str:
            message = self._do(key)
            if not self.live and key in MOVING_KEYS:
                self._settle()
            return message

        message = self._tried(work)
        feedback = (line for line in self.robot.feedback().splitlines() if line != message)
        return "; ".join(filter(None, (message, *feedback)))

    def _tried(self, work: Callable[[], str]) -> str:
        """Return what `work` returns, or in words what keeps it: the person decides."""
        from helmsight.hardware.errors import HardwareError, LinkLost, NotConnected, StopUnconfirmed

        try:
            return work()
        except HardwareError as error:
            ends = isinstance(error, LinkLost | NotConnected | StopUnconfirmed)
            if ends and error.halts:
                raise
            self.steps.leave()
            self._gripper.leave()
            self._here()
            return str(error)

    def _do(self, key: str) -> str:
        to_home, self._to_home = self._to_home, False
        if to_home:
            return self._home() if key == "y" else "not homed: the answer was not y"
        if key in ("left", "right"):
            self.steps.choose(self.steps.chosen + (1 if key == "right" else -1))
        elif key.isdecimal() and 1 <= int(key) <= len(self.steps.names):
            self.steps.choose(int(key) - 1)
        elif key in MOVING_KEYS:
            return self._move(key)
        elif key in "[]":
            return self.steps.resize(2.0 if key == "]" else 0.5)
        elif key == "c":
            self._modes.reverse()
            self._here()
        elif key == "h":
            self.robot.hold()
            self._here()
            return "held"
        elif key in (STOP, STOPPED):
            if key == STOP:
                self.robot.stop("space bar")
            self._here()
            return "r resets"
        elif key == LATE:
            return "pressed faster than it moves: what waited too long was dropped"
        elif key == "r":
            self.robot.reset()
            self._here()
            return "reset"
        elif key == "H":
            return self._asked_to_home()
        else:
            return f"no key {key!r}: {self._help}"
        return f"{self.steps.noun} {self.steps.name}"

    def _move(self, key: str) -> str:
        if self.robot.state().energised is False:  # it may have been moved by hand meanwhile
            self._here()
        if key == "g":
            words, sent = self._gripper.switch(self.steps.goal)
            if sent is not None:
                self._sent(sent.positions)
            return words
        words = self.steps.press(-1.0 if key in ("down", "-") else 1.0)
        self._sent(self.steps.goal)
        return words

    # -- homing -----------------------------------------------------------------------------------

    def _asked_to_home(self) -> str:
        """Ask first where a person is there; in a pipe --yes was given."""
        if not self.robot.robot.can_home:
            return "this robot has no homing"
        if not self._asks:
            return self._home()
        self._to_home = True
        self._forget()
        self._say(f"{self.robot.spec.name} will {what_homing_does(self.robot)}")
        return "home it? y n"

    def _home(self) -> str:
        """Home; any key stops it meanwhile, for the loop waits for the device."""
        over = threading.Event()
        if self._asks:
            threading.Thread(target=self._stop_at_key, args=(over,), daemon=True).start()
        began = time.monotonic()
        try:
            with progress(how_it_ends(self.robot, "any key" if self._asks else "Ctrl-C")):
                self.robot.home()
        finally:
            over.set()
        self._here()
        return f"homed in {time.monotonic() - began:.1f} s"

    def _stop_at_key(self, over: threading.Event) -> None:
        from helmsight.hardware.errors import NotConnected, StopUnconfirmed

        while not over.is_set():
            pressed = self._read(BEAT_S)
            if STOPPED in pressed:
                return
            if pressed and not over.is_set():
                with suppress(StopUnconfirmed, NotConnected):  # said aloud already, or closed
                    self.robot.stop("a key while homing")
                return

    # -- what goes on -----------------------------------------------------------------------------

    def _carry_on(self) -> str:
        if self._gripper.pending and (sent := self._gripper.carry_on()) is not None:
            self._sent(sent.positions)
        if self.steps.pending:
            self.steps.carry_on()
            self._sent(self.steps.goal)
        return ""

    def _settle(self) -> None:
        """Wait until the robot stands: keys from a pipe come faster than any motion."""
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            pending = self._gripper.pending or self.steps.pending
            if self.robot.state().standing and not pending:
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
        self._sent(self.robot.state().positions)

    def _sent(self, positions: tuple[float, ...]) -> None:
        for steps in self._modes:
            steps.goal = positions

    # -- what is shown ----------------------------------------------------------------------------

    def _show(self, message: str) -> None:
        """Show the state and a message; on a terminal what does not fit becomes a line above.

        The mode comes first there: that a robot is stopped must never be cut off.
        """
        from helmsight.units import row

        state = self.robot.state()
        mode = "stopped" if self.robot.is_stopped else str(state.mode)
        named = self._named(state)
        if not self.live:
            print(f"{' '.join(named)}  {mode}  {message}".rstrip(), flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        head = f"{mode:<8} {named[self.steps.chosen]}"
        if len(head) + len(message) + 2 > width:
            self._say(message)
            self._said = message = ""
        values = [value for value in self.steps.values(state) if value is not None]
        numbers = row(self.steps.kinds[: len(values)], tuple(values))
        whole = f"{head}  {numbers}  {message}".rstrip()
        text = printable(whole if len(whole) <= width else f"{head}  {message}")
        order(CLEAR, sys.stdout)
        print(text[:width], end="", flush=True)

    def _say(self, text: str) -> None:
        """Print what is to stay on the screen, above the line that is rewritten."""
        if self.live:
            order(CLEAR, sys.stdout)
        print(text, flush=True)

    def _named(self, state: RobotState) -> list[str]:
        """Return every axis with its place and unit; brackets are around the one that is chosen."""
        from helmsight.units import told

        steps = self.steps
        words = [
            name if value is None else f"{name} {told(kind, value)}"
            for name, kind, value in zip(steps.names, steps.kinds, steps.values(state), strict=True)
        ]
        words[steps.chosen] = f"[{words[steps.chosen]}]"
        return words
