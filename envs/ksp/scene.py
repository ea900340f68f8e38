"""The words of KSPDG's reset, said to a game over kRPC, and what there is to see of it before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from helmsight.contract.errors import InvalidOption
from helmsight.envs.ksp.connection import GameConnection, ServerAddress
from helmsight.envs.ksp.errors import GameRefused, GameUnfit
from helmsight.envs.ksp.streams import FlightRecorder
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, Scenario

LOADING = 120.0
"""Seconds that the game may take to load a save."""
TURNING = 1.0
"""Seconds that KSPDG lets the game settle after the switch to the pursuer."""
SWITCHING = 0.1
"""Seconds between SAS on and its mode."""
POINTING = 2.0
"""Seconds for the nose to come round to the evader."""

Flyer = Literal["client", "server", "passive"]


@dataclass(frozen=True)
class Check:
    """What a connection found: versions, the game's scene and its vessels by name.

    `twin` says that Helmsight's own server answered, not the game.
    """

    address: str
    client: str
    server: str
    scene: str
    vessels: tuple[str, ...]
    twin: bool


def check(krpc: str) -> Check:
    """Connect to "HOST:RPC_PORT[:STREAM_PORT]", look, and leave; nothing is changed.

    Raises:
        InvalidOption: no address.
        ClientUnfit, NobodyListens: with what to install or to start.
    """
    address = ServerAddress.parse(krpc)
    with GameConnection(address, "Helmsight check") as game:
        vessels: tuple[str, ...] = ()
        with suppress(GameRefused):  # outside of a flight there are none
            vessels = tuple(game.call(_names))
        return Check(
            address=str(address),
            client=game.client,
            server=game.server,
            scene=game.call(_scene),
            vessels=vessels,
            twin=game.twin,
        )


def begin(game: GameConnection, scenario: Scenario, seed: int) -> tuple[Flyer, list[Any]]:
    """Load the scenario; return who flies the evader, and the vessels (evader, pursuer).

    Raises:
        InvalidOption: a seed that only the twin could begin with.
        GameRefused: the save is not there.
        GameUnfit: the save holds other vessels.
    """
    flyer: Flyer = "passive" if scenario.evader == 1 else "client"
    if seed == 0:
        game.call(lambda connection: connection.space_center.load(scenario.save.name), LOADING)
    elif game.twin:
        game.call(lambda connection: _perturbed(connection, scenario, seed), LOADING)
        flyer = "server" if scenario.evader > 1 else flyer
    else:
        raise InvalidOption(
            f"seed={seed} is not possible in the game: a save has one initial state, seed 0; "
            "perturbed starts need the twin (`helmsight serve-krpc`, or --world twin)"
        )
    names, expected = tuple(game.call(_names)), scenario.save.names
    if names != expected:
        raise GameUnfit(
            f"{scenario.save.name} holds the vessels {', '.join(names) or 'none'}, "
            f"and KSPDG's holds {', '.join(expected)} in this order; install KSPDG's own saves "
            "(kspdg-install-ksp-files) and remove what was added to the mission"
        )
    return flyer, game.call(_manned, LOADING)


def settle(game: GameConnection, vessels: list[Any], recorder: FlightRecorder) -> None:
    """Point the pursuer's nose at the evader, thrusters on: 3.1 s of the game's time."""
    control = game.call(lambda _: vessels[PURSUER].control)
    _pass(recorder, TURNING)
    game.call(lambda _: setattr(control, "sas", True))
    _pass(recorder, SWITCHING)

    def aim(connection: Any) -> None:
        control.sas_mode = connection.space_center.SASMode.target

    game.call(aim)
    _pass(recorder, POINTING)
    game.call(lambda _: setattr(control, "rcs", True))


def translate(vessel: Any, throttle: tuple[float, float, float]) -> None:
    """Set the translation inputs (forward, right, down) of a vessel, each in [-1, 1]."""
    control = vessel.control
    control.forward, control.right, control.up = throttle[0], throttle[1], 0.0 - throttle[2]


def release(connection: Any) -> None:
    """Set the translation inputs of every vessel to zero."""
    for vessel in connection.space_center.vessels:
        translate(vessel, (0.0, 0.0, 0.0))


def _perturbed(connection: Any, scenario: Scenario, seed: int) -> None:
    connection.helmsight.reset(scenario.name, seed)
    connection.helmsight.lockstep = False  # a reset leaves the world waiting for steps


def _manned(connection: Any) -> list[Any]:
    center = connection.space_center
    vessels = list(center.vessels)
    center.active_vessel = vessels[PURSUER]
    center.target_vessel = vessels[EVADER]
    return vessels


def _names(connection: Any) -> list[str]:
    return [str(vessel.name) for vessel in connection.space_center.vessels]


def _scene(connection: Any) -> str:
    """Return the game's scene; its name in kRPC changed after 0.5.4."""
    for name in ("current_game_scene", "game_scene"):
        with suppress(AttributeError, RuntimeError, ValueError):
            return str(getattr(connection.krpc, name).name)
    return "unknown"


def _pass(recorder: FlightRecorder, seconds: float) -> None:
    met = float(recorder.latest().met[0])
    recorder.wait(met + seconds, stop=False)
