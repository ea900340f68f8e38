"""The console in a real browser: the index, one run, two side by side, and a run under way.

Skipped where Chromium or Playwright is not installed. HELMSIGHT_SHOTS=FOLDER keeps the pictures
that docs/console.md shows.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import helmsight
from helmsight.console.desk import Desk
from helmsight.console.links import Links
from helmsight.console.serving import serve
from helmsight.console.wire import HOME
from helmsight.tools.player import load_run
from helmsight.tools.tags import read_tags

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
WAIT_MS = 600_000.0  # a deadline against hanging, no claim about speed

HOSTILE = """<title>theirs</title><h1>their report</h1>
<script>document.querySelector("h1").textContent = "taken over"; alert(1); fetch("/start")</script>
<img src="x" onerror="alert(2)"><svg onload="alert(3)"></svg><img src="https://evil.example/a.png">
<link rel="stylesheet" href="https://evil.example/a.css"><iframe src="/start"></iframe>
<meta http-equiv="refresh" content="0;url=https://evil.example/">
<form action="/start" method="post"><button autofocus>go</button></form>
<script>parent.document.title = "taken over"; top.location = "https://evil.example/"</script>"""

pytestmark = pytest.mark.slow


@pytest.fixture
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME, str(tmp_path / "desks"))
    monkeypatch.setattr("helmsight.tools.page.draw", lambda records, task: {})  # takes seconds
    folder = tmp_path / "runs"
    for pilot in ("naive", "rendezvous"):
        out = folder / f"PE1-E1-I2_{pilot}"
        helmsight.fly("PE1-E1-I2", pilot, steps=12, time="paused", out=out)
    return folder


@pytest.fixture
def address(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(runs.parent)
    serving = serve(Path(runs.name), port=0)
    thread = threading.Thread(target=serving.run, daemon=True)
    thread.start()
    yield serving.address
    serving.server.should_exit = True
    thread.join(600)


@pytest.fixture
def flight(runs: Path) -> Iterator[tuple[Desk, threading.Thread]]:
    """Return the desk and the thread of a flight under way that waits for a person."""
    desk = Desk(runs / "flight")
    desk.paused = "operator"
    thread = threading.Thread(
        target=helmsight.fly,
        args=("PE1-E1-I2", "naive"),
        kwargs={"time": "paused", "out": runs / "flight", "listeners": [desk], "crew": desk},
        daemon=True,
    )
    thread.start()
    yield desk, thread
    desk.order({"id": "end", "do": "stop"})
    thread.join(600)


def opened(browser: Any, wrong: list[str], **look: Any) -> Any:
    page = browser.new_page(**look)
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return page


def said(page: Any, holds: str) -> Any:
    """Return what a script says; nothing where the page is being loaded anew."""
    from playwright.sync_api import Error

    try:
        return page.evaluate(holds)
    except Error as error:
        if "navigation" not in str(error) and "destroyed" not in str(error):
            raise
        return None


def until(page: Any, holds: str) -> None:
    """Wait until a script says so; asked from here, as the page's own policy allows no eval."""
    end = time.monotonic() + WAIT_MS / 1e3
    while not said(page, holds):
        assert time.monotonic() < end, holds
        time.sleep(0.05)


def wait_for_a_live_run(page: Any, address: str) -> None:
    page.goto(address)
    until(page, "fetch('/').then(a => a.text()).then(t => t.includes('>live<'))")


def shoot(page: Any, name: str) -> None:
    if folder := os.environ.get("HELMSIGHT_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.jpg"), type="jpeg", quality=80)


