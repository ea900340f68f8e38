"""What keeps a robot reachable: one turn on the bus at a time, retries, reconnection.

The lower half of `helmsight.hardware.robot.Robot`; drivers see both as one.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from helmsight.hardware.errors import (
    CommandRefused,
    HardwareError,
    LinkLost,
    LinkRecovered,
    NoReply,
    NotConnected,
    RobotStopped,
)
from helmsight.hardware.link import SerialLink
from helmsight.hardware.motion import RobotState
from helmsight.hardware.spec import RobotSpec

Result = TypeVar("Result")
ATTEMPTS = 3


class BusSession(ABC):
    """The link of one robot, shared by the thread that moves it and those that hold or stop it."""

    def __init__(self, spec: RobotSpec, port: str) -> None:
        self.spec = spec
        self.link = SerialLink(port, spec.port.baud)
        self._lock = threading.RLock()
        self._connected = False
        self._stopped = threading.Event()
        self._calm = threading.Event()  # cleared while a stop is under way: it goes first
        self._calm.set()
        self._stopper: int | None = None

    @abstractmethod
    def _handshake(self) -> None:
        """See that the right device answers and is set up; arm its watchdog. Moves nothing.

        Called at `connect` and after every reconnection. Raises WrongProtocol or SetupNeeded.
        """

    @abstractmethod
    def _read_state(self) -> RobotState:
        """Return one fresh reading. Raises NoReply, BadReply, LinkLost."""

    @abstractmethod
    def _send_hold(self) -> None:
        """End motion, stay energised."""

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Take the bus, unless a stop is under way: that goes first."""
        if self._stopper != threading.get_ident():
            self._calm.wait()
        with self._lock:
            yield

    def _stop_pending(self) -> bool:
        """Whether another thread waits to stop the robot: what can be left, is left to it."""
        return not self._calm.is_set() and self._stopper != threading.get_ident()

    def _usable(self, *, stopped: bool = False) -> None:
        if not self._connected:
            raise NotConnected(f"{self.spec.name} is not connected: call connect() first")
        if self._stopped.is_set() and not stopped:
            raise RobotStopped(f"{self.spec.name} is stopped: call reset() before it may move")

    def _retried(self, work: Callable[[], Result]) -> tuple[Result, int]:
        """Return the result of idempotent `work` and how often it was tried."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.link.timed():
                    return work(), attempt
            except NoReply:
                if attempt == ATTEMPTS or self._stop_pending():
                    raise
                self.link.counters.retries += 1
        raise AssertionError("not reached")

    def _over_the_link(self, work: Callable[[], Result], *, again: bool) -> Result:
        """Run `work`; after a lost link reconnect, and do it `again` or say that it is open."""
        if not self._connected:
            raise NotConnected(f"{self.spec.name} is not connected: call connect() first")
        try:
            return work()
        except LinkLost as lost:
            self._return(self.spec.port.reconnect_s)
            if again:
                return work()
            raise LinkRecovered(
                f"{lost}; it is back and the robot was held, but the command in flight was not "
                "confirmed: look again before the next one"
            ) from None

    def _return(self, within_s: float) -> None:
        """Reconnect: same device, new handshake, motion held, state read again."""
        deadline = time.monotonic() + within_s
        while True:
            self.link.reopen(max(0.0, deadline - time.monotonic()), self._stop_pending)
            try:
                self._handshake()
                self._retried(self._send_hold)
                self._retried(self._read_state)
                return
            except (LinkLost, NoReply, CommandRefused) as error:
                if time.monotonic() > deadline or self._stop_pending():
                    raise LinkLost(
                        f"{self.link.port} is back but the device on it is not: {error}"
                    ) from None

    def _try_to_return(self, deadline: float) -> None:
        """Reconnect for a stop: the stop that follows says whether it worked."""
        try:
            self.link.reopen(max(0.0, deadline - time.monotonic()))
            self._handshake()
        except HardwareError:
            time.sleep(0.005)
