"""KSPDG pursuit-evasion over kRPC, in the game or in the twin behind the same wire."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule, hold_rule
from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.task import Task
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.ksp import picture, scene
from helmsight.envs.ksp.bots import EvaderBot
from helmsight.envs.ksp.connection import ANSWER, DEFAULT, GameConnection, ServerAddress
from helmsight.envs.ksp.errors import GameLost
from helmsight.envs.ksp.streams import FlightRecorder, GameSample, right_handed
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.stills import painter
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import track_axes
from helmsight.envs.orbital.env import observation_spaces
from helmsight.envs.orbital.panel import TELEMETRY, measures, telemetry
from helmsight.envs.orbital.scenarios import PURSUER, find_pursuit
from helmsight.envs.orbital.scoring import ScoreKeeper
from helmsight.envs.orbital.starts import DRAWN
from helmsight.envs.orbital.task import REALTIME, pursuit_task

RELEASE = 2.0
"""Seconds that a broken connection is given to shut the thrusters."""
DRAWN_ONLY = (
    "{name} is drawn by its seed and the game begins with what it loads; choose one with a save "
    "(I1 to I4), or fly this one on the twin"
)
REALTIME_ONLY = (
    "time={time!r} is not possible over kRPC: the game does not wait for its pilot, so a flight is "
    "always realtime; fly the twin itself (--world twin) for paused, fixed:S, "
    "measured and runner"
)
NO_PICTURE = (
    "observation={mode!r} needs a picture of the game: give capture='screenshot' or "
    "'window:Kerbal Space Program' (--capture)"
)


class KspEnv(gym.Env[dict[str, Any], dict[str, Any]]):
    """One PE1 scenario in a game that runs by itself; the contract is `PursuitEnv`'s.

    Observations, commands, score and `info` are those of the twin. `info` also says
    `about` it which `world` it was ("kRPC 0.5.4 at 127.0.0.1:50000, the twin") and who flew the
    `evader`: "client" with KSPDG's bot on this side, "server", or "passive".

    Seconds are the game's: a burn of 0.5 s lasts until the mission clock has moved on by that
    much, whatever the game's speed.

    Args:
        scenario: a name that `find_pursuit` knows; its KSPDG save has to be in the game.
        krpc: "HOST:RPC_PORT" or "HOST:RPC_PORT:STREAM_PORT".
        capture: where frames come from: "screenshot", "window:TITLE", "region:x,y,w,h" or
            "monitor:N". Without it only telemetry can be observed.
        observation: "frame", "telemetry" or "frame+telemetry".
        time: "realtime"; the others cannot be had.
        hold: what the thrusters do while the pilot thinks: "repeat" the last command, as KSPDG's
            own runner does, or "coast".
        regions: boxes (x0, y0, x1, y1) of the instruments in the 1280x720 frame, by name; default:
            those of the twin's cockpit, which are not KSP's.

    Raises:
        InvalidOption: an option that it cannot have. Nothing connects before `reset`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012  as in gym.Env

    def __init__(
        self,
        scenario: str = "PE1-E1-I3",
        krpc: str = DEFAULT,
        capture: str | None = None,
        observation: str = "telemetry",
        time: str = "realtime",
        hold: str = "repeat",
        regions: Mapping[str, Any] | None = None,
    ) -> None:
        self.hold = hold_rule(hold)
        rule = TimeRule.parse(time)
        if rule.kind != "realtime":
            raise InvalidOption(REALTIME_ONLY.format(time=time))
        self.scenario = find_pursuit(scenario)
        if self.scenario.initial == DRAWN:
            raise InvalidOption(DRAWN_ONLY.format(name=self.scenario.name))
        self.observation_mode = observation_mode(observation)
        self.address = ServerAddress.parse(krpc)
        picture.check_capture(capture)
        if capture is None and "frame" in self.observation_mode:
            raise InvalidOption(NO_PICTURE.format(mode=observation))
        self.capture = capture
        self.clock = Clock(rule)
        self.render_mode = None
        self.regions = Layout().regions()
        if regions is not None:
            self.regions = picture.check_regions(regions)
        self.observation_space = spaces.Dict(
            observation_spaces(self.observation_mode, len(TELEMETRY))
        )
        self.action_space = BurnCommand.space()
        self._game: GameConnection | None = None
        self._picture: picture.Picture | None = None
        self._recorder: FlightRecorder | None = None
        self._bot: EvaderBot | None = None
        self._now: GameSample
        self._rotations_now: dict[str, list[list[float]]] = {}
        self._attitude: dict[str, list[list[float]]] = {}
        self._over = True

    @property
    def task(self) -> Task:
        """What an operator is told about this episode: the twin's, with this window's regions."""
        regions = self.regions if self.capture is not None else {}
        task = replace(pursuit_task(self.scenario.name, regions), clock=REALTIME, note="")
        # who gives boxes of its own has a screen that nobody can draw here
        known = regions == Layout().regions()
        return replace(task, stills=painter(Layout(), "")) if known else task

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Load the scenario as KSPDG does and start the evader's bot.

        The game has one initial state: seed 0 (or none). Another seed needs the twin behind the
        wire. E2 draws its random inputs from the seed.

        Raises:
            EnvsError: no server, the wrong client, save or scene, a seed that the
                game cannot have; see `helmsight.envs.ksp.errors`.
        """
        super().reset(seed=seed)
        number = int(seed) if seed is not None else 0
        self._leave()
        try:
            self._begin(number)
        except BaseException:
            self.close()
            raise
        self._over = False
        observation = self._observe()
        self._closest = ScoreKeeper(self._now)
        self.clock.observed()
        return observation, self._info(0.0, BurnCommand.null())

    def step(self, action: dict[str, Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Burn for the command's duration, or until the end; think time has passed already.

        Raises:
            EpisodeOver: the episode ended or has not begun.
            GameLost, GameRefused, BotLost, PictureMissing: the flight cannot go on; the thrusters
                are shut and the game is let go. `reset` begins anew.
        """
        if self._over:
            raise EpisodeOver("the episode is over or has not begun; call reset() first")
        command = BurnCommand.from_action(action)
        try:
            seen = float(self._now.met[0])
            self._now = self._sample()
            lag = float(self._now.met[0]) - seen
            if self._now.over:
                command = BurnCommand.null()  # it came too late to be applied
            else:
                self._burn(command)
            if self._now.over or self.hold == "coast":
                self._throttle((0.0, 0.0, 0.0))
            observation = self._observe()
        except BaseException:
            self.close()
            raise
        self._over = self._now.over
        self._closest.sample(self._now)
        info = self._info(lag, command)
        self.clock.observed()
        captured = bool(info["captured"])
        reward = -float(info["score"]) if self._over else 0.0
        return observation, reward, captured, self._over and not captured, info

    def close(self) -> None:
        """Shut the thrusters, let the evader go and disconnect; safe to call twice."""
        self._release()
        self._leave()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._picture is not None:
            self._picture.close()
            self._picture = None
        if self._game is not None:
            self._game.close()
            self._game = None

    def _begin(self, seed: int) -> None:
        if self._game is not None and not self._game.answers():
            self._disconnect()
        game = self._game = self._game or GameConnection(self.address)
        if self.capture is not None and self._picture is None:
            self._picture = picture.open_picture(self.capture, game)
        self._evader, vessels = scene.begin(game, self.scenario, seed)
        self._vessel = vessels[PURSUER]
        self._recorder = FlightRecorder(game, vessels)
        if seed == 0:  # the twin's own reset has settled already
            scene.settle(game, vessels, self._recorder)
        if self._evader == "client":
            self._bot = EvaderBot(self.scenario.evader, seed, self.address, self._recorder)
        self._now = self._sample()

    def _leave(self) -> None:
        """Leave the flight, not the game: the bot stops, the streams end."""
        if self._bot is not None:
            self._bot.stop()
        if self._recorder is not None:
            with suppress(GameLost):  # they ended with the connection
                self._recorder.close()
        self._bot = self._recorder = None
        self._over = True

    def _sample(self) -> GameSample:
        """Return the newest sample, or the one that ended the episode."""
        assert self._recorder is not None
        newest = self._recorder.latest()
        self._watch()
        return self._recorder.ending or newest

    def _watch(self) -> None:
        if self._bot is not None:
            self._bot.check()

    def _burn(self, command: BurnCommand) -> None:
        assert self._recorder is not None
        self._throttle(self._body_throttle(command))
        begun = float(self._recorder.latest().met[0])
        self._now = self._recorder.wait(begun + command.duration, self._watch)
        self._now = self._recorder.ending or self._now

    def _body_throttle(self, command: BurnCommand) -> tuple[float, float, float]:
        """Return (forward, right, down), turned to the body's axes as they are now."""
        wanted = (command.forward, command.right, command.down)
        self._rotations_now = {}
        if command.frame == "body":
            return wanted
        axes = self._body_axes()
        orbit = track_axes(self._now.position[0, PURSUER], self._now.velocity[0, PURSUER])
        rotations = {"inertial": axes, "orbital": axes @ orbit.T}
        self._rotations_now = {name: rotation.tolist() for name, rotation in rotations.items()}
        forward, right, down = rotations[command.frame] @ wanted
        return float(forward), float(right), float(down)

    def _body_axes(self) -> NDArray[np.float64]:
        """Return the body's axes, (3, 3), rows (forward, right, down) in the inertial frame."""
        assert self._game is not None
        vessel = self._vessel

        def turn(connection: Any) -> list[tuple[float, float, float]]:
            inertial, body = vessel.orbit.body.non_rotating_reference_frame, vessel.reference_frame
            transform = connection.space_center.transform_direction
            units = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
            return [transform(right_handed(unit), inertial, body) for unit in units]

        right, forward, down = np.array(self._game.call(turn)).T
        return np.array([forward, right, down])

    def _throttle(self, throttle: tuple[float, float, float], timeout: float = ANSWER) -> None:
        assert self._game is not None
        vessel = self._vessel
        self._game.call(lambda _: scene.translate(vessel, throttle), timeout)

    def _release(self) -> None:
        """Shut the thrusters, over a new connection where this one is broken."""
        if self._game is None or self._recorder is None:
            return
        try:
            self._throttle((0.0, 0.0, 0.0), RELEASE)
        except Exception:
            with (
                suppress(Exception),
                GameConnection(self.address, "Helmsight release", welcome=RELEASE) as game,
            ):
                game.call(scene.release, RELEASE)

    def _observe(self) -> Observation:
        observation: Observation = {}
        if "frame" in self.observation_mode:
            assert self._picture is not None
            observation["frame"] = self._picture.grab()
            self._now = self._sample()  # what the picture shows, as nearly as can be
        if "telemetry" in self.observation_mode:
            observation["telemetry"] = telemetry(self._now, 0)
            self._attitude = {"inertial": self._body_axes().tolist()}
        return observation

    def _info(self, lag: float, command: BurnCommand) -> dict[str, Any]:
        assert self._game is not None
        return {
            **measures(self._now, 0),
            **self._closest.figures(self._now, 0),
            "captured": self._now.captured,
            "lag": lag,
            "applied": command.model_dump(),
            "rotations": self._rotations_now,
            "attitude": self._attitude,
            "about": {"world": self._game.world, "evader": self._evader},
        }
