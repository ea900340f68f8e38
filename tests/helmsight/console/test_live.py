"""A run that people attend: they pause, take over, are asked, stop; each deed is in the record."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.testclient import TestClient

import helmsight
from helmsight.console.desk import Desk
from helmsight.console.links import Link, Links
from helmsight.console.wire import HOME, announced
from helmsight.contract.record import StepRecord
from helmsight.resuming import resume
from helmsight.tools.player import load_run

BURN = {"forward": 0.0, "right": 1.0, "down": 0.0, "duration": 0.5, "frame": "body"}
FOREVER = 1000  # steps of 0.5 s, more than a scenario has


def until(holds: Callable[[], Any], within_s: float = 600.0) -> Any:
    """Return what `holds` returns once that is something."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.005)
    raise AssertionError("it did not come about")


class Held:
    """A listener that holds a run up at one of its calls until it is let go."""

    def __init__(self, at: str) -> None:
        self._at, self.came, self.go = at, threading.Event(), threading.Event()

    def _hold(self, at: str) -> None:
        if at == self._at:
            self.came.set()
            assert self.go.wait(600)

    def start(self, spec: object) -> None:
        self._hold("start")

    def step(self, record: object, frame: object) -> None:
        self._hold("step")

    def finish(self, reason: str, summary: object) -> None:
        self._hold("finish")


class Endless:
    """A listener that lets no flight end by itself: from step 100 on it waits for a stop."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, spec: object) -> None: ...

    def step(self, record: StepRecord, frame: object) -> None:
        if record.index >= 100:
            until(lambda: self._desk.stopping)

    def finish(self, reason: str, summary: object) -> None: ...


class Flight:
    """A flight in a thread, attended through its desk."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.folder, self.links = folder, Links()
        self.result: list[object] = []
        self._options: dict[str, Any] = {
            "time": "paused",
            "observation": "telemetry",
            "video": False,
        } | options
        self._thread = threading.Thread(target=self._fly, daemon=True)
        self.desk = Desk(folder)
        self.also: list[Held | Endless] = []

    def begin(self) -> Link:
        self._thread.start()
        link: Link = until(lambda: self.links.find(os.path.realpath(self.folder)))
        until(lambda: link.news)
        return link

    def _fly(self) -> None:
        try:
            flight = helmsight.fly(
                "PE1-E1-I1", "naive", out=self.folder, listeners=[*self.also, self.desk],
                crew=self.desk, **self._options,
            )  # fmt: skip
            self.result.append(flight.reason)
        except BaseException as error:
            self.result.append(error)

    def end(self) -> object:
        self._thread.join(600)
        return self.result[0]


@pytest.fixture(autouse=True)
def _desks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "desks"))
    monkeypatch.setattr("helmsight.tools.page.draw", lambda records, task: {})  # takes seconds


@pytest.fixture
def paused(runs: Path) -> Iterator[tuple[Flight, Link]]:
    """Return a flight that waits before its first decision, and the link to it."""
    flight = Flight(runs / "one", steps=FOREVER)
    flight.also, flight.desk.paused = [Endless(flight.desk)], "ann"
    link = flight.begin()
    yield flight, link
    link.order({"id": "last", "do": "stop"})
    flight.end()
    flight.links.close()


COUNT = iter(range(10**9))


def order(link: Link, what: str, **more: object) -> dict[str, Any]:
    return link.order({"id": str(next(COUNT)), "by": "ann", "do": what, **more})


def deeds(folder: Path) -> list[tuple[int, str]]:
    run = load_run(folder)
    last = [(len(run.records), deed["did"]) for deed in run.summary.get("people", [])]
    return [(step.index, deed["did"]) for step in run.records for deed in step.people] + last


@pytest.mark.slow
def test_a_flight_that_nobody_attends_is_the_same_flight(runs):
    alone = helmsight.fly("PE1-E1-I1", "naive", steps=3, time="paused", observation="telemetry")
    flight = Flight(runs / "one", steps=3)
    flight._thread.start()
    assert flight.end() == "steps"
    assert announced() == []
    recorded = load_run(runs / "one").records
    assert [record.applied for record in recorded] == [r.applied for r in alone.records]
    assert [record.people for record in recorded] == [[], [], []]


