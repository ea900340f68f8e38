"""The console's side of runs under way: one link to each, however many people look."""

from __future__ import annotations

import threading
import time
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

from helmsight.console.rows import page_json, row
from helmsight.console.wire import (
    MOST_NEWS,
    PATIENCE_S,
    Address,
    announced,
    at_once,
    hang_up,
    hear,
    prove,
    say,
)
from helmsight.contract.record import RunSpec, StepRecord

AGAIN_S = 2.0  # after which a run that was lost is called once more
LOST = "the run is lost: its process has ended without a word"


class Link:
    """One run under way, as far as it told. Used by several threads.

    `told` are the news as JSON for pages: written once, however many people look.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.hello: dict[str, Any] = {}
        self.news: dict[str, Any] = {}
        self.row: dict[str, Any] | None = None
        self.picture: bytes | None = None
        self.pictures = 0
        self.lost, self.lost_at = "", 0.0
        self.version = 0
        self.told = b"{}"
        self._spec: RunSpec | None = None
        self._link: Connection | None = None
        self._sending = threading.Lock()
        self._replies: dict[Any, dict[str, Any]] = {}
        self._replied = threading.Condition()
        self._thread = threading.Thread(target=self._listen, name="link", daemon=True)
        self._thread.start()

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have the run carry out an order, and return its answer."""
        number = order.get("id")
        link = self._link
        if link is None or self.lost:
            return {"ok": False, "said": self.lost or "the run does not answer yet"}
        try:
            with self._sending:
                say(link, order)
        except (OSError, ValueError) as error:
            return {"ok": False, "said": f"{LOST} ({error})"}
        with self._replied:
            self._replied.wait_for(lambda: number in self._replies or self.lost, PATIENCE_S)
            reply = self._replies.pop(number, None)
        return reply or {
            "ok": False,
            "said": self.lost or "the run has not answered: it may or may not have done it",
        }

    def close(self) -> None:
        """Leave the run, which goes on."""
        if self._link is not None and not self.lost:
            hang_up(self._link)

    def _listen(self) -> None:
        try:
            with Client(("127.0.0.1", self.address.port)) as link:
                at_once(link)
                if not prove(link, self.address.key, runs=False):
                    raise EOFError("somebody else listens there")
                self.hello = hear(link, MOST_NEWS)
                self._spec = RunSpec.from_json(self.hello["spec"])
                self._link = link
                while True:
                    self._take(hear(link, MOST_NEWS), link)
        except ConnectionRefusedError:
            self.address.file.unlink(missing_ok=True)  # it was killed
            self._end(LOST)
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            ended = self.news.get("state", {}).get("ended")
            self._end(f"the run has ended: {ended}" if ended else LOST)

    def _end(self, words: str) -> None:
        with self._replied:
            self.lost, self.lost_at = words, time.monotonic()
            self.version += 1
            self._replied.notify_all()

    def _take(self, said: dict[str, Any], link: Connection) -> None:
        if said["kind"] == "reply":
            with self._replied:
                self._replies[said["id"]] = {"ok": said["ok"], "said": said["said"]}
                self._replied.notify_all()
            return
        assert self._spec is not None
        if "record" in said:
            record = StepRecord.from_json(said.pop("record"))
            self.row = row(record, self._spec.task)
        if said.pop("frame"):
            self.picture = link.recv_bytes(MOST_NEWS)
            self.pictures += 1
        self.news = said
        self.told = page_json({**said, "row": self.row, "picture": self.pictures})
        self.version += 1


class Links:
    """The runs under way on this machine that can be attended."""

    def __init__(self) -> None:
        self._links: dict[Path, Link] = {}
        self._lock = threading.Lock()

    def folders(self) -> list[Path]:
        """Return the folders of the runs that go on."""
        return [Path(link.address.folder) for link in self._now() if not link.lost]

    def find(self, folder: str) -> Link | None:
        """Return the link to the run in `folder` (its real path), the newest if there were two."""
        found = [link for link in self._now() if link.address.folder == folder]
        return max(found, key=lambda link: not link.lost, default=None)

    def known(self, folder: str) -> Link | None:
        """Return the link to the run in `folder` that there is already; nothing is waited for."""
        found = (link for link in list(self._links.values()) if link.address.folder == folder)
        return next((link for link in found if link.news and not link.lost), None)

    def _now(self) -> list[Link]:
        addresses = {address.file: address for address in announced()}
        with self._lock:
            for path, link in list(self._links.items()):
                again = time.monotonic() - link.lost_at > AGAIN_S
                if link.lost and (again or path not in addresses):
                    del self._links[path]
            for path, address in addresses.items():
                if path not in self._links:
                    self._links[path] = Link(address)
            return list(self._links.values())

    def settle(self, link: Link) -> None:
        """Wait until a link that was just made knows its run, or that there is none."""
        until = time.monotonic() + PATIENCE_S
        while not (link.news or link.lost) and time.monotonic() < until:
            time.sleep(0.01)

    def close(self) -> None:
        """Leave all runs, which go on."""
        with self._lock:
            for link in self._links.values():
                link.close()
