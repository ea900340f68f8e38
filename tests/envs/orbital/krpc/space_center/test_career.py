"""What only a career game has."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import career


def test_it_is_no_career(game):
    manager = career.contract_manager(game)
    assert manager.all_contracts == manager.active_contracts == []
    assert manager.types == set()
    for ask in (career.funds, career.science, career.reputation):
        with pytest.raises(InvalidOperationException, match="no career"):
            ask(game)
