"""The cockpit's window as a gymnasium environment: the screen is looked at, keys are pressed."""

from __future__ import annotations

import time as wall
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule, hold_rule
from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.outcome import Outcome
from helmsight.contract.task import Task
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.orbital.cockpit.keys import burnt, presses
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout
from helmsight.envs.orbital.cockpit.operated import Attached, Opened
from helmsight.envs.orbital.cockpit.window import check_display
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.families import FAMILIES
from helmsight.envs.orbital.scenarios import find_scenario
from helmsight.envs.orbital.stepping import twin_versions
from helmsight.envs.orbital.task import REALTIME

_WHY = {
    "time": "a person's window runs by the wall clock and cannot wait; use time='realtime'",
    "observation": "a screen shows no numbers but those in its picture; use observation='frame'",
}


class ScreenEnv(gym.Env[dict[str, Any], dict[str, Any]]):
    """One scenario in the cockpit's window, operated as by a person.

    Observations hold "frame", what the screen shows, (720, 1280, 3) RGB. Commands become keys
    that are really pressed and held in real time. `info` holds the referee's account of a window
    that this environment opened (the keys of TwinEnv); of one that it found it holds only
    `met`, by wall clock since the restart, and what was `applied`. Neither is ever in the picture.

    Args:
        scenario: a name that `find_scenario` knows.
        observation: "frame" only.
        time: "realtime" only.
        hold: what the keys do while the pilot thinks: "repeat" leaves those down that the last
            command held throughout, "coast" releases all.
        capture: None opens the window; "window:TITLE" uses one that is open, and so does
            "region:X,Y,WIDTH,HEIGHT", where the picture is on the screen.
        scale: of the window that is opened; 1 shows 1280x720, which is what models were trained on.
        rate: world seconds per wall second, of the window that is opened or was found. 1 is real
            time; the faster, the shorter the presses and the dearer every moment of thought.
        render_mode: None or "rgb_array".

    The reward is that of TwinEnv, as far as the window is known.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012  as in gym.Env

    def __init__(
        self,
        scenario: str = "PE1-E1-I2",
        observation: str = "frame",
        time: str = "realtime",
        hold: str = "repeat",
        capture: str | None = None,
        scale: float = 1.0,
        rate: float = 1.0,
        render_mode: str | None = None,
    ) -> None:
        self.hold = hold_rule(hold)
        self.observation_mode = observation_mode(observation)
        if self.observation_mode != "frame":
            raise InvalidOption(f"observation={observation!r}: {_WHY['observation']}")
        self.clock = Clock(TimeRule.parse(time))
        if self.clock.rule.kind != "realtime":
            raise InvalidOption(f"time={time!r}: {_WHY['time']}")
        if not 0.25 <= scale <= 4.0:
            raise InvalidOption(f"scale={scale:g}: expected 0.25 to 4")
        if not 0.1 <= rate <= 5.0:
            raise InvalidOption(f"rate={rate:g}: expected 0.1 to 5")
        self.scenario = find_scenario(scenario)
        self.rate = rate
        self.render_mode = render_mode
        self.observation_space = spaces.Dict(
            {"frame": spaces.Box(0, 255, (HEIGHT, WIDTH, 3), np.uint8)}
        )
        whole = BurnCommand.space()
        self.action_space = spaces.Dict({"burn": whole["burn"], "frame": spaces.Discrete(1)})
        self._cockpit = (
            Attached(capture, rate) if capture else Opened(self.scenario.name, scale, rate)
        )
        self._running = False

    @property
    def task(self) -> Task:
        """What an operator is told about this episode: the same as by TwinEnv.

        Nothing measures a window that this environment did not open, but the wall clock.
        """
        task = FAMILIES[self.scenario.family].told(self.scenario.name, Layout())
        measures = task.measures if self._cockpit.refereed else task.measures[:1]
        outcome = task.outcome if self._cockpit.refereed else Outcome()
        return replace(task, clock=REALTIME, measures=measures, outcome=outcome)

    @property
    def versions(self) -> dict[str, str]:
        """What the record of a run says beside the packages; nothing of a window that was found."""
        return twin_versions() if self._cockpit.refereed else {}

    def check_ready(self) -> None:
        """Raise ScreenMissing where there is no screen to look at; opens nothing."""
        check_display()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Find the window, try a key, and begin the scenario again in it.

        Seed 0 (or none) is the public initial state. A window that was found keeps its own seed.

        Raises:
            InvalidOption: a seed for a window that was found.
            CockpitLost: the window does not do what a cockpit does, with what was seen.
            ScreenMissing, HardwareError: no screen, no window, or no keyboard.
        """
        super().reset(seed=seed)
        self._running = False
        self._cockpit.begin(int(seed) if seed is not None else 0)
        observation = self._observe()
        self._cockpit.go()
        self.clock.observed()
        self._running = True
        return observation, self._info(0.0, BurnCommand.null().model_dump(), {})

    def step(self, action: dict[str, Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Hold the command's keys for its duration (or until the end), and look again.

        Raises:
            EpisodeOver, InvalidOption: as TwinEnv; axes other than the body's.
            CockpitLost, HardwareError: as `reset`; all keys are released.
        """
        if not self._running:
            raise EpisodeOver("the episode is over or has not begun; call reset() first")
        command = BurnCommand.from_action(action)
        lag = self.clock.lag() * self.rate
        keyboard = self._cockpit.keyboard
        try:
            applied, held = self._burn(command)
            observation = self._observe()
            info = self._info(lag, applied, held)
        except BaseException:
            keyboard.release()
            raise
        self.clock.observed()
        over = self._cockpit.over()
        ended = bool(info.get("captured", False) or info.get("caught", False))
        if over:
            self._running = False
            keyboard.release()
        reward = -float(info["score"]) if over and "score" in info else 0.0
        reward = float(info.get("blocking", reward))  # what the moment counts
        return observation, reward, ended, over and not ended, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return what the screen shows, (720, 1280, 3) RGB, when render_mode is "rgb_array"."""
        if self.render_mode != "rgb_array" or not self._cockpit.ready:
            return None
        return self._cockpit.screen.grab().pixels

    def close(self) -> None:
        """Release every key; close the window if this environment opened it. Idempotent."""
        self._running = False
        self._cockpit.close()

    def _burn(self, command: BurnCommand) -> tuple[dict[str, Any], dict[str, float]]:
        """Hold the command's keys; return what was applied, and how long each key was down, s."""
        wanted = presses(command)
        began = wall.perf_counter()
        held = self._cockpit.keyboard.hold(
            {key: seconds / self.rate for key, seconds in wanted.pulses.items()},
            command.duration / self.rate,
            keep=wanted.whole if self.hold == "repeat" else (),
            until=self._cockpit.over,
        )
        passed = wall.perf_counter() - began
        duration = passed * self.rate
        return {**command.model_dump(), **burnt(held, passed), "duration": duration}, held

    def _observe(self) -> Observation:
        return {"frame": self._cockpit.screen.look().pixels}

    def _info(self, lag: float, applied: dict[str, Any], held: dict[str, float]) -> dict[str, Any]:
        return {**self._cockpit.account(), "lag": lag, "applied": applied, "keys": held}