def test_it_waits_while_it_is_paused_and_goes_on(paused):
    flight, link = paused
    assert link.news["state"]["paused"] == "ann"
    assert link.news["steps"] == 0
    assert order(link, "resume")["ok"]
    until(lambda: link.news["steps"] > 2)
    assert order(link, "stop") == {"ok": True, "said": "stopped"}
    assert flight.end() == "interrupted"
    assert deeds(flight.folder)[0] == (0, "resumed")
    assert deeds(flight.folder)[-1][1] == "stopped the run"
    assert order(link, "pause")["ok"] is False


@pytest.mark.slow
def test_a_person_takes_over_flies_and_hands_back(paused):
    flight, link = paused
    assert order(link, "fly", command=BURN) == {"ok": False, "said": "take over first"}
    order(link, "take over")
    order(link, "resume")
    assert link.order({"id": "x", "by": "bob", "do": "take over"})["said"] == "ann has the helm"
    assert "right" in order(link, "fly", command=BURN | {"right": 9})["said"]
    for number in range(3):
        assert order(link, "fly", command=BURN)["ok"]
        until(lambda: link.news["steps"] == number + 1)  # noqa: B023
    assert link.news["steps"] == 3  # it waits for the person
    order(link, "hand back")
    until(lambda: link.news["steps"] > 4)
    order(link, "stop")
    flight.end()
    records = load_run(flight.folder).records
    assert [record.wanted for record in records[:3]] == [BURN] * 3
    assert [record.think_ms for record in records[:3]] == [0.0] * 3
    assert records[4].wanted["right"] == 0.0
    assert [did for _, did in deeds(flight.folder)].count("flew") == 3


def test_the_same_order_twice_is_carried_out_once(paused):
    flight, link = paused
    order(link, "take over")
    order(link, "resume")
    sent = {"id": "same", "by": "ann", "do": "fly", "command": BURN}
    assert link.order(sent) == link.order(sent) == {"ok": True, "said": "ordered"}
    until(lambda: link.news["steps"] == 1)
    assert link.order(sent)["said"] == "ordered"
    order(link, "hand back")
    order(link, "stop")
    flight.end()
    assert [did for _, did in deeds(flight.folder)].count("flew") == 1


def test_commands_wait_for_a_person_who_approves_changes_and_refuses(paused):
    flight, link = paused
    assert order(link, "ask", on=True)["ok"]
    order(link, "resume")

    def waits(index: int) -> None:
        until(lambda: (link.news["state"]["waiting"] or {}).get("index") == index)

    waits(0)
    assert order(link, "approve", index=7)["ok"] is False
    assert order(link, "approve", index=0)["ok"]
    waits(1)
    assert order(link, "approve", index=0)["ok"] is False  # it was approved once
    assert order(link, "change", index=1, command=BURN)["ok"]
    waits(2)
    assert order(link, "refuse", index=2)["ok"]
    waits(3)
    order(link, "stop")
    assert flight.end() == "interrupted"
    records = load_run(flight.folder).records
    assert [record.applied["right"] for record in records] == [0.0, 1.0, 0.0]
    assert [record.applied["forward"] for record in records] == [1.0, 0.0, 0.0]
    assert records[1].people[0]["instead_of"] == records[1].wanted
    assert [did for _, did in deeds(flight.folder)][2:5] == [
        "approved", "changed the command", "refused the command",
    ]  # fmt: skip


def test_a_run_that_a_person_flew_in_part_is_gone_on_with(paused):
    flight, link = paused
    order(link, "take over")
    order(link, "resume")
    order(link, "fly", command=BURN)
    until(lambda: link.news["steps"] == 1)
    order(link, "stop")
    flight.end()
    again = resume(flight.folder, steps=3)
    assert [record.wanted["right"] for record in again.records] == [1.0, 0.0, 0.0]