def test_runs_are_found_looked_at_and_compared(browser: Any, address: str) -> None:
    wrong: list[str] = []
    page = opened(browser, wrong, viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.fill("input[type=search]", "rendez")
    until(page, "document.querySelectorAll('#runs tbody tr').length === 1")
    page.fill("input[type=search]", "")
    until(page, "document.querySelectorAll('#runs tbody tr').length === 2")
    shoot(page, "console-index")
    page.click("text=PE1-E1-I2 >> nth=0")
    until(page, "document.querySelectorAll('#steps tbody tr').length === 12")
    until(page, "document.getElementById('film').readyState >= 2")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#cursor") == "10"
    assert "step 10" in page.text_content("#place")
    assert page.locator("#steps tr.now td").first.text_content() == "10"
    until(page, "Math.abs(document.getElementById('film').currentTime - 1.05) < 0.001")
    until(page, "document.querySelectorAll('.crops img').length === 2")
    page.click("#steps tbody tr >> nth=3")
    assert page.input_value("#cursor") == "3"
    page.evaluate("scrollTo(0, 0)")
    shoot(page, "console-run")
    page.goto(address)
    for box in page.locator("#runs input").all():
        box.check()
    page.click("#compare")
    until(page, "document.querySelectorAll('.side img:not([hidden])').length === 2")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('#place').value === 'T+3.6 s'")
    shoot(page, "console-compare")
    assert wrong == []


def test_a_run_is_tagged_and_a_report_of_theirs_does_nothing(
    browser: Any, address: str, runs: Path
) -> None:
    results = runs / "evaluate" / "theirs"
    (results / "report").mkdir(parents=True)
    (results / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    (results / "suite.json").write_text('{"suite": {"name": "theirs"}}', encoding="utf-8")
    (results / "report" / "index.html").write_text(HOSTILE, encoding="utf-8")
    wrong: list[str] = []
    page = opened(browser, wrong, viewport={"width": 1280, "height": 900})
    page.goto(f"{address}run/PE1-E1-I2_naive")
    page.fill("#tags input", "demo")
    page.press("#tags input", "Enter")
    page.wait_for_selector("#tags .tag >> text=demo")
    assert read_tags(runs / "PE1-E1-I2_naive") == ("demo",)
    page.goto(address)
    page.fill("input[type=search]", "#demo")
    until(page, "document.querySelectorAll('#runs tbody tr').length === 1")
    page.goto(f"{address}run/PE1-E1-I2_naive")
    page.click("#tags .tag button")
    until(page, "document.querySelectorAll('#tags .tag').length === 0")
    page = opened(browser, wrong)  # nothing is on its way here from the pages before
    asked: list[tuple[str, str]] = []
    page.on("requestfinished", lambda request: asked.append((request.url, "")))
    page.on("requestfailed", lambda request: asked.append((request.url, request.failure)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto(address)
    page.click("#evaluations a")
    report = page.frame_locator("iframe.report")
    assert report.locator("h1").text_content() == "their report"
    assert page.title() == "theirs · Helmsight"
    assert page.url == f"{address}evaluation/evaluate/theirs"
    ours = f"{address}static/", f"{address}evaluation/", f"{address}report/"
    loaded = [url for url, why in asked if why != "csp" and not url.startswith(ours)]
    assert set(loaded) <= {address, f"{address}favicon.ico"}
    assert wrong == []


def test_a_page_is_as_wide_as_a_telephone_and_works_in_the_dark(browser: Any, address: str) -> None:
    wrong: list[str] = []
    look = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = opened(browser, wrong, **look)
    for path in ("", "run/PE1-E1-I2_naive", "start"):
        page.goto(address + path)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 25)"
    assert wrong == []


def test_a_page_of_a_run_that_was_taken_for_cut_off_finds_it_under_way(
    browser: Any,
    address: str,
    flight: tuple[Desk, threading.Thread],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The link to a run can be lost for a moment, just when its page is asked for."""
    wrong: list[str] = []
    page = opened(browser, wrong)
    wait_for_a_live_run(page, address)
    with monkeypatch.context() as patched:
        patched.setattr(Links, "folders", lambda links: [])
        page.goto(f"{address}run/flight")
        assert page.get_attribute("#run", "data-state") in ("written", "cut off")
    page.wait_for_selector("#run[data-state=live]")
    desk, thread = flight
    desk.order({"id": "1", "do": "stop"})
    thread.join(600)
    assert not thread.is_alive()
    assert wrong == []


def test_a_run_under_way_is_taken_over_approved_and_stopped(
    browser: Any, address: str, runs: Path, flight: tuple[Desk, threading.Thread]
) -> None:
    _, thread = flight
    wrong: list[str] = []
    page = opened(browser, wrong, viewport={"width": 1280, "height": 1100})
    wait_for_a_live_run(page, address)
    page.goto(f"{address}run/flight")
    until(page, "document.getElementById('end').textContent.startsWith('paused')")
    page.keyboard.press("t")
    page.wait_for_selector("#controls:not([hidden])")
    page.keyboard.press("p")
    until(page, "document.getElementById('end').textContent === 'operator flies'")
    page.keyboard.down("d")
    until(page, "document.querySelectorAll('#steps tbody tr').length >= 3")
    page.keyboard.up("d")
    page.click("#asks")
    until(page, "document.getElementById('asks').textContent.includes('no more')")
    page.keyboard.press("t")
    page.wait_for_selector("#waits:not([hidden])")
    shoot(page, "console-live")
    page.fill("#fields [data-part=down]", "-1")
    page.click("#change")
    until(page, "document.getElementById('said').textContent.startsWith('change: ')")
    page.click("#stop")
    page.click("dialog button[value=no]")
    page.click("#stop")
    page.click("dialog button[value=yes]")
    thread.join(600)
    assert not thread.is_alive()
    records = load_run(runs / "flight").records
    did = [deed["did"] for record in records for deed in record.people]
    assert {"took over", "flew", "handed back", "changed the command"} <= set(did)
    assert records[0].wanted["right"] == 1.0
    assert any(record.applied["down"] == -1.0 for record in records)
    until(page, "document.getElementById('run')?.dataset.state === 'ended'")
    assert wrong == []
