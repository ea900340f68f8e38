"""KSPDG's scenarios on the orbital twin, as gymnasium environments."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from helmsight.contract.clock import Clock, TimeRule, hold_rule
from helmsight.contract.errors import InvalidOption
from helmsight.contract.meanwhile import offer
from helmsight.contract.observation import Observation, observation_mode
from helmsight.contract.task import Task
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.orbital.cockpit.ahead import Ahead
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.convoy import AnyWorld, Berth, ends, make_world
from helmsight.envs.orbital.described import described as read_described
from helmsight.envs.orbital.dynamics import Array, track_axes
from helmsight.envs.orbital.families import FAMILIES, Family
from helmsight.envs.orbital.first_look import check_start, check_under_way
from helmsight.envs.orbital.scenarios import find_pursuit, find_scenario
from helmsight.envs.orbital.sights import Placed
from helmsight.envs.orbital.starts import AGENT, Flown
from helmsight.envs.orbital.stepping import C, step_code, twin_versions
from helmsight.envs.orbital.world import FamilyWorld

COCKPITS = ("helmsight", "game")
"""Looks of the cockpit."""


class TwinEnv(gym.Env[dict[str, Any], dict[str, Any]]):
    """One scenario of any family (`orbital.families`), the agent under way.

    Observations hold "frame" and/or "telemetry", KSPDG's numbers of that family.

    Args:
        scenario: a name that `find_scenario` knows.
        observation: "frame", "telemetry" or "frame+telemetry".
        time: "paused", "fixed:S", "measured", "runner", "runner:S" or "realtime" (see
            `helmsight.contract.clock`).
        hold: what the thrusters do while the pilot thinks: "repeat" the last command, as KSPDG's
            own runner does, or "coast".
        start_met: mission elapsed time of the first observation, s; default: when KSPDG's reset is
            over, three seconds after loading. Until then the craft coast; the evader's bot acts.
        randomize: draw the cockpit's layout, colours and noise anew at every reset.
        cockpit: "helmsight", or "game": every figure where KSP has it, without our readouts.
        render_mode: None or "rgb_array".

    `moored` gives the world that an episode is flown in: one of its own, or a row of a batch
    (`envs.orbital.convoy`).

    The reward is KSPDG's: 0 until the episode ends and then minus the score; in sun blocking what
    the moment counts. Whoever is captured ends an episode (`terminated`); `info["captured"]` tells
    whether it was the target.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}  # noqa: RUF012  as in gym.Env

    def __init__(
        self,
        scenario: str = "PE1-E1-I3",
        observation: str = "frame+telemetry",
        time: str = "paused",
        hold: str = "repeat",
        start_met: float | None = None,
        randomize: bool = False,
        cockpit: str = "helmsight",
        render_mode: str | None = None,
    ) -> None:
        self.clock = Clock(TimeRule.parse(time))
        self.hold = hold_rule(hold, self.clock.rule)
        self.scenario = self._find(scenario)
        self.family: Family = FAMILIES[self.scenario.family]
        self.start_met = check_start(start_met, self.scenario)
        self.observation_mode = observation_mode(observation)
        self.randomize = randomize
        self.render_mode = render_mode
        self._game = check_cockpit(cockpit) == "game"
        self.layout = self._look(Layout())
        self.observation_space = spaces.Dict(
            observation_spaces(self.observation_mode, len(self.family.fields))
        )
        self.action_space = BurnCommand.space()
        self.moored: Callable[[Flown, int], AnyWorld | Berth] = _of_its_own
        self._world: AnyWorld | Berth | None = None
        self._ahead = Ahead()

    def _find(self, scenario: str) -> Flown:
        """Return the scenario called so. Raises UnknownScenario."""
        return find_scenario(scenario)

    def _look(self, layout: Layout) -> Layout:
        return layout.as_game() if self._game else layout

    @property
    def task(self) -> Task:
        """What an operator is told about this episode."""
        return self.family.told(self.scenario.name, self.layout)

    @property
    def versions(self) -> dict[str, str]:
        """What the record of a run says beside the packages: which code takes the steps."""
        return twin_versions()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Load the scenario. Seed 0 (or none) is the public initial state;
        other seeds move the agent by 50 m and 0.5 m/s (one sigma an axis).

        Raises:
            InvalidOption: somebody is captured before `start_met`, though nobody flies.
            ScenarioBroken: or before the reset is over, in a scenario of one's own.
        """
        super().reset(seed=seed)
        number = int(seed) if seed is not None else 0
        if self.randomize:
            self.layout = self._look(Layout.random(self.np_random))
        if self.moored is _of_its_own:
            self._world = _begun(self.scenario, number, self.start_met)
        else:
            self._world = self.moored(self.scenario, number)
            self._world.settle(self.start_met)
        check_under_way(self._world, self.scenario, number, self.start_met)
        self._score = self.family.keeper(self._world)
        self._last: BurnCommand | None = None
        self.clock.runs(None)
        self._rotations_now = self._rotations()
        info = self._info(0.0, BurnCommand.null())
        observation = self._observe(info)
        self.clock.observed()
        return observation, info

    def step(self, action: dict[str, Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Let the think time pass, then burn for the command's duration (or until the end).

        Under the rule `runner` the last command is burnt again until this one is taken, and this
        one begins with the next step: an observation is handed out where a command begins.

        Raises:
            EpisodeOver: the episode is over or has not begun.
            InvalidOption: under `runner`, a duration of 0.
        """
        world = self._world
        if world is None or world.over[0]:
            raise EpisodeOver("the episode is over or has not begun; call reset() first")
        self.clock.rule.check(float(np.asarray(action["burn"])[3]))
        command = BurnCommand.from_action(action)
        repeated = self._last if self.clock.rule.kind == "runner" else None
        lag = self.clock.lag()
        ran = self._wait(lag) if repeated is None else self._repeat(repeated, lag)
        if world.over[0]:
            command = BurnCommand.null()  # it came too late to be applied
        else:
            self._rotations_now = self._rotations()
            if repeated is None:
                self.clock.pace(self._burn(command))
            self._last = command
            self.clock.runs(command.duration)
        self._score.sample(world)
        info = self._info(ran, command)
        observation = self._observe(info)
        offer(self._look_ahead)
        self.clock.observed()
        over = bool(world.over[0])
        ended = info["captured"] or info.get("caught", False)
        return observation, self._score.reward(world, 0, over), ended, over and not ended, info

    def render(self) -> NDArray[np.uint8] | None:
        """Return the cockpit picture, (720, 1280, 3) RGB, when render_mode is "rgb_array"."""
        if self.render_mode != "rgb_array" or self._world is None:
            return None
        return self._frame()

    def true_relations(self) -> list[Placed]:
        """Return where what it shows is from each other; for evaluations: no pilot is told."""
        assert self._world is not None
        return self.family.relations(self.family.cockpit(self._world, 0))

    def _wait(self, lag: float) -> float:
        """Let `lag` seconds pass while the pilot thinks; return those that passed."""
        assert self._world is not None
        if self.hold == "coast":
            self._world.burn(np.zeros((1, 3)))
        return self._run(lag)

    def _repeat(self, command: BurnCommand, lag: float) -> float:
        """Burn `command` again, as a whole, until `lag` s are over; return those that passed.

        As in KSPDG every time is a step of its own: turned to the body's axes anew, and the
        approach measured at its end.
        """
        assert self._world is not None
        ran = 0.0
        for _ in range(max(1, round(lag / command.duration))):
            if self._world.over[0]:
                break
            ran += self._burn(command)
            self._score.sample(self._world)
        return ran

    def _burn(self, command: BurnCommand) -> float:
        """Burn `command` for its duration (or until the end); return the seconds that passed."""
        assert self._world is not None
        self._world.burn(self._body_throttle(command)[None])
        return self._run(command.duration)

    def _run(self, seconds: float) -> float:
        """Advance whole physics steps and return the seconds that passed."""
        assert self._world is not None
        before = float(self._world.met[0])
        self._world.run(seconds)
        return float(self._world.met[0]) - before

    def _body_throttle(self, command: BurnCommand) -> Array:
        assert self._world is not None
        wanted = np.array([command.forward, command.right, command.down])
        if command.frame == "body":
            return wanted
        position = self._world.position[0, AGENT]
        if command.frame == "orbital":
            wanted = wanted @ track_axes(position, self._world.velocity[0, AGENT])
        return np.asarray(self._world.axes[0, AGENT] @ wanted)

    def _rotations(self) -> dict[str, list[list[float]]]:
        """Return the rotations, (3, 3) each, from the other frames of a burn to the body's."""
        assert self._world is not None
        axes = self._world.axes[0, AGENT]
        orbit = track_axes(self._world.position[0, AGENT], self._world.velocity[0, AGENT])
        return {"inertial": axes.tolist(), "orbital": (axes @ orbit.T).tolist()}

    def _frame(self) -> NDArray[np.uint8]:
        assert self._world is not None
        state = self.family.cockpit(self._world, 0)
        if self.randomize:
            return render(state, self.layout, self.np_random)
        return self._ahead.picture(state, self.layout)

    def _look_ahead(self) -> None:
        """Draw what comes of the last command if it is given once more.

        Only where the world waits for as long as that takes. NumPy needs longer for the steps than
        the picture takes.
        """
        world, again = self._world, self._last
        if self.clock.rule.kind != "paused" or "frame" not in self.observation_mode:
            return
        if self.randomize or not isinstance(world, FamilyWorld) or step_code() != C:
            return
        if again is None or world.over[0]:
            return
        later = copy.copy(self)
        later._world = _copied(world)
        later._burn(again)
        self._ahead.draw(self.family.cockpit(later._world, 0), self.layout)

    def _observe(self, info: Mapping[str, Any]) -> Observation:
        observation: Observation = {}
        if "frame" in self.observation_mode:
            observation["frame"] = self._frame()
        if "telemetry" in self.observation_mode:
            observation["telemetry"] = np.array(info["telemetry"])
        return observation

    def _info(self, lag: float, command: BurnCommand) -> dict[str, Any]:
        assert self._world is not None
        return {
            **self.family.measures(self._world, 0),
            **self._score.figures(self._world, 0),
            **ends(self._world),
            "lag": lag,
            "applied": command.model_dump(),
            "rotations": self._rotations_now,
            **self._attitude(),
        }

    def _attitude(self) -> dict[str, Any]:
        """Return the rotation to the body's axes as they are now, for who reads telemetry."""
        if "telemetry" not in self.observation_mode:
            return {}
        assert self._world is not None
        return {"attitude": {"inertial": self._world.axes[0, AGENT].tolist()}}


