"""KSPDG's public evaders E1..E4, flown from the client's side as KSPDG itself does."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import numpy as np

from helmsight.envs.ksp.connection import WELCOME, GameConnection, ServerAddress
from helmsight.envs.ksp.errors import BotLost
from helmsight.envs.ksp.streams import FlightRecorder, GameSample
from helmsight.envs.orbital.bots import ACTIVATION_RANGE, CRUISE_THROTTLE, EVADE_RANGE, MAX_HOLD
from helmsight.envs.orbital.fleet import DT
from helmsight.envs.orbital.scenarios import EVADER

TURNING = 0.5
"""Seconds that E4 gives its autopilot before it burns."""
PATIENCE = 2.0
"""Seconds to wait for the bot to let go of its vessel."""
INPUTS = ("forward", "right", "up", "pitch", "yaw", "roll")


class EvaderBot:
    """The evader's mind on a thread and a connection of its own.

    It acts on the recorder's samples, so it sees what the pursuer is measured by. E1 does nothing
    and needs no thread. Source of the manoeuvres: facts of spacegym-kspdg v0.14.0.

    Args:
        kind: the evader, 1..4.
        seed: of E2's random inputs.
        address: where the bot connects.
        recorder: the telemetry of this flight.

    Raises:
        BotLost: it cannot connect.
    """

    def __init__(
        self, kind: int, seed: int, address: ServerAddress, recorder: FlightRecorder
    ) -> None:
        self.kind = kind
        self._recorder = recorder
        self._address = address
        self._rng = np.random.default_rng([seed, kind])
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None
        self._seated = threading.Event()
        if kind > 1:
            self._thread = threading.Thread(target=self._run, name=f"evader E{kind}", daemon=True)
            self._thread.start()
            self._wait_until_seated()

    def _wait_until_seated(self) -> None:
        try:
            if not self._seated.wait(PATIENCE + WELCOME):
                self._failure = TimeoutError("it could not connect in time")
            self.check()
        except BaseException:  # Ctrl-C leaves no bot behind
            self._stop.set()
            raise

    def check(self) -> None:
        """Raise BotLost when the bot has died."""
        alive = self._thread is None or self._thread.is_alive()
        if self._failure is None and (alive or self._stop.is_set()):
            return
        raise BotLost(
            f"the evader's bot E{self.kind} died ({self._failure or 'its thread ended'}); the "
            "flight ends here, because the rest would be against a passive evader"
        ) from self._failure

    def stop(self) -> None:
        """Let the evader go, its inputs at zero; safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        try:
            with GameConnection(self._address, "Helmsight evader") as game:
                self._fly(game)
        except _Stopped:
            pass
        except Exception as error:
            self._failure = error
        finally:
            self._seated.set()

    def _fly(self, game: GameConnection) -> None:
        vessel = game.call(lambda connection: connection.space_center.vessels[EVADER])
        self._seated.set()
        manoeuvre = {2: self._fidget, 3: self._flee, 4: self._cruise}[self.kind]
        try:
            manoeuvre(game, vessel)
        finally:
            with suppress(Exception):  # the game may be gone; closing lets go as well
                game.call(lambda _: _set(vessel, dict.fromkeys(INPUTS, 0.0)), PATIENCE)

    def _fidget(self, game: GameConnection, vessel: Any) -> None:
        """E2: within 2,200 m random inputs for random times."""
        self._wake(game, vessel, "prograde")
        while True:
            hold, inputs = self._inputs()
            game.call(lambda _, inputs=inputs: _set(vessel, inputs))  # type: ignore[misc]
            self._pass(hold)
            while self._next().range[0] >= ACTIVATION_RANGE:
                pass

    def _inputs(self) -> tuple[float, dict[str, float]]:
        """Draw how long to hold, s, and the inputs; each three of them rest half of the time."""
        rng = self._rng
        hold = float(rng.uniform(0.0, MAX_HOLD))
        moves, turns = rng.random() < 0.5, rng.random() < 0.5
        values = rng.uniform(-1.0, 1.0, 6) * np.repeat([moves, turns], 3)
        return hold, dict(zip(INPUTS, map(float, values), strict=True))

    def _flee(self, game: GameConnection, vessel: Any) -> None:
        """E3: burn along the orbit's normal while the pursuer is within 200 m."""
        self._wake(game, vessel, "normal")
        burning = False
        while True:
            near = bool(self._next().range[0] < EVADE_RANGE)
            if near != burning:
                game.call(lambda _, near=near: _set(vessel, {"forward": float(near)}))  # type: ignore[misc]
                burning = near

    def _cruise(self, game: GameConnection, vessel: Any) -> None:
        """E4: point prograde by autopilot and burn all the time."""
        game.call(lambda _: _point_prograde(vessel))
        self._pass(TURNING)
        game.call(lambda _: _set(vessel, {"rcs": True, "forward": CRUISE_THROTTLE}))
        try:
            while True:
                self._next()
        finally:
            with suppress(Exception):
                game.call(lambda _: _engage(vessel.auto_pilot, False), PATIENCE)

    def _wake(self, game: GameConnection, vessel: Any, mode: str) -> None:
        """Wait for the pursuer, then point under SAS `mode` with the thrusters on."""
        while self._next().range[0] >= ACTIVATION_RANGE:
            pass

        def point(connection: Any) -> None:
            control = vessel.control
            control.sas = True
            control.sas_mode = getattr(connection.space_center.SASMode, mode)
            control.rcs = True

        game.call(point)

    def _next(self) -> GameSample:
        """Return the next sample; ends the bot when it is told to stop."""
        return self._pass(DT / 2)

    def _pass(self, seconds: float) -> GameSample:
        met = float(self._recorder.latest().met[0]) + seconds
        return self._recorder.wait(met, self._refuse_to_go_on, stop=False)

    def _refuse_to_go_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped


class _Stopped(Exception):
    """The flight is over."""


def _set(vessel: Any, inputs: dict[str, float | bool]) -> None:
    for name, value in inputs.items():
        setattr(vessel.control, name, value)


def _point_prograde(vessel: Any) -> None:
    pilot = vessel.auto_pilot
    pilot.reference_frame = vessel.orbital_reference_frame
    pilot.target_pitch = pilot.target_heading = pilot.target_roll = 0.0
    _engage(pilot, True)


def _engage(pilot: Any, on: bool) -> None:
    """Switch an autopilot: by method up to kRPC 0.5, by property from 0.6 on."""
    if hasattr(pilot, "engage"):
        (pilot.engage if on else pilot.disengage)()
    else:
        pilot.engaged = on
