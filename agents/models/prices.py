"""What a provider asks for its tokens, from a file that a user can replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from helmsight.contract.calls import Call
from helmsight.contract.errors import InvalidOption
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.contract.validation import wrong

SHIPPED = Path(__file__).with_name("prices.toml")
MILLION = 1e6
Price = tuple[NonNegativeFloat, NonNegativeFloat]
"""US dollars for a million tokens, in and out."""
P = TypeVar("P")


class Prices(BaseModel):
    """Prices by pattern of pilots, as `openai:gpt-4o*`; the first that fits counts."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    prices: dict[str, Price]

    def of(self, spec: str) -> Price | None:
        """Return the price of the pilot `spec`, None where no pattern fits it."""
        return first_fitting(spec, self.prices)


def first_fitting(spec: str, prices: Mapping[str, P]) -> P | None:
    """Return the price of the first pattern that fits the pilot `spec`, None where none does."""
    return next((price for pattern, price in prices.items() if fnmatchcase(spec, pattern)), None)


def price_of(spec: str, file: str | None, *, served_elsewhere: bool) -> Price | None:
    """Return the price of a provider's model: by a user's file, or else by the shipped one.

    A model that is `served_elsewhere`, at an address of its own, has a price by a user's file only.

    Raises:
        InvalidOption: the file cannot be read; says what it has to hold.
    """
    if file is None and served_elsewhere:
        return None
    return read_prices(SHIPPED if file is None else Path(file).expanduser()).of(spec)


def read_prices(path: Path) -> Prices:
    """Return the prices in a TOML file; raises InvalidOption for one that holds something else."""
    try:
        return Prices.model_validate(parse_toml(read_text(path)))
    except (OSError, ValueError, ValidationError) as error:
        said = wrong(error) if isinstance(error, ValidationError) else str(error)
        said = " ".join(said.split())
        raise InvalidOption(
            f'prices="{path}" cannot be used: {said:.200}; give a TOML file with a table [prices] '
            'of dollars for a million tokens, as "openai:gpt-4o*" = [2.5, 10]'
        ) from None


def priced(call: Call, price: Price | None) -> Call:
    """Return a call with its cost, US dollars, where its tokens and their price are known."""
    if price is None or call.tokens_in is None or call.tokens_out is None:
        return call
    return replace(call, cost=(call.tokens_in * price[0] + call.tokens_out * price[1]) / MILLION)