class PursuitEnv(TwinEnv):
    """One PE1 scenario; see `TwinEnv`."""

    def _find(self, scenario: str) -> Flown:
        return find_pursuit(scenario)


class DescribedEnv(TwinEnv):
    """A scenario of one's own: `described` is its description as JSON data (`orbital.described`).

    The other options are those of `TwinEnv`, but for `scenario`, which is the description's name.

    Raises:
        InvalidOption: nothing is described.
        ScenarioBroken: what is described cannot be flown.
    """

    def __init__(self, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        if described is None:
            raise InvalidOption(
                "nothing is described: helmsight fly --scenario FILE.yaml, or described={...} with "
                "the fields of docs/scenario.schema.json"
            )
        self._described = described
        super().__init__("", **options)

    def _find(self, scenario: str) -> Flown:
        return read_described(self._described, "described")


def _of_its_own(scenario: Flown, seed: int) -> AnyWorld | Berth:
    """Return a world that nothing else flies in."""
    return make_world([(scenario, seed)])


def _begun(scenario: Flown, seed: int, until: float | None) -> AnyWorld:
    """Return a world of its own in which the seconds before the first observation have passed."""
    return _copied(_settled(scenario, seed, until))


def _copied(world: AnyWorld) -> AnyWorld:
    """Return a world that goes on by itself from where another one is."""
    return copy.deepcopy(world, {id(vehicle): vehicle for vehicle in world.vehicles})


@lru_cache(maxsize=32)  # one beginning is flown again and again: by pilots, by those who resume
def _settled(scenario: Flown, seed: int, until: float | None) -> AnyWorld:
    world = make_world([(scenario, seed)])
    world.settle(until)
    return world


def check_cockpit(name: str) -> str:
    """Return the name of a look of the cockpit. Raises InvalidOption, naming those there are."""
    if name not in COCKPITS:
        raise InvalidOption(f"cockpit={name!r} is not known; choose {' or '.join(COCKPITS)}")
    return name


def observation_spaces(mode: str, numbers: int) -> dict[str, spaces.Space[Any]]:
    """Return the spaces of "frame" and "telemetry" (numbers,), as far as `mode` names them."""
    parts: dict[str, spaces.Space[Any]] = {}
    if "frame" in mode:
        parts["frame"] = spaces.Box(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    if "telemetry" in mode:
        low = np.full(numbers, -np.inf)
        low[:3] = 0.0
        parts["telemetry"] = spaces.Box(low, np.inf, dtype=np.float64)
    return parts
