"""What keeps a robot reachable: turns on its bus, retries, reconnection."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from helmsight.hardware.bus_turns import BusTurns
from helmsight.hardware.errors import (
    CommandRefused,
    HardwareError,
    LinkLost,
    LinkRecovered,
    NoReply,
)
from helmsight.hardware.link import SerialLink

Result = TypeVar("Result")
ATTEMPTS = 3
PAUSE_S = 0.01  # between two tries to bring a device back


class BusSession(BusTurns):
    """The link of one robot, shared by the thread that moves it and those that hold or stop it.

    reconnect_s: how long a link that was lost may take to come back.
    """

    def __init__(self, link: SerialLink, reconnect_s: float) -> None:
        super().__init__()
        self.link = link
        self._reconnect_s = reconnect_s

    # -- retries ----------------------------------------------------------------------------------

    def retried(self, work: Callable[[], Result]) -> tuple[Result, int]:
        """Return the result of idempotent `work` and how often it was tried.

        `work` may have been carried out although its reply was lost, so it must be safe to do
        twice. Only a missing or damaged reply is tried again: a refusal would be the same again,
        and a lost link has to be opened first.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.link.timed():
                    return work(), attempt
            except NoReply:
                if attempt == ATTEMPTS or self.stop_pending():
                    raise
                self.link.counters.retries += 1
        raise AssertionError("not reached")

    # -- reconnection -----------------------------------------------------------------------------

    def run(
        self, work: Callable[[], Result], recover: Callable[[], None], *, again: bool
    ) -> Result:
        """Return the result of `work`; a link that is lost meanwhile is opened again.

        recover: brings the device back to a known state, at rest, once the port is open.
        again: do `work` once more after that. Without, nobody knows whether it was carried out, and
        the robot has been held: the caller is told so and decides anew.

        Raises:
            LinkLost: the link is not back in time. LinkRecovered: it is, and `again` is False.
        """
        try:
            return work()
        except LinkLost as lost:
            self._reconnect(recover)
            if again:
                return work()
            raise LinkRecovered(
                f"{lost}; it is back and the robot was held, but the command in flight was not "
                "confirmed: look again before the next one"
            ) from None

    def _reconnect(self, recover: Callable[[], None]) -> None:
        """Open the same port and `recover`, again and again until both succeed in one go.

        A plug that goes back in bounces, and a board that was reset takes a while to answer: one
        failure says nothing before the time is over.
        """
        deadline = time.monotonic() + self._reconnect_s
        while True:
            self.link.reopen(max(0.0, deadline - time.monotonic()), self.stop_pending)
            try:
                recover()
                return
            except (LinkLost, NoReply, CommandRefused) as error:
                if time.monotonic() > deadline or self.stop_pending():
                    raise LinkLost(
                        f"{self.link.port} is back but the device on it is not: {error}"
                    ) from None
                time.sleep(PAUSE_S)

    def reconnect_to_stop(self, handshake: Callable[[], None], deadline: float) -> str:
        """Reconnect in the middle of a stop; return what keeps the device away, "" for nothing.

        deadline: by the clock of the line. The next attempt to stop says whether it worked.
        """
        try:
            self.link.reopen(max(0.0, deadline - self.link.now()))
            handshake()
        except HardwareError as error:
            return str(error)
        return ""
