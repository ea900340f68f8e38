"""Tokens and money: what every step keeps of its requests, their sums, and limits of them."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.agents.config import OperatorConfig
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.prices import MILLION, SHIPPED, priced, read_prices
from helmsight.agents.operator import Operator
from helmsight.contract.calls import Call, spent
from helmsight.contract.errors import InvalidOption
from helmsight.testing import FakeProvider

GOOD = '{"forward": 0.5}'


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text('[prices]\n"openai:m*" = [2.0, 10.0]\n', encoding="utf-8")
    return str(path)


def flown(world, provider: FakeProvider, steps: int = 5, prices: str | None = None, **config: Any):
    pilot = load_pilot("openai:m", base_url=provider.url, few_shot=0, prices=prices)
    return Operator(world(), pilot, OperatorConfig(**config)).fly(max_steps=steps)


@pytest.mark.slow
def test_requests_tokens_and_cost_are_kept_a_step_and_summed(world, prices):
    cut = {"when": {"number": [2]}, "text": "{", "finish": "length", "tokens": [1000, 128]}
    with FakeProvider(cut, GOOD) as provider:
        flight = flown(world, provider, 2, prices)
    one, two = flight.records
    assert [call["finish"] for call in one.calls] == ["stop"]
    assert [call["finish"] for call in two.calls] == ["length", "stop"]
    cost = (3 * 1000 * 2.0 + (20 + 128 + 20) * 10.0) / MILLION
    told = {key: flight.summary[key] for key in ("requests", "tokens_in", "tokens_out", "cost")}
    assert told == {
        "requests": 3, "tokens_in": 3000, "tokens_out": 168, "cost": pytest.approx(cost),
    }  # fmt: skip


@pytest.mark.slow
def test_an_episode_ends_when_its_tokens_are_used_up(world):
    with FakeProvider(GOOD) as provider:
        flight = flown(world, provider, max_tokens_total=2000)
    assert flight.reason == "tokens"
    assert len(flight.records) == 2
    assert flight.summary["cost"] is None  # a server of one's own


@pytest.mark.slow
def test_an_episode_ends_when_its_money_is_spent(world, prices):
    with FakeProvider(GOOD) as provider:
        flight = flown(world, provider, prices=prices, max_cost=0.0065)
    assert flight.reason == "cost"
    assert len(flight.records) == 3


def untold(text: str = GOOD, **message: Any) -> dict[str, Any]:
    """Return the rule for an answer without any count of tokens."""
    choice = {"index": 0, "finish_reason": "stop",
              "message": {"role": "assistant", "content": text, **message}}  # fmt: skip
    return {"data": {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice]}}


@pytest.mark.slow
@pytest.mark.parametrize("limit", [{"max_tokens_total": 3000}, {"max_cost": 0.006}])
def test_limits_hold_of_a_provider_that_counts_no_tokens(world, prices, limit):
    with FakeProvider(untold()) as provider:
        flight = flown(world, provider, 50, prices=prices, **limit)
    assert flight.reason in ("tokens", "cost")
    assert 1 <= len(flight.records) < 50
    assert flight.summary["tokens_estimated"] == flight.summary["requests"]
    [call] = flight.records[0].calls
    assert call["estimated"]
    words = sum(len(part.get("text", "")) for each in call["messages"] for part in each["parts"])
    assert call["tokens_in"] >= words / 4
    assert call["tokens_out"] >= len(GOOD) / 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("details", "usable"),
    [
        ([{"type": "reasoning.text", "text": f"so I say {GOOD}"}], True),
        ([{"type": "reasoning.summary", "summary": f"in short {GOOD}"}], True),
        ([{"type": "reasoning.encrypted", "data": "gAAAAAB"}], False),
        ([7, None, {"type": "reasoning.text", "text": 8}], False),
        ({"no": "list"}, False),
    ],
)
def test_reasoning_in_parts_is_read_and_what_is_hidden_is_told_as_that(world, details, usable):
    with FakeProvider(untold("", reasoning_details=details)) as provider:
        flight = flown(world, provider, 1)
        [record] = flight.records
        if usable:
            assert record.wanted is not None
            assert "so I say" in record.calls[0]["reasoning"] or "in short" in record.raw
            return
        assert record.wanted is None
        asked_again = str(provider.requests[-1].body["messages"])
    assert ("hidden reasoning alone" in asked_again) == isinstance(details, list)


def test_a_limit_of_costs_without_a_price_is_refused(world, steady):
    with FakeProvider(GOOD) as provider, pytest.raises(InvalidOption, match=r"--prices FILE"):
        flown(world, provider, max_cost=1.0)
    with pytest.raises(InvalidOption, match="no price is known"):
        Operator(world(), steady(), OperatorConfig(max_cost=1.0))


def test_the_first_pattern_that_fits_is_the_price_and_the_shipped_file_is_one():
    shipped = read_prices(SHIPPED)
    assert shipped.of("openai:gpt-4o-mini") != shipped.of("openai:gpt-4o")
    assert shipped.of("openai:nobody-knows") is None
    call = Call(tokens_in=1_000_000, tokens_out=500_000)
    assert priced(call, (2.0, 10.0)).cost == 7.0
    assert priced(Call(), (2.0, 10.0)).cost is None
    assert priced(call, None) is call


@pytest.mark.parametrize(
    "text", ["", "prices", '[prices]\n"a" = 1\n', '[prices]\n"a" = [-1, 2]\n', "[price]\n"]
)
def test_a_file_that_holds_no_prices_is_refused(tmp_path, text):
    path = tmp_path / "p.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidOption, match=r"p\.toml.*\[prices\]") as refused:
        read_prices(path)
    assert "pydantic" not in str(refused.value)
    assert "validation error" not in str(refused.value)
    with pytest.raises(InvalidOption, match=r"no\.toml"):
        load_pilot("openai:m", base_url="http://127.0.0.1:9/v1", prices=str(tmp_path / "no.toml"))


def test_what_is_not_told_is_not_added_up():
    assert spent([]) == {}
    first = {"tokens_in": 3, "tokens_out": 1, "cost": 0.5}
    asked: list[dict[str, Any]] = [first, {"error": "503"}, {"model": "m"}]
    assert spent(asked) == {"requests": 3, "tokens_in": 3, "tokens_out": 1, "cost": None}
    assert spent(asked[:2])["cost"] == 0.5