@pytest.mark.slow
def test_where_the_world_goes_on_a_pause_is_the_safe_default(runs):
    flight = Flight(runs / "one", steps=2, time="realtime")
    flight.desk.paused = "ann"
    flight.begin()
    assert flight.end() == "steps"
    records = load_run(flight.folder).records
    assert [record.applied["forward"] for record in records] == [0.0, 0.0]
    assert records[0].people == [{"by": "ann", "did": "flew", "why": "paused"}]


def test_who_does_not_know_the_key_is_told_nothing(paused, tmp_path):
    from multiprocessing.connection import Client

    _, link = paused
    address = announced()[0]
    assert (os.stat(address.file).st_mode & 0o077 == 0) or sys.platform == "win32"
    with Client(("127.0.0.1", address.port)) as stranger:
        stranger.recv_bytes(32)
        stranger.send_bytes(b"\0" * 32)
        assert len(stranger.recv_bytes(64)) == 32  # proof for us, which says nothing of the key
        stranger.send_bytes(b"\0" * 32)
        with pytest.raises(EOFError):
            stranger.recv_bytes(1 << 20)
    assert order(link, "resume")["ok"]


@pytest.mark.slow
def test_browsers_see_it_and_order(paused, browser: TestClient, pages):
    _, link = paused
    assert "live" in browser.get("/").text
    page = browser.get("/run/one").text
    assert 'id="stop"' in page
    sent = browser.post("/act/one", json={"id": "b1", "by": "ann", "do": "resume"})
    assert sent.json() == {"ok": True, "said": "it goes on"}
    until(lambda: link.news["steps"] > 1)
    assert browser.post("/act/one", json={"do": "stop"}).status_code == 400
    assert browser.post("/act/none", json={"id": "b2", "do": "stop"}).status_code == 404
    assert browser.post("/act/one", json={"id": "b3", "do": "dance"}).json()["ok"] is False
    browser.headers["x-helmsight-key"] = "of an older page"
    assert browser.post("/act/one", json={"id": "b4", "do": "stop"}).status_code == 403
    pages.links.close()


def test_a_console_that_goes_away_changes_nothing(paused):
    flight, link = paused
    order(link, "ask", on=True)
    order(link, "resume")
    until(lambda: link.news["state"]["waiting"])
    link.close()  # as one that is killed
    until(lambda: link.lost)
    later = Links()
    again = until(lambda: later.find(os.path.realpath(flight.folder)))
    until(lambda: again.news)
    assert again.news["state"]["waiting"]["index"] == 0  # the question is still there
    assert order(again, "approve", index=0)["ok"]
    until(lambda: again.news["steps"] == 1)
    order(again, "stop")
    assert flight.end() == "interrupted"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed as POSIX does")
