"""Stops that insist, signals that stop, and clean-up that no signal cuts short."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from helmsight.contract.signals import ending_signals
from helmsight.hardware.errors import HardwareError, NotConnected, StopUnconfirmed, WrongThread
from helmsight.hardware.robot import Robot, StopReport
from helmsight.hardware.supervision.interventions import Journal, Rule

PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.2  # between two rounds of a stop, doubled each time
PATIENCE_S = 30.0  # six times what a stop insists for: what takes longer hangs


def insist(
    robot: Robot, journal: Journal, reason: str, within_s: float, insist_s: float
) -> StopReport:
    """Stop `robot` in rounds of `within_s` until its read-back confirms it, for `insist_s`.

    Every round that ends without is shouted: there a person has to cut the power.

    Raises:
        StopUnconfirmed: it was not confirmed. NotConnected: it was closed, which holds it, too.
    """
    if not robot.is_stopped:  # else the first reason is the one to know
        robot.stopped_for = reason
    start, pause = time.monotonic(), PAUSE_S
    while True:
        try:
            report = robot.stop(within_s)
        except NotConnected:
            raise
        except Exception as error:  # whatever a driver lets through must not end the stop
            journal.shout(
                Rule.unconfirmed,
                f"STOP NOT CONFIRMED ({reason}): cut the power of {robot.spec.name} now; {error}",
            )
            if time.monotonic() - start >= insist_s:
                raise StopUnconfirmed(
                    f"the stop ({reason}) was not confirmed in {insist_s:g} s: cut the power of "
                    f"{robot.spec.name} now; last seen: {error}"
                ) from error
            time.sleep(pause)
            pause = min(2.0 * pause, LONGEST_PAUSE_S)
            continue
        took = (time.monotonic() - start) * 1e3
        text = f"the robot was stopped ({reason}) and stands still after {took:.0f} ms"
        journal.note(Rule.stop, f"{text}; it does not move before a reset")
        return report


@contextmanager
def added_to(error: BaseException) -> Iterator[None]:
    """Add what fails inside to `error` instead of raising it in its place."""
    try:
        yield
    except HardwareError as failure:
        error.add_note(str(failure))


def uninterrupted(work: Callable[[], None], patience_s: float = PATIENCE_S) -> None:
    """Do `work` to its end whatever Ctrl-C says meanwhile, then raise what it or that raised.

    Work that goes on `patience_s` after the first interrupt is not waited for any longer: it goes
    on in its thread, and the interrupt, which is raised then, says so.
    """
    failed: list[BaseException] = []
    done = threading.Event()

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            done.set()

    # signals only ever interrupt the main thread
    thread = threading.Thread(target=guarded, name="clean-up")
    interrupt: BaseException | None = None
    deadline = math.inf
    try:
        thread.start()
    except (KeyboardInterrupt, SystemExit) as error:
        interrupt, deadline = error, time.monotonic() + patience_s
        time.sleep(PAUSE_S)
        if thread.ident is None:  # it came before the thread did
            guarded()
    while not done.is_set() and time.monotonic() < deadline:
        try:
            # not a join: interrupted, it takes the thread for ended (bpo-45274)
            done.wait(None if interrupt is None else max(0.0, deadline - time.monotonic()))
        except BaseException as error:  # whatever a handler of signals raises
            interrupt, deadline = error, min(deadline, time.monotonic() + patience_s)
    if failed:
        raise failed[0]
    if interrupt is not None:
        if not done.is_set():
            interrupt.add_note(
                f"the clean-up has not ended {patience_s:g} s after the interrupt and goes on: "
                "where a robot moves, cut its power"
            )
        raise interrupt


@contextmanager
def on_signals(
    stop: Callable[[str], object], begun: list[threading.Thread] | None = None
) -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP stop the robot, then do what they did before.

    The stop runs in a thread: the signal may have come in the middle of an exchange on the bus,
    which has to be given up first. What was in force before follows at once: Python's own
    handler raises KeyboardInterrupt, and so does a signal that was ignored before; where the system
    would end the process, SystemExit unwinds it. The context ends when the stop is confirmed or has
    told that it is not.

    begun: gets the thread of every stop before its signal goes on to unwind. Whoever closes the
    robot inside the context joins them first: on what is closed a stop can confirm nothing.

    Raises:
        WrongThread: not from the main thread, the only one that gets signals.
    """
    if threading.current_thread() is not threading.main_thread():
        raise WrongThread("signals come to the main thread only: call on_signals() there")
    stops: list[threading.Thread] = [] if begun is None else begun

    def handle(number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        thread = threading.Thread(target=_quietly, args=(stop, name), name=f"stop on {name}")
        thread.start()
        stops.append(thread)
        before = previous[number]
        if callable(before):
            before(number, frame)
        elif before is signal.SIG_DFL:
            raise SystemExit(128 + number)
        elif before is signal.SIG_IGN:  # as a shell has it of background jobs; the robot stands
            raise KeyboardInterrupt

    previous: dict[int, Any] = {
        number: signal.signal(number, handle) for number in ending_signals()
    }
    try:
        yield
    finally:
        for thread in stops:
            uninterrupted(thread.join)
        for number, before in previous.items():
            signal.signal(number, before if before is not None else signal.SIG_DFL)


def _quietly(stop: Callable[[str], object], name: str) -> None:
    """Stop; a stop that is not confirmed has been said aloud, what is closed needs none."""
    with suppress(StopUnconfirmed, NotConnected):
        stop(name)
