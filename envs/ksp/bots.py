"""KSPDG's public evaders E1..E4, flown from the client's side as KSPDG itself does."""

from __future__ import annotations

import threading
from contextlib import suppress

from helmsight.contract.waiting import happens
from helmsight.envs.ksp.connection import WELCOME, GameConnection, ServerAddress
from helmsight.envs.ksp.controls import EvaderControls
from helmsight.envs.ksp.errors import BotLost
from helmsight.envs.ksp.streams import FlightRecorder, GameSample
from helmsight.envs.orbital.bots import Bots
from helmsight.envs.orbital.scenarios import EVADER
from helmsight.envs.orbital.stepping import DT

PATIENCE = 2.0
"""Seconds to wait for the bot to let go of its vessel."""


class EvaderBot:
    """The evader's mind on a thread and a connection of its own.

    It acts on the recorder's samples, so it sees what the pursuer is measured by, and decides as
    the twin's own does. E1 does nothing and needs no thread.

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
        self._seed = seed
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
            if not happens(self._seated, PATIENCE + WELCOME):
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
        controls = EvaderControls(vessel)
        bots = Bots([self.kind], [self._seed], self._recorder.latest().met)
        try:
            while True:
                controls.seen(self._next())
                bots.act(controls)
                for call in controls.calls():
                    game.call(call)
        finally:
            with suppress(Exception):  # the game may be gone; closing lets go as well
                game.call(controls.release, PATIENCE)

    def _next(self) -> GameSample:
        """Return the next sample; ends the bot when it is told to stop."""
        met = float(self._recorder.latest().met[0]) + DT / 2
        return self._recorder.wait(met, self._refuse_to_go_on, stop=False)

    def _refuse_to_go_on(self) -> None:
        if self._stop.is_set():
            raise _Stopped


class _Stopped(Exception):
    """The flight is over."""
