"""An answer that is given up on is cancelled: it holds up nothing that comes after it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from helmsight.agents.models.load import load_pilot
from helmsight.agents.operator import Operator
from helmsight.agents.remote import Remote
from helmsight.testing import FakeProvider

GOOD = '{"forward": 0.5}'
STUCK = {"when": {"number": [2]}, "text": GOOD, "seconds": 600}


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """A think timeout goes by the tests' own clock, or a busy machine is a slow model."""


def threads() -> set[threading.Thread]:
    return {*threading.enumerate()}


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "ollama"])
def test_a_server_of_one_place_is_free_again_for_the_next_question(world, monkeypatch, protocol):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-0")
    with FakeProvider(STUCK, GOOD, protocol=protocol, slots=1) as provider:
        pilot = load_pilot(f"{protocol}:m", base_url=provider.url, few_shot=0, think_timeout_s=2.0)
        before = threads()
        flight = Operator(world(), pilot).fly(max_steps=4)
        asking = {t for t in threads() - before if t.name.startswith("model")}
    assert [record.repairs for record in flight.records if record.wanted is None] == [{"errors": 1}]
    assert provider.dropped == 1
    assert len(provider.requests) == 4
    assert not any(thread.is_alive() and thread.name == "model" for thread in asking)


@pytest.mark.slow
def test_the_client_gives_up_by_itself_and_leaves_asking_again_to_us():
    pilot: Any = load_pilot("openai:m", base_url="http://127.0.0.1:9/v1", think_timeout_s=7.5)
    assert (pilot.model.request_timeout, pilot.model.max_retries) == (7.5, 0)
    ollama: Any = load_pilot("ollama:m", base_url="http://127.0.0.1:9", think_timeout_s=7.5)
    assert ollama.model.client_kwargs == {"timeout": 7.5}


def test_what_is_awaited_in_two_threads_at_once_shares_one_loop_and_leaves_none():
    import asyncio

    before, met, found = threads(), threading.Barrier(2), []

    async def loop() -> asyncio.AbstractEventLoop:
        await asyncio.to_thread(met.wait)
        return asyncio.get_running_loop()

    pair = [threading.Thread(target=lambda: found.append(Remote().call(loop, 60))) for _ in "ab"]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    assert len({*found}) == 1
    assert not {t for t in threads() - before if t.name == "model"}


def test_an_error_that_is_awaited_is_raised_as_it_is():
    async def fails() -> None:
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        Remote().call(fails, 60)
