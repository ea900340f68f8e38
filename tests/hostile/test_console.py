"""Words of strangers in what the console shows besides runs: tags, suites, reports."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.hostile.edits import cases

TEXTS: dict[str, str] = json.loads(
    Path(__file__).with_name("texts.json").read_text(encoding="utf-8")
)
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
MARKUP = re.compile(r"<(script(?! type=\"module\" src=\"/static/)|svg|img|style|b>)")


def test_the_corpus_is_of_two_hundred_files_at_least():
    assert len(cases("run_folders.json")) >= 200


@pytest.mark.slow
def test_an_evaluation_of_theirs_is_shown_as_text(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from helmsight.console.app import application
    from helmsight.console.pages import Pages

    for number, text in enumerate(TEXTS.values()):
        folder = tmp_path / f"e{number}"
        folder.mkdir()
        (folder / "rows.jsonl").write_text("{}\n", encoding="utf-8")
        suite = {"suite": {"name": text, "about": f"<img src=x onerror=alert(1)>{text}"}}
        (folder / "suite.json").write_text(json.dumps(suite), encoding="utf-8")
    browser = TestClient(application(Pages(tmp_path)), base_url="http://localhost")
    pages = ["/", *(f"/evaluation/e{number}" for number in range(len(TEXTS)))]
    for address in pages:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        assert not ORDERS.search(answer.text), address
        assert not MARKUP.search(answer.text), address
    assert browser.get("/").text.count('href="/evaluation/e') == len(TEXTS)


def test_tags_of_theirs_are_tags_or_nothing(tmp_path: Path) -> None:
    from helmsight.tools.tags import read_tags

    (tmp_path / "tags.json").write_text(json.dumps({"tags": list(TEXTS.values())}), "utf-8")
    for tag in read_tags(tmp_path):
        assert not ORDERS.search(tag)
        assert " " not in tag
