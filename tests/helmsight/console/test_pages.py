"""The pages of runs: what they hold, what they say of damage, and text of others as text."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.requests import Request

from helmsight.console.pages import ordered

HOSTILE = "<script>alert(1)</script>\u202e\x1b[2J"


def test_the_index_lists_runs_and_leads_to_them(browser, record):
    record("one")
    page = browser.get("/").text
    assert '<a href="/run/one">PE1-E1-I2</a>' in page
    assert "1 of 1" in page
    assert "No run is found" in browser.get("/?q=other").text
    assert "<html" not in browser.get("/?part=1").text


def test_a_run_says_who_flew_what_and_how_it_ended(browser, record):
    record("one", pilot="bundled", seed=5)
    page = browser.get("/run/one").text
    for words in ("bundled", "seed 5", "captured", "not in Kerbal Space Program", "4.5"):
        assert words in page


def test_the_data_of_a_run_are_its_steps_in_figures_and_words(browser, record):
    inertial = {"forward": 0.0, "right": 1.0, "down": 0.0, "duration": 0.5, "frame": "inertial"}
    turned = {"inertial": [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]}
    record("one", change=lambda i: {"applied": inertial, "rotations": turned} if i == 1 else {})
    data = browser.get("/data/one").json()
    assert data["problem"] == ""
    assert [row["stamp"] for row in data["rows"]] == [0.0, 0.5, 1.0]
    assert data["rows"][0]["applied"] == "as wanted"
    assert data["rows"][1]["command"] == {"forward": 1.0, "right": 0.0, "down": 0.0}
    assert data["spec"]["live"][0]["heading"] == "range, m"
    assert [row["index"] for row in browser.get("/data/one?from=2").json()["rows"]] == [2]


def test_steps_that_are_added_are_read_on(browser, runs, record):
    folder = record("one", steps=2, reason=None)
    assert len(browser.get("/data/one").json()["rows"]) == 2
    log = folder / "steps.jsonl"
    line = log.read_text(encoding="utf-8").splitlines()[1].replace('"index":1', '"index":2')
    with log.open("a", encoding="utf-8") as file:
        file.write(line[:50])
        file.flush()
        assert browser.get("/data/one").json()["problem"] == ""  # half a line is being written
        file.write(line[50:] + "\n")
    assert len(browser.get("/data/one").json()["rows"]) == 3


@pytest.mark.parametrize(
    ("line", "words"), [("nonsense", "line 2 of steps.jsonl is no step"), ("{}", "is no step")]
)
def test_a_broken_log_is_shown_as_far_as_it_is_whole(line, words, browser, record):
    log = record("one") / "steps.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join([lines[0], line, lines[2]]) + "\n", encoding="utf-8")
    data = browser.get("/data/one").json()
    assert len(data["rows"]) == 1
    assert words in data["problem"]


def test_frames_are_pictures_whole_or_one_region(browser, record):
    regions = {"left": (0, 0, 32, 48), "beyond": (0, 0, 500, 500)}
    from dataclasses import replace

    from helmsight.envs.orbital.task import pursuit_task

    task = replace(pursuit_task("PE1-E1-I2", {}).description(), regions=regions)
    record("one", steps=4, frames=True, task=task)
    for address in ("/frame/3/one", "/frame/0/one", "/frame/2/one?region=left"):
        picture = browser.get(address)
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.content.startswith(b"\xff\xd8")
    for address in ("/frame/4/one", "/frame/0/one?region=beyond", "/frame/0/one?region=none"):
        assert browser.get(address).status_code == 404


def test_what_is_not_there_is_said(browser, record):
    record("one")
    for address in ("/run/none", "/data/none", "/film/one", "/stored/one", "/compare?a=one&b=no"):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert "<h1>" in answer.text
    for path in ("/run/../../etc/passwd", "/run/%2e%2e/%2e%2e/etc/passwd", "/static/../app.py"):
        assert browser.get(path).status_code == 404


def test_what_people_corrected_comes_as_examples_for_training(browser, record):
    deeds = {
        0: [{"by": "ann", "did": "paused"}, {"by": "ann", "did": "approved"}],
        1: [{"by": "ann", "did": "changed the command", "instead_of": {"forward": 1.0}}],
        2: [{"by": "bob", "did": "flew"}],
        3: [{"by": "bob", "did": "flew", "why": "paused"}],
    }
    record("one", steps=5, change=lambda i: {"people": deeds.get(i, [])})
    answer = browser.get("/corrections/one")
    assert "attachment" in answer.headers["content-disposition"]
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [(each["step"], each["by"], each["did"]) for each in told] == [
        (0, "ann", "approved"), (1, "ann", "changed the command"), (2, "bob", "flew"),
    ]  # fmt: skip
    assert [each["pilot"] for each in told][1:] == [{"forward": 1.0}, None]
    assert told[1]["command"]["forward"] == 0.5
    assert browser.get("/corrections/none").status_code == 404


def test_a_damaged_run_says_what_is_damaged(browser, record):
    (record("one") / "run.json").write_text("[1]", encoding="utf-8")
    page = browser.get("/run/one").text
    assert "This folder cannot be shown" in page
    assert "damaged" in browser.get("/").text
    assert browser.get("/data/one").status_code == 404


def test_two_runs_are_compared(browser, record):
    record("one", pilot="naive")
    record("two", pilot="bundled")
    page = browser.get("/compare?a=one&b=two").text
    assert 'data-name="one"' in page
    assert 'data-name="two"' in page


def test_a_stored_page_may_show_itself_and_do_nothing(browser, record):
    (record("one") / "index.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    policy = browser.get("/stored/one").headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy


@pytest.mark.slow
def test_text_of_others_is_text(browser, record):
    record("one", pilot=HOSTILE, change=lambda i: {"raw": HOSTILE, "relations": [HOSTILE]})
    for address in ("/", "/run/one", "/data/one", "/compare?a=one&b=one"):
        answer = browser.get(address)
        assert "\u202e" not in answer.text
        assert "\x1b" not in answer.text
        if "html" in answer.headers["content-type"]:
            assert "<script>" not in answer.text
    assert json.loads(browser.get("/data/one").content)["rows"][0]["raw"].startswith("<script>")


def test_no_page_holds_a_script_or_a_style_of_its_own(browser, record):
    record("one")
    for address in ("/", "/run/one", "/compare?a=one&b=one"):
        page = browser.get(address).text
        assert "<style" not in page
        assert "style=" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/')
        assert "http" not in page


@pytest.mark.parametrize("name", ["base.js", "plots.js", "index.js", "run.js", "compare.js"])
def test_scripts_are_served(name, browser):
    answer = browser.get(f"/static/{name}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "innerHTML" not in answer.text.replace("body.innerHTML = await answer.text()", "")


def test_the_style_has_both_colour_schemes(browser):
    style = browser.get("/static/style.css").text
    assert "prefers-color-scheme: dark" in style
    assert "{{" not in style


def test_an_order_that_does_not_come_whole_is_refused():
    async def gone() -> dict[str, str]:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": []}, gone)
    with pytest.raises(ValueError, match="did not come whole"):
        asyncio.run(ordered(request))
