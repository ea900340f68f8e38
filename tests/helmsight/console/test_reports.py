"""Evaluations in the index, and their reports: shown, and able to do nothing."""

from __future__ import annotations

import json
import os

import pytest


@pytest.fixture
def evaluation(runs):
    folder = runs / "evaluate" / "smoke"
    (folder / "report").mkdir(parents=True)
    (folder / "rows.jsonl").write_text("{}\n{}\n", encoding="utf-8")
    suite = {"schema": 2, "suite": {"name": "smoke", "about": "Two pilots <b>on</b> seeds."}}
    (folder / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    (folder / "report" / "index.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    return folder


def test_an_evaluation_stands_in_the_index_with_its_report(browser, evaluation, record):
    record("evaluate/smoke/one")
    page = browser.get("/").text
    assert '<a href="/evaluation/evaluate/smoke">smoke</a>' in page
    assert '<a href="/run/evaluate/smoke/one">' in page
    shown = browser.get("/evaluation/evaluate/smoke").text
    assert "2 episodes" in shown
    assert "&lt;b&gt;" in shown
    assert 'src="/report/evaluate/smoke" sandbox' in shown
    assert browser.get("/report/evaluate/smoke").text == "<script>alert(1)</script>"


@pytest.mark.parametrize("address", ["/report/evaluate/smoke", "/stored/one"])
def test_a_page_of_others_is_sandboxed_wherever_it_is_opened(address, browser, evaluation, record):
    (record("one") / "index.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    headers = browser.get(address).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["x-frame-options"] == "SAMEORIGIN"


def test_one_without_a_report_says_how_to_get_it(browser, evaluation):
    (evaluation / "report" / "index.html").unlink()
    assert "helmsight report" in browser.get("/evaluation/evaluate/smoke").text
    assert browser.get("/report/evaluate/smoke").status_code == 404
    assert browser.get("/evaluation/none").status_code == 404


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"suite": 5}', "null", "\x00"])
def test_a_damaged_one_says_what_is_damaged(browser, evaluation, text):
    (evaluation / "suite.json").write_text(text, encoding="utf-8")
    assert "cannot be read as a whole" in browser.get("/evaluation/evaluate/smoke").text
    assert "/evaluation/evaluate/smoke" in browser.get("/").text


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("link", ["report", "report/index.html"])
def test_no_link_is_followed_to_a_report(browser, evaluation, tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    (evaluation / "report").rename(elsewhere)
    if link == "report":
        (evaluation / "report").symlink_to(elsewhere)
    else:
        (evaluation / "report").mkdir()
        (evaluation / link).symlink_to(elsewhere / "index.html")
    assert browser.get("/report/evaluate/smoke").status_code == 404
