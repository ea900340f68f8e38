"""Telemetry of the game by streams: the newest whole sample, and what ended the episode."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from helmsight.envs.ksp.connection import GameConnection
from helmsight.envs.ksp.errors import GameLost
from helmsight.envs.orbital.dynamics import Array
from helmsight.envs.orbital.pair import Pair
from helmsight.envs.orbital.scenarios import EVADER, PURSUER
from helmsight.envs.orbital.vehicles import DRONE, Vehicle
from helmsight.envs.orbital.world import CAPTURE_RANGE, TIMEOUT

PROPELLANT = "MonoPropellant"
EXACT = 1e-6
"""Seconds by which mission time may fall short of a whole number of ticks: rounding."""
SUBSCRIBING = 30.0
"""Seconds for all streams to begin: some fifty calls, of which the game may serve one a tick."""
STILL = 5.0
"""Seconds without a new sample after which the game counts as standing still."""


@dataclass(frozen=True)
class GameSample(Pair):
    """One consistent moment of the game, as a batch of one world: see `envs.orbital.pair`.

    `at` is when it arrived, seconds of the monotonic clock. The craft are taken for the public
    scenarios' own; kRPC does not tell their thrust rightly.
    """

    met: Array
    mass: Array
    propellant: Array
    position: Array
    velocity: Array
    at: float
    vehicle: Vehicle = DRONE
    timeout: float = TIMEOUT

    @property
    def captured(self) -> bool:
        """Whether the pursuer is within 5 m."""
        return bool(self.range[0] <= CAPTURE_RANGE)

    @property
    def over(self) -> bool:
        """Whether the episode ends here: captured, or past the time limit."""
        return self.captured or float(self.met[0]) > self.timeout


def right_handed(vector: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return a vector of kRPC's left-handed body frames with y and z exchanged: KSPDG's rhcbci.

    Its own inverse.
    """
    x, y, z = vector
    return x, z, y


class FlightRecorder:
    """Streams of both vessels, put together once per physics tick of the game.

    The client hands over what one tick of the server sent before it takes the next, so no sample
    mixes two ticks.

    Args:
        game: the connection that the vessels belong to.
        vessels: evader and pursuer.
    """

    def __init__(self, game: GameConnection, vessels: list[Any]) -> None:
        self._game = game
        self._changed = threading.Condition()
        self._latest: GameSample | None = None
        self._ending: GameSample | None = None
        self._failure: str | None = None
        self._heard = time.monotonic()
        self._values: dict[str, Any] = {}
        self._streams: list[Any] = []
        self._expected = 1 + 4 * len(vessels)
        game.call(lambda connection: self._subscribe(connection, vessels), SUBSCRIBING)

    @property
    def ending(self) -> GameSample | None:
        """The first sample at which the episode was over, None before."""
        return self._ending

    def latest(self) -> GameSample:
        """Return the newest sample; waits for the first.

        Raises:
            GameLost: nothing new came for `STILL` seconds, or the streams ended.
        """
        with self._changed:
            while self._latest is None:
                self._refuse_stillness()
                self._changed.wait(0.1)
            self._refuse_stillness()
            return self._latest

    def wait(
        self, met: float, watch: Callable[[], None] = lambda: None, *, stop: bool = True
    ) -> GameSample:
        """Return the first sample at or after `met` (s), or with `stop` the one that ends it all.

        `watch` is called all along; what it raises ends the waiting.

        Raises:
            GameLost: as `latest`.
        """
        while True:
            sample = self.latest()
            watch()
            if float(sample.met[0]) >= met - EXACT or (stop and self._ending is not None):
                return sample
            with self._changed:
                if self._latest is sample:
                    self._changed.wait(0.1)

    def close(self) -> None:
        """End the streams."""
        streams, self._streams = self._streams, []
        self._game.call(lambda connection: [stream.remove() for stream in streams])

    def _subscribe(self, connection: Any, vessels: list[Any]) -> None:
        frame = vessels[PURSUER].orbit.body.non_rotating_reference_frame
        self._follow(connection, "met", getattr, vessels[PURSUER], "met")
        for number, vessel in enumerate(vessels):
            self._follow(connection, f"mass{number}", getattr, vessel, "mass")
            self._follow(connection, f"position{number}", vessel.position, frame)
            self._follow(connection, f"velocity{number}", vessel.velocity, frame)
            amount = vessel.resources.amount
            self._follow(connection, f"propellant{number}", amount, PROPELLANT)
        connection.add_stream_update_callback(self._assemble)
        for stream in self._streams:
            if hasattr(stream, "start"):  # 0.5.4; later clients start a stream when it is made
                stream.start(wait=False)

    def _follow(self, connection: Any, name: str, *call: Any) -> None:
        stream = connection.add_stream(*call)
        self._streams.append(stream)

        def keep(value: Any) -> None:
            if isinstance(value, Exception):  # how 0.5.4 tells that the call failed
                self._fail(name, value)
            else:
                self._values[name] = value

        stream.add_callback(keep)
        if hasattr(stream, "add_end_callback"):
            stream.add_end_callback(lambda error: self._fail(name, error))

    def _fail(self, name: str, error: Exception) -> None:
        with self._changed:
            if self._streams and self._failure is None:
                self._failure = f"the stream of {name} ended: {error}"
            self._changed.notify_all()

    def _assemble(self) -> None:
        """Put one tick's values together; runs on the client's own thread after every update."""
        values = self._values
        if len(values) < self._expected:
            return
        sample = GameSample(
            met=np.array([values["met"]]),
            mass=np.array([[values["mass0"], values["mass1"]]]),
            propellant=np.array([[values["propellant0"], values["propellant1"]]]),
            position=_both(values, "position"),
            velocity=_both(values, "velocity"),
            at=time.monotonic(),
        )
        with self._changed:
            before = self._latest
            if before is not None and sample.met[0] < before.met[0]:
                self._failure = self._failure or (
                    f"the game went back from T+{before.met[0]:.2f} s to T+{sample.met[0]:.2f} s: "
                    "somebody else loaded or reverted it"
                )
            if before is None or sample.met[0] > before.met[0]:
                self._heard = sample.at
            self._latest = sample
            if self._ending is None and sample.over:
                self._ending = sample
            self._changed.notify_all()

    def _refuse_stillness(self) -> None:
        if self._failure is not None:
            raise GameLost(f"telemetry of {self._game.address} broke off: {self._failure}")
        silent = time.monotonic() - self._heard
        if silent < STILL:
            return
        seen = "none" if self._latest is None else f"the last at T+{self._latest.met[0]:.2f} s"
        raise GameLost(
            f"no new telemetry from {self._game.address} for {silent:.1f} s ({seen}); is the game "
            "paused, warping, in another scene or gone?"
        )


def _both(values: dict[str, Any], name: str) -> Array:
    pair = [right_handed(values[f"{name}{number}"]) for number in (EVADER, PURSUER)]
    return np.array([pair], dtype=np.float64)