def test_a_flight_that_is_killed_is_lost_and_said_so(runs, browser, pages):
    process = subprocess.Popen(
        [sys.executable, "-c", "from helmsight.cli import main; main()", "fly", "PE1-E1-I1",
         "--pilot", "naive", "--time", "realtime", "--observation", "telemetry", "--no-video",
         "--console", "--out", str(runs / "one")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    link = until(lambda: pages.links.find(os.path.realpath(runs / "one")))
    until(lambda: link.news.get("steps"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: link.lost)
    assert "lost" in link.lost
    until(lambda: announced() == [] or pages.links.folders() is None)
    assert "resume" in browser.get("/run/one").text or "being written" in browser.get("/").text
    lines = (runs / "one" / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["index"] for line in lines] == list(range(len(lines)))


@pytest.mark.slow
def test_whatever_happens_to_consoles_no_command_is_lost_or_doubled(paused):
    """Fifty consoles are cut off at random moments of their orders."""
    flight, link = paused
    chance = Random(7)
    order(link, "take over")
    order(link, "resume")
    for number in range(50):
        links = Links()
        mine = until(lambda: links.find(os.path.realpath(flight.folder)))  # noqa: B023
        until(lambda: mine.news)  # noqa: B023
        sent = {"id": f"kill {number}", "by": "ann", "do": "fly", "command": BURN}
        cut = threading.Timer(chance.random() * 0.004, mine.close)
        cut.start()
        mine.order(sent)
        cut.join()
        assert link.order(sent)["ok"]  # by a console that asks again, under the same number
        until(lambda: link.news["steps"] == number + 1)  # noqa: B023
    order(link, "stop")
    flight.end()
    run = load_run(flight.folder)
    assert [record.applied["right"] for record in run.records] == [1.0] * 50


@pytest.mark.slow
def test_a_flight_is_begun_from_the_page_and_outlives_it(browser, pages, runs):
    asked = {"id": "s", "scenario": "PE1-E1-I1", "pilot": "naive", "time": "realtime", "steps": 600}
    answer = browser.post("/start", json=asked).json()
    assert answer["ok"], answer
    (folder,) = pages.links.folders()
    assert answer["address"] == f"/run/{folder.name}"
    assert browser.post(f"/act/{folder.name}", json={"id": "e", "do": "stop"}).json()["ok"]
    until(lambda: (folder / "summary.json").exists())
    assert json.loads((folder / "summary.json").read_text("utf-8"))["reason"] == "interrupted"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"pilot": "nobody"}, 'no pilot is called "nobody"'), ({"seed": -1}, "seed"),
        ({"scenario": "--out"}, "is no scenario"), ({"pilot": "a\x1b"}, "cannot be seen"),
        ({"steps": "many"}, "steps"), ({"scenario": "PE9"}, "PE9"),
    ],
)  # fmt: skip
def test_what_cannot_be_flown_is_said_on_the_page(asked, words, browser, runs):
    answer = browser.post("/start", json={"id": "s", "pilot": "naive"} | asked)
    assert answer.status_code == 400
    assert words in answer.json()["said"]
    assert list(runs.iterdir()) == []


def test_a_stop_waits_for_no_page(paused, pages, request, monkeypatch):
    """Every thread that answers pages is busy until the stop is done."""
    flight, _ = paused
    enough, busy = threading.Event(), threading.Semaphore(0)

    def held(asked: Any) -> Any:
        busy.release()
        enough.wait()
        return pages.missing("held")

    monkeypatch.setattr(pages, "index", held)
    with request.getfixturevalue("browser") as browser:
        readers = [threading.Thread(target=browser.get, args=("/",)) for _ in range(50)]
        try:
            for reader in readers:
                reader.start()
            for _ in range(40):  # as many as are answered at once
                assert busy.acquire(timeout=60)
            said = browser.post("/act/one", json={"id": "now", "by": "ann", "do": "stop"}).json()
        finally:
            enough.set()
            for reader in readers:
                reader.join(600)
    assert said == {"ok": True, "said": "stopped"}
    assert flight.end() == "interrupted"
    pages.links.close()


def held_at(what: str, folder: Path) -> tuple[Flight, Link, Held]:
    """Return a flight of one step, which ann flew, held up at `what`."""
    flight, held = Flight(folder, steps=1), Held(what)
    flight.also, flight.desk.paused = [held], "ann"
    link = flight.begin()
    order(link, "take over")
    order(link, "resume")
    assert order(link, "fly", command=BURN)["ok"]
    assert held.came.wait(600)
    return flight, link, held


def test_an_order_after_the_last_step_is_in_the_summary(runs):
    flight, link, held = held_at("step", runs / "one")
    assert order(link, "fly", command=BURN)["ok"]
    held.go.set()
    assert flight.end() == "steps"
    summary = load_run(runs / "one").summary
    (late,) = summary["people"]
    assert (late["by"], late["did"]) == ("ann", "ordered a command after the last step")
    assert (late["wanted"]["right"], summary["steps"]) == (1.0, 1)
    flight.links.close()


def test_an_order_while_the_page_is_written_is_refused(runs):
    flight, link, held = held_at("finish", runs / "one")
    for what in ("fly", "pause", "hand back", "stop"):
        assert order(link, what, command=BURN) == {"ok": False, "said": "the run is over"}
    assert until(lambda: link.news["state"]["ended"]) == "steps"
    held.go.set()
    assert flight.end() == "steps"
    summary = load_run(runs / "one").summary
    assert summary is not None
    assert "people" not in summary
    flight.links.close()
