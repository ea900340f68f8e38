"""The client of kRPC 0.5.4, which the game wants, flies as the newer one does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fair_time import python_path

from helmsight.envs.orbital.scenarios import EVADER

if TYPE_CHECKING:
    from tests.envs.ksp.conftest import Game

HERE = Path(__file__).parent
OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"


@pytest.mark.slow
def test_the_old_client_flies_and_is_not_left_hanging_by_a_dead_server(game: Game) -> None:
    if not OLD_CLIENT.is_dir():
        pytest.skip(f"krpc 0.5.4 is not in {OLD_CLIENT} (make install puts it there)")
    game.slow_to(2.0)
    flight = subprocess.Popen(
        [sys.executable, str(HERE / "old_flight.py"), game.at],
        env={**os.environ, "PYTHONPATH": python_path(OLD_CLIENT)},
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    with flight:
        assert flight.stdout is not None
        told = json.loads(flight.stdout.readline())
        assert (told["client"], told["vessels"]) == ("0.5.4", ["Evader", "Pursuer"])
        assert told["start"]["about"]["evader"] == "client"
        assert told["burnt"]["applied"]["forward"] == 1.0
        spent = told["start"]["propellant"] - told["burnt"]["propellant"]
        assert spent == pytest.approx(2.0 * 0.8497, rel=0.3)
        assert game.throttle(EVADER)[0] == pytest.approx(0.2)
        game.wait_for_thrust()  # of the last burn
        game.die()
        last, _ = flight.communicate(timeout=600)
    # a socket that is closed with a call unread in it is reset, which the client hears of at once
    assert re.search("no new telemetry|did not answer|broke", json.loads(last))
    assert flight.returncode == 0
