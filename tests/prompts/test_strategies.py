from __future__ import annotations

import subprocess
import sys

import pytest

from helmsight.prompts.errors import UnknownOrder
from helmsight.prompts.strategies import CALLED, ORDERS, RELATING, Strategy, order, strategy


def test_an_order_is_known_by_its_name_and_by_its_pairs_in_any_case() -> None:
    assert {order(name.upper()) for name in CALLED} <= set(ORDERS)
    assert [order(name.lower()) for name in ORDERS] == list(ORDERS)
    assert order(" Combined ") == "AC+BC+BA+AB"


def test_an_order_that_is_not_known_suggests_the_nearest() -> None:
    with pytest.raises(UnknownOrder, match='Did you mean "combined"'):
        order("combind")


def test_a_strategy_is_an_order_verified_or_not() -> None:
    assert strategy("Combined+verified") == Strategy("combined+verified", "AC+BC+BA+AB", True)
    assert strategy("AB") == Strategy("ab", "AB", False)


def test_every_named_order_relates_except_the_chain_of_thought() -> None:
    assert set(CALLED) - set(RELATING) == {"chain-of-thought"}


def test_the_names_are_there_without_templates_or_arrays() -> None:
    """The help of the command line shows them."""
    code = "import sys, helmsight.prompts.strategies; print({'jinja2', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
