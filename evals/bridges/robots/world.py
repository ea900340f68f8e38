"""Our worlds as an embodiment of inspect-robots: look, guard and act of our loop, step by step."""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from inspect_robots import Action as RobotAction
from inspect_robots import Observation as RobotObservation
from inspect_robots import Scene, StepResult

from helmsight.agents.config import OperatorConfig
from helmsight.agents.deciding import State, answer
from helmsight.agents.ground import DIRECT, grounder
from helmsight.agents.loop import Loop
from helmsight.contract.command import Command
from helmsight.contract.errors import InvalidOption
from helmsight.contract.guard import make_guard
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.registry import find_environment, make_env, task_of
from helmsight.evals.bridges.asked import option
from helmsight.evals.bridges.robots.describing import described
from helmsight.evals.bridges.robots.dials import Dials
from helmsight.evals.bridges.robots.handed import DECIDED, observed, result
from helmsight.evals.bridges.robots.theirs import errors_of_theirs

APPROVED = "an approver changed the command"
"""What a pilot is told, and the record keeps, when what it asked for is not what came here."""


class World:
    """A world that is looked at, guarded and acted on as by our loop; somebody else decides.

    Args:
        scenario: a registered world, by its name or id. Scenes may name others of its family.
        observation: "frame", "telemetry" or "frame+telemetry".
        time: a time rule; None: the world's own.
        operator: fields of `OperatorConfig`: limits, max_age_s, ...
        options: of the environment.

    The episode of a scene with an `init_seed` is that of this seed, in every epoch; one without
    has a seed of the framework's. `loop` holds the records of the last episode.

    Text that is a list or an object in JSON is taken as such, as on a command line.

    Raises:
        ConfigError: no such world or option, or one that moves a machine.
    """

    @errors_of_theirs()
    def __init__(
        self,
        scenario: str = "PE1-E1-I2",
        observation: str = "frame+telemetry",
        time: str | None = None,
        operator: Mapping[str, Any] | str | None = None,
        **options: Any,
    ) -> None:
        self._identity = find_environment(scenario)
        self._asked = {"observation": observation}
        self._asked |= {name: option(value) for name, value in options.items()}
        self._asked |= {} if time is None else {"time": time}
        self._config = OperatorConfig.model_validate(option(operator) or {})
        if self._config.approve != "off" or self._config.grounding != DIRECT:
            raise InvalidOption(
                "operator: approve and grounding are the policy's and the framework's here; "
                "give an approver to eval(), and grounding to the policy (-P grounding=...)"
            )
        self._env = self._made(self._identity)
        task: Task = self._env.unwrapped.task  # type: ignore[attr-defined]
        if task.consent:
            self._env.close()
            raise InvalidOption(
                f"{scenario}: {task.consent}; a person has to be there: helmsight operate"
            )
        make_guard(task.guard, self._config.limits)  # a limit that there is none of is told now
        self._dials = Dials(task.command)
        self.info = described(self._env, self._identity, self._dials)
        self.loop: Loop | None = None
        self._state: State = {}
        self._under_way = False

    def reset(self, scene: Scene, *, seed: int | None = None) -> RobotObservation:
        """Begin the episode of a scene, in the world that its `setup` names, if any.

        Raises:
            InvalidOption: a world with other commands or observations than this one was made with.
        """
        self._end("replaced")
        identity = find_environment(scene.setup) if scene.setup else self._identity
        if identity != self._identity:
            self._env.close()
            self._env, self._identity = self._made(identity), identity
        world: Any = self._env.unwrapped
        if Dials(world.task.command).names != self._dials.names:
            raise InvalidOption(
                f"{identity} has other commands than {self.info.environment_id}, which this "
                f"embodiment was made for; make it with -E scenario={identity}"
            )
        own = scene.init_seed if scene.init_seed is not None else seed
        self._seed = 0 if own is None else own
        elsewhere = _Elsewhere(world.observation_mode)
        guard = make_guard(world.task.guard, self._config.limits)
        self.loop = Loop(self._env, elsewhere, self._config, guard, grounder(DIRECT), self._seed)
        self._under_way = True
        self._state = {"index": 0, "reason": ""}
        return self._looked(scene.instruction)

    def step(self, action: RobotAction) -> StepResult:
        """Guard a command and carry it out; an unusable one becomes the safe default.

        Raises:
            Exception: what the world could not go on from.
        """
        loop = self.loop
        assert loop is not None, "reset comes before step"
        state, changed = self._decided(loop.task.command, action)
        self._state.update(state)
        self._state.update(loop.guard(self._state))
        if changed:
            self._state["clamped"] = [APPROVED, *self._state["clamped"]]
        self._state.update(loop.act(self._state))
        reason = self._state["reason"]
        if reason:
            self._end(reason)
            return result(loop, self._shown(""), reason)
        return result(loop, self._looked(""), "")

    def close(self) -> None:
        """Let go of the world."""
        self._end("closed")
        self._env.close()

    def _decided(self, kind: type[Command], action: RobotAction) -> tuple[State, bool]:
        """Return what was decided, and whether an approver changed what our policy asked for.

        The numbers count; what no number stands for is as our policy asked, or the safe default.
        """
        given: State | None = action.meta.get(DECIDED)
        numbers = np.asarray(action.data, np.float64).ravel().tolist()
        if given is None:
            spent = clock.perf_counter() - self._handed_out
            said = answer(Decision(self._dials.command(numbers)), kind)
            return {**said, "think_ms": round(spent * 1e3, 4)}, False
        wanted = given["wanted"]
        asked = kind.null() if wanted is None else kind.model_validate(wanted)
        command = self._dials.command(numbers, asked)
        if command == asked:
            return given, False
        return {**given, **answer(Decision(command, given["raw"]), kind)}, True

    def _made(self, identity: str) -> gymnasium.Env[Any, Any]:
        options = dict(self._asked)
        if "time" not in options:
            options["time"] = task_of(identity).clock.default
        env = make_env(identity, **options)
        if ready := getattr(env.unwrapped, "check_ready", None):
            ready()
        return env

    def _end(self, reason: str) -> None:
        """End what may still move, as the world wants an episode to end."""
        if self._under_way and (halt := getattr(self._env.unwrapped, "halt", None)):
            halt(reason)
        self._under_way = False

    def _looked(self, instruction: str) -> RobotObservation:
        assert self.loop is not None
        self._state.update(self.loop.look(self._state))
        return self._shown(instruction)

    def _shown(self, instruction: str) -> RobotObservation:
        assert self.loop is not None
        self._handed_out = clock.perf_counter()
        return observed(self.loop, self._state, self._seed, instruction)


class _Elsewhere:
    """Stands where the loop has its pilot: the decisions come in from outside."""

    name = "elsewhere"

    def __init__(self, needs: ObservationMode) -> None:
        self.needs = needs

    def reset(self, task: Task, seed: int) -> None:
        """Nothing to prepare here."""

    def decide(self, sighting: Sighting) -> Decision:
        """Nobody asks."""
        raise NotImplementedError
