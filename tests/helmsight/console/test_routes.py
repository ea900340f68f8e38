"""Every address of the console, found in the application itself: none acts for another page."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from helmsight.console.app import application
from helmsight.console.gate import COOKIE, HEADERS, KEY, Rules
from helmsight.console.pages import Pages

HERE = "http://127.0.0.1:8765"
ROUTES = [
    (method, re.sub(r"\{\w+:int\}", "0", re.sub(r"\{\w+(:path)?\}", "one", route.path)))
    for route in application(Pages(Path())).routes
    if isinstance(route, Route)
    for method in sorted(route.methods or ())
]
ACTIONS = [path for method, path in ROUTES if method not in ("GET", "HEAD")]
READ = [path for method, path in ROUTES if method == "GET"]
METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GETT")


def files(folder: Path) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in folder.rglob("*")}


@pytest.fixture
def stranger(pages, record) -> TestClient:
    """Return a browser on this machine that holds no key."""
    record("one", frames=True)
    return TestClient(application(pages), base_url=HERE)


def test_there_are_actions_and_pages():
    assert set(ACTIONS) == {"/act/one", "/tag/one", "/start"}
    assert {"/", "/run/one", "/report/one", "/frame/0/one"} <= set(READ)
    assert all(isinstance(route, Route) for route in application(Pages(Path())).routes)


def test_no_action_is_done_without_the_key_of_a_page_of_ours(stranger, runs):
    before = files(runs)
    strange: tuple[dict[str, str], ...] = (
        {}, {"origin": HERE}, {KEY: "guessed", "origin": HERE}, {"origin": "null"},
        {"origin": "http://evil.example"}, {"origin": "https://127.0.0.1:9"},
    )  # fmt: skip
    for path, headers in product(ACTIONS, strange):
        answer = stranger.post(path, headers=headers, json={"id": "1", "do": "stop", "add": "tag"})
        assert answer.status_code == 403, (path, headers)
    assert files(runs) == before


def test_no_action_is_done_for_another_site_not_even_with_the_key(stranger, pages, runs):
    before = files(runs)
    for path, site, mode, origin in product(
        ACTIONS, ("cross-site", "same-site"), ("navigate", "no-cors", "cors"),
        (HERE, "http://evil.example"),
    ):  # fmt: skip
        headers = {
            "origin": origin, KEY: pages.rules.key, "sec-fetch-site": site, "sec-fetch-mode": mode,
        }  # fmt: skip
        answer = stranger.post(path, headers=headers, json={"add": "tag"})
        assert answer.status_code == 403, (path, headers)
    assert files(runs) == before


def test_no_other_method_does_anything(stranger, pages, runs):
    before = files(runs)
    for path, method in product(sorted({path for _, path in ROUTES}), METHODS):
        if method == "POST" and path in ACTIONS:
            continue
        headers = {"origin": HERE, KEY: pages.rules.key, "content-length": "0"}
        answer = stranger.request(method, path, headers=headers)
        assert answer.status_code in (403, 405), (method, path)
    assert files(runs) == before


def test_nothing_is_read_by_another_site_and_every_answer_is_harmless(stranger, runs):
    before = files(runs)
    asked = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    for path in READ:
        assert stranger.get(path, headers=asked).status_code == 403, path
        answer = stranger.get(path)
        assert answer.headers.keys() >= HEADERS.keys(), path
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert "access-control-allow-origin" not in answer.headers, path
    assert files(runs) == before


def test_with_a_token_nothing_at_all_is_answered_without_it(runs, record):
    record("one")
    rules = Rules("the token")
    browser = TestClient(application(Pages(runs, rules)), base_url="http://10.0.0.7:8765")
    headers = {"origin": "http://10.0.0.7:8765", KEY: rules.key}
    for cookie, (method, path) in product(("", "the tokem"), ROUTES):
        browser.cookies.set(COOKIE, cookie)
        body = None if method in ("GET", "HEAD") else b"{}"
        answer = browser.request(method, path, headers=headers, content=body)
        assert answer.status_code == 401, (method, path)
