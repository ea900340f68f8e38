"""Who may ask the console for what."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from helmsight.console.gate import COOKIE, HEADERS, KEY, MOST_BODY, Gate, Rules, is_here

HERE = "http://127.0.0.1:8765"
KEYS = {"origin": HERE, KEY: "the key"}


def browser(rules: Rules | None = None, base: str = HERE) -> TestClient:
    """Return a browser before a gate behind which everything answers "in"."""

    async def answer(request):
        return PlainTextResponse("in")

    routes = [Route("/{path:path}", answer, methods=["GET", "POST"])]
    rules = rules or Rules(key="the key")
    app = Starlette(routes=routes, middleware=[Middleware(Gate, rules)])
    return TestClient(app, base_url=base, follow_redirects=False)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True), ("localhost:8765", True), ("127.0.0.1:1", True), ("[::1]:8765", True),
        ("[::1]", True), ("127.8.0.1", True), ("example.org", False), ("10.0.0.1:8765", False),
        ("localhost.example.org", False), ("127.0.0.1.example.org:80", False), ("", False),
        ("0.0.0.0", False),
    ],
)  # fmt: skip
def test_this_machine_alone_is_here(host, here):
    assert is_here(host) is here


def test_a_page_is_read_and_every_answer_has_the_headers_that_keep_it_harmless():
    answer = browser().get("/")
    assert answer.text == "in"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_name_of_somebody_else_s_that_leads_here_is_refused():
    answer = browser(base="http://evil.example:8765").get("/")
    assert answer.status_code == 421
    assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_link_here_and_embed_nothing(site):
    asked = {"sec-fetch-site": site}
    assert browser().get("/", headers=asked | {"sec-fetch-mode": "no-cors"}).status_code == 403
    assert browser().get("/", headers=asked | {"sec-fetch-mode": "navigate"}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({KEY: "another"}, 403), ({KEY: ""}, 403), ({KEY: "\xe9"}, 403),
        ({"origin": "http://evil.example"}, 403), ({"origin": ""}, 403), ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8766"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
        ({"content-length": str(MOST_BODY + 1)}, 413), ({"content-length": "-1"}, 411),
    ],
)  # fmt: skip
def test_an_action_comes_from_a_page_of_ours_with_its_key(changed, status):
    headers = {name: value.encode("latin-1") for name, value in (KEYS | changed).items()}
    assert browser().post("/act", headers=headers, content=b"{}").status_code == status


def test_with_a_token_nobody_is_let_in_without_it():
    rules = Rules("secret", "the key")
    anywhere = browser(rules, "http://10.0.0.7:8765")
    assert anywhere.get("/").status_code == 401
    assert anywhere.get("/?token=wrong").status_code == 401
    anywhere.cookies.set(COOKIE, "wrong")
    assert anywhere.get("/").status_code == 401
    anywhere.cookies.clear()
    let_in = anywhere.get("/run/a?token=secret")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/run/a")
    cookie = let_in.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert anywhere.get("/run/a").text == "in"
    there = {"origin": "http://10.0.0.7:8765", KEY: "the key"}
    assert anywhere.post("/act", headers=there, content=b"{}").status_code == 200
    assert anywhere.post("/act", headers=KEYS, content=b"{}").status_code == 403


def test_a_token_that_nobody_asked_for_opens_nothing():
    assert browser(base="http://10.0.0.7").get("/?token=").status_code == 421
