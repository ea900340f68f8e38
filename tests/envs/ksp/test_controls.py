"""A game's evader under the twin's own bots: what they set in arrays is what the game is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import krpc
import numpy as np
import pytest

from helmsight.envs.ksp.controls import EvaderControls
from helmsight.envs.orbital.attitude import SAS
from helmsight.envs.orbital.bots import Bots
from helmsight.envs.orbital.fleet import Fleet
from helmsight.envs.orbital.krpc.serving import Running, serve
from helmsight.envs.orbital.scenarios import EVADER, find_pursuit
from helmsight.envs.orbital.stepping import DT
from helmsight.envs.orbital.world import World


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    """A server of the twin."""
    with serve("PE1-E1-I3", rpc_port=0, stream_port=0) as server:
        yield server


def fleet(served: Running) -> Fleet:
    """Return the vessels; nothing moves them between two steps."""
    vessels: Fleet = served.run(lambda server: server.game.fleet)
    return vessels


@pytest.mark.slow
@pytest.mark.parametrize(("bot", "initial"), [(2, 2), (4, 3)])
def test_the_bots_fly_the_same_over_the_wire_as_in_the_twin(
    served: Running, bot: int, initial: int
) -> None:
    world = World([find_pursuit(f"PE1-E{bot}-I{initial}")], [5], ends=False)
    world.settle()
    conn: Any = krpc.connect(rpc_port=served.rpc_port, stream_port=served.stream_port)
    conn.helmsight.reset(f"PE1-E1-I{initial}", 5)
    flown = fleet(served)
    controls = EvaderControls(conn.space_center.vessels[EVADER])
    bots = Bots([bot], [5], flown.met.copy())
    for _ in range(round(40.0 / DT)):
        controls.seen(flown)  # type: ignore[arg-type]
        bots.act(controls)
        for call in controls.calls():
            call(conn)
        conn.helmsight.step(DT)
    world.advance(round(40.0 / DT))
    np.testing.assert_allclose(flown.position, world.position, rtol=0, atol=0.01)
    np.testing.assert_allclose(flown.axes[0, EVADER], world.axes[0, EVADER], atol=1e-4)
    assert world.propellant[0, EVADER] < 1195.0
    conn.close()


class Recorded:
    """Stands for anything of kRPC's: it keeps what is set in it, in order."""

    def __init__(self, log: list[Any], name: str = "") -> None:
        object.__setattr__(self, "_log", log)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        return Recorded(self._log, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._log.append((name, value if not isinstance(value, Recorded) else value._name))

    def __call__(self, *values: Any) -> None:
        self._log.append((self._name, *values))


def told(controls: EvaderControls, log: list[Any]) -> list[Any]:
    """Return what a game is told now."""
    log.clear()
    for call in controls.calls():
        call(Recorded(log))
    return [entry for entry in log if entry[0] not in ("SASMode", "sas_mode")]


def test_only_what_changed_is_told_down_as_up() -> None:
    log: list[Any] = []
    controls = EvaderControls(Recorded(log))
    assert told(controls, log) == []
    controls.sas[0, EVADER] = SAS.NORMAL
    controls.rcs[0, EVADER] = True
    controls.throttle[0, EVADER] = (1.0, 0.0, 0.25)
    controls.rotation[0, EVADER] = (0.0, -0.5, 0.0)
    assert told(controls, log) == [
        ("sas", True), ("rcs", True), ("forward", 1.0), ("up", -0.25), ("yaw", -0.5)
    ]  # fmt: skip
    assert told(controls, log) == []
    controls.throttle[0, EVADER, 0] = 0.0
    assert told(controls, log) == [("forward", 0.0)]


def test_an_aim_is_the_autopilots_and_is_let_go() -> None:
    log: list[Any] = []
    controls = EvaderControls(Recorded(log))
    controls.sas[0, EVADER] = SAS.AIM
    aimed = told(controls, log)
    assert aimed[0] == ("reference_frame", "orbital_reference_frame")
    assert sorted(aimed[1:4]) == [
        ("target_heading", 0.0), ("target_pitch", 0.0), ("target_roll", 0.0)
    ]  # fmt: skip
    assert aimed[4:] == [("engage",)]
    log.clear()
    controls.release(Recorded(log))
    assert log[-1] == ("disengage",)
    assert ("forward", 0.0) in log
