"""What becomes of a flight whose model fails: before anything starts, and on the way."""

from __future__ import annotations

import pytest

from helmsight import session
from helmsight.agents.errors import ModelRefused
from helmsight.session import fly
from helmsight.testing import FakeProvider
from helmsight.tools.player import load_run

GOOD = '{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}'


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0")


@pytest.mark.slow
def test_a_model_that_will_not_answer_is_told_of_before_a_world_is_made(tmp_path, monkeypatch):
    with FakeProvider({"status": 401, "error": "no such key"}) as provider:
        monkeypatch.setattr(session, "make_world", None)
        with pytest.raises(ModelRefused, match="401: no such key"):
            fly("PE1-E1-I2", "openai:m", out=tmp_path / "run", base_url=provider.url)
        assert len(provider.requests) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_page_of_a_run_tells_of_every_request(tmp_path):
    failed = {"when": {"number": [2]}, "status": 503, "error": "overloaded"}
    with FakeProvider(failed, {"text": GOOD, "model": "m-2026", "reasoning": "ahead"}) as provider:
        fly(
            "PE1-E1-I2", "openai:m", steps=2, out=tmp_path / "run", time="paused", video=False,
            base_url=provider.url,
        )  # fmt: skip
    page = (tmp_path / "run" / "index.html").read_text(encoding="utf-8")
    assert "503: overloaded" in page
    assert "m-2026, 1000 + 20 tokens, stop, reasoning: ahead" in page
    assert "tokens in" in page


@pytest.mark.slow
def test_a_model_that_stops_answering_leaves_a_run_that_can_be_read(tmp_path):
    three = {"when": {"first": 3}, "text": GOOD}
    over = {"status": 402, "error": "no credit"}
    with FakeProvider(three, over) as provider, pytest.raises(ModelRefused, match="402: no credit"):
        fly(
            "PE1-E1-I2", "openai:m", out=tmp_path / "run", time="paused", video=False,
            base_url=provider.url,
        )  # fmt: skip
    run = load_run(tmp_path / "run")
    assert [record.calls[0]["tokens_in"] for record in run.records] == [1000, 1000]
    assert run.reason.startswith("error: ModelRefused")
    assert (tmp_path / "run" / "index.html").is_file()
