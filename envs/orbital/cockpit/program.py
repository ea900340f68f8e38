"""The cockpit's window as a program: it runs until it is closed, reports, and takes orders.

`python -m helmsight.envs.orbital.cockpit.program` is how another program opens it: reports as JSON
lines on standard output, orders as JSON lines on standard input ({"restart": SEED} begins again
and holds the clock, {"go": true} lets it run), the end of the input closes the window.
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

from helmsight.contract.jsontext import parse_json
from helmsight.envs.orbital.cockpit.seat import Seat
from helmsight.envs.orbital.cockpit.window import CockpitWindow
from helmsight.envs.orbital.scenarios import find_scenario

REPORT_HZ = 10.0
_WAITING = 200  # reports that a slow reader may be behind before newer ones are left out

Order = dict[str, Any]


class Reports:
    """JSON lines to a stream, written in a thread: a slow reader never holds the window up."""

    def __init__(self, stream: TextIO, hz: float = REPORT_HZ) -> None:
        self._stream, self._period = stream, 1.0 / hz
        self._due, self._told = 0.0, (0, False, 0)
        self._waiting: queue.Queue[str | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._write, name="reports", daemon=True)
        self._thread.start()

    def offer(self, window: CockpitWindow) -> None:
        """Write a report when one is due, and always at a beginning and at the end."""
        seat, now = window.seat, time.perf_counter()
        event = (seat.runs, seat.over, window.drawn)
        if event == self._told and now < self._due:
            return
        self._due, self._told = now + self._period, event
        rates = {"drawn": window.drawn, "pictures": window.rates.pictures, "hz": window.rates.hz}
        with suppress(queue.Full):
            self._waiting.put_nowait(json.dumps({**seat.report(), **rates}))

    def close(self) -> None:
        """Write what is waiting, for a moment at most."""
        with suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(1.0)

    def _write(self) -> None:
        with suppress(OSError, ValueError):  # nobody reads any more
            while (line := self._waiting.get()) is not None:
                self._stream.write(line + "\n")
                self._stream.flush()


def fly_by_hand(
    seat: Seat,
    *,
    scale: float = 1.0,
    help_shown: bool = True,
    name: str = "",
    reports: Reports | None = None,
    orders: Callable[[], list[Order]] = list,
) -> None:
    """Show `seat` in a window until it is closed.

    orders: returns what came since it was last asked.

    Raises:
        ScreenMissing: there is no screen to open a window on.
    """
    try:
        with CockpitWindow(seat, scale=scale, help_shown=help_shown, name=name) as window:
            while not window.quit:
                window.turn()
                for order in orders():
                    _obey(window, order)
                if reports is not None:
                    reports.offer(window)
            seat.leave()
    finally:
        if reports is not None:
            reports.close()


def _obey(window: CockpitWindow, order: Order) -> None:
    if "restart" in order:
        window.seat.restart(int(order["restart"]), held=True)
    elif order.get("go"):
        window.seat.held = False
    elif order.get("end"):
        window.quit = True


def _listen(stream: TextIO) -> Callable[[], list[Order]]:
    """Return a function that gives the orders which came on `stream` since it was last called."""
    queued: queue.SimpleQueue[Order] = queue.SimpleQueue()

    def take() -> None:
        for line in stream:
            queued.put(parse_json(line))
        queued.put({"end": True})

    threading.Thread(target=take, name="orders", daemon=True).start()

    def orders() -> list[Order]:
        return [queued.get() for _ in range(queued.qsize())]

    return orders


def main() -> int:
    """Run the program; returns the exit status."""
    options = argparse.ArgumentParser(prog="cockpit", description=__doc__)
    options.add_argument("scenario")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--rate", type=float, default=1.0)
    options.add_argument("--name", default="")
    options.add_argument("--report-hz", type=float, default=REPORT_HZ)
    arguments = options.parse_args()
    from helmsight.contract.errors import Error

    try:
        seat = Seat(find_scenario(arguments.scenario), arguments.seed, arguments.rate)
        seat.held = True
        fly_by_hand(
            seat,
            scale=arguments.scale,
            help_shown=False,
            name=arguments.name,
            reports=Reports(sys.stdout, arguments.report_hz),
            orders=_listen(sys.stdin),
        )
    except Error as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
