"""The desk of a run: it lets consoles attend it, and costs the loop nothing while none does."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

from helmsight.console.helm import Helm
from helmsight.console.pictures import jpeg
from helmsight.console.wire import MOST_ORDER, Address, announce, at_once, hang_up, hear, prove, say
from helmsight.contract.record import Frame, RunSpec, StepRecord, plain

MOST = 16  # consoles at once
FRAME_S = 0.08  # between two pictures, at least
NEWS_S = 0.04  # between two news: pages look no more often
SHARE = 0.01  # of the time, that telling of steps may take from the loop's process
LAST_S = 2.0  # that consoles may take to hear of the end
LIVE_QUALITY = 80


class Desk(Helm):
    """A listener of a run and its crew: consoles on this machine that know its key attend it.

    Each console is served by threads of its own; one that is slow, killed or hostile delays
    nobody. The run goes on without any.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._spec: RunSpec | None = None
        self.record: StepRecord | None = None
        self._frame: Frame | None = None
        self._steps = 0
        self._address: Address | None = None
        self._listener: Listener | None = None
        self._links: set[Connection] = set()
        self._over = False  # whether the last word is told, and nobody else is let in
        self._listening = 0  # how many of those who tell wait for a step

    def start(self, spec: RunSpec) -> None:
        """Listen, and say where."""
        self._spec = spec
        self._listener = Listener(("127.0.0.1", 0), backlog=MOST)
        self._address = announce(self._folder, self._listener.address[1])
        threading.Thread(target=self._accept, name="desk", daemon=True).start()

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """Tell whoever attends of a step."""
        self._show(record, frame)

    def again(self, record: StepRecord, frame: Frame | None) -> None:
        """Take one of the steps that were recorded already."""
        self._show(record, frame)

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Tell of the end, and listen no more."""
        try:
            with self.changed:
                self.ended, self._over = self.ended or reason or "ended", True
                self._news()
                self.changed.wait_for(lambda: not self._links, LAST_S)
        except KeyboardInterrupt:
            pass  # a stop that came with the end: there is nothing left to interrupt
        if self._address is not None:
            self._address.file.unlink(missing_ok=True)
        if self._listener is not None:
            self._listener.close()

    def _show(self, record: StepRecord, frame: Frame | None) -> None:
        with self.changed:
            self.record, self._frame = record, frame
            self._steps = record.index + 1
            self.version += 1
            if self._listening:  # else nobody has to be woken, at every step of a fast loop
                self.changed.notify_all()

    def _accept(self) -> None:
        assert self._listener is not None
        while not self._over:
            try:
                link = self._listener.accept()
            except OSError:
                time.sleep(0.1)  # closed at the end; or out of files, and the next may be let in
                continue
            threading.Thread(target=self._serve, args=(link,), name="console", daemon=True).start()

    def _serve(self, link: Connection) -> None:
        assert self._address is not None
        try:
            at_once(link)
            if len(self._links) < MOST and prove(link, self._address.key, runs=True):
                self._attend(link)
        except (OSError, EOFError, ValueError):
            pass  # that console is gone: the run is not
        finally:
            with suppress(OSError):
                link.close()

    def _attend(self, link: Connection) -> None:
        sending = threading.Lock()
        with self.changed:
            self._links.add(link)
        try:
            with sending:
                say(link, {"kind": "hello", **self._hello()})
            threading.Thread(
                target=self._tell, args=(link, sending), name="console news", daemon=True
            ).start()
            while True:
                order = hear(link, MOST_ORDER)
                said = self.order(order)
                with sending:
                    say(link, {"kind": "reply", "id": order.get("id"), **said})
        finally:
            with self.changed:
                self._links.discard(link)
                self._news()

    def _hello(self) -> dict[str, Any]:
        assert self._spec is not None
        return {
            "spec": self._spec.to_json(),
            "pid": os.getpid(),
            "schema": self.kind.model_json_schema(),
            "null": plain(self.kind.null().model_dump()),
            "stands": self.stands,
            "moves": str(self.world.task.consent),
            "limits": plain(self._spec.operator),
        }

    def _tell(self, link: Connection, sending: threading.Lock) -> None:
        """Send what changes, the newest only, and the last word.

        Steps that come faster than SHARE allows are passed over; how things stand is told at once.
        """
        seen, shown, pictured = -1, None, 0.0
        try:
            while True:
                with self.changed:
                    self._listening += 1
                    self.changed.wait_for(lambda: self.version != seen, 1.0)  # noqa: B023
                    self._listening -= 1
                    if link not in self._links:
                        return
                    seen, state, steps = self.version, self.state(), self._steps
                    over = self._over
                    record, frame = self.record, self._frame
                began = time.thread_time()
                news: dict[str, Any] = {"kind": "news", "state": state, "steps": steps}
                if record is not None and record is not shown:
                    news["record"], shown = record.to_json(), record
                    # a run that steps faster than pictures are looked at shows some of them
                    due = time.monotonic() - pictured >= FRAME_S or bool(state["ended"])
                    picture = jpeg(frame, LIVE_QUALITY) if due else None
                    pictured = time.monotonic() if picture else pictured
                else:
                    picture = None
                news["frame"] = picture is not None
                with sending:
                    say(link, news)
                    if picture is not None:
                        link.send_bytes(picture)
                if over:
                    break
                pause = min(max(NEWS_S, (time.thread_time() - began) / SHARE), 1.0)
                with self.changed:
                    self.changed.wait_for(lambda: self.state() != state, pause)  # noqa: B023
        except (OSError, ValueError):
            pass
        hang_up(link)
