"""Tags from the page: added, taken off, searched and sorted by; refused with words."""

from __future__ import annotations

from helmsight.console.choosing import chosen
from helmsight.console.library import Library
from helmsight.tools.tags import read_tags


def tagged(browser, name, **order):
    return browser.post(f"/tag/{name}", json={"id": "1", **order})


def test_a_run_is_tagged_and_found_by_it(browser, record, runs):
    record("one")
    record("two")
    assert tagged(browser, "one", add="demo").json()["tags"] == ["demo"]
    assert read_tags(runs / "one") == ("demo",)
    assert "1 of 2" in browser.get("/?q=%23demo").text
    assert '<span class="tag">demo</span>' in browser.get("/").text
    assert "demo" in browser.get("/run/one").text
    assert tagged(browser, "one", remove="demo").json() == {
        "ok": True, "said": "taken off", "tags": [],
    }  # fmt: skip
    assert "0 of 2" in browser.get("/?q=%23demo").text


def test_runs_are_sorted_by_their_tags_those_without_last(browser, record, runs):
    for name, tag in (("a", "z"), ("b", "c"), ("d", "")):
        record(name)
        if tag:
            tagged(browser, name, add=tag)
    entries = Library(runs).entries(2e9)
    assert [entry.name for entry in chosen(entries, sort="tags", up=True)] == ["b", "a", "d"]
    assert [entry.name for entry in chosen(entries, sort="tags", up=False)] == ["a", "b", "d"]


def test_what_cannot_be_done_is_said(browser, record, runs):
    record("one")
    assert tagged(browser, "none", add="demo").status_code == 404
    assert tagged(browser, "../one", add="demo").status_code == 404
    answer = tagged(browser, "one", add="two words")
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert "is no tag" in answer.json()["said"]
    assert browser.post("/tag/one", content=b"[1]").status_code == 400
    browser.headers["x-helmsight-key"] = "another"
    assert tagged(browser, "one", add="demo").status_code == 403
    assert read_tags(runs / "one") == ()
