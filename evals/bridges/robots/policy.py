"""Our pilots as a policy of inspect-robots: ground and decide of our loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from inspect_robots import Action as RobotAction
from inspect_robots import (
    ActionChunk,
    Box,
    CameraSpec,
    EmbodimentInfo,
    ObservationSpace,
    PolicyConfig,
    PolicyInfo,
    Scene,
)
from inspect_robots import Observation as RobotObservation
from inspect_robots.errors import CompatibilityError, PolicyError

from helmsight.agents.deciding import State, decided, refused, related
from helmsight.agents.errors import UnknownStrategy
from helmsight.agents.ground import DIRECT, grounder
from helmsight.agents.grounding.oracle import PREFIX
from helmsight.agents.models.load import load_pilot
from helmsight.contract.fit import check_fit
from helmsight.contract.pilot import Pilot
from helmsight.envs.registry import load_environments, task_of
from helmsight.evals.bridges.robots.describing import NAME
from helmsight.evals.bridges.robots.dials import Dials
from helmsight.evals.bridges.robots.handed import DECIDED, SHOWN, Shown
from helmsight.evals.bridges.robots.theirs import errors_of_theirs
from helmsight.evals.fingerprints import fingerprint

NOWHERE = Box((1,), np.zeros(1), np.zeros(1))


class PilotPolicy:
    """A pilot of ours that operates the embodiment "helmsight".

    Args:
        pilot: as for `helmsight fly --pilot`.
        grounding: relations that are asked for before deciding, as for `helmsight fly`.
        observation: what a model is shown; options: keywords of `load_pilot`.

    Raises:
        ConfigError: a pilot or a grounding that there is none of, or that cannot be had here; an
            oracle's grounding: a policy does not see the world.
    """

    @errors_of_theirs()
    def __init__(
        self,
        pilot: str = "bundled",
        grounding: str = DIRECT,
        observation: str | None = None,
        **options: Any,
    ) -> None:
        if grounding.startswith(PREFIX):
            raise UnknownStrategy(
                f"grounding={grounding}: an oracle looks into the world, which a policy of "
                "inspect-robots has no way to; use helmsight fly or evaluate"
            )
        self.pilot: Pilot = load_pilot(pilot, observation=observation, **options)
        self._grounder = grounder(grounding)
        self.config = PolicyConfig()
        self.info = PolicyInfo(f"{NAME}:{pilot}", NOWHERE, checkpoint=fingerprint(pilot))
        self._begun = False
        self._said: list[dict[str, Any]] = []

    def bind(self, embodiment_info: EmbodimentInfo) -> None:
        """Take on the spaces of an embodiment of ours.

        Raises:
            CompatibilityError: another one, or one that the pilot or its grounding does not fit.
        """
        identity = embodiment_info.environment_id
        if identity not in load_environments():
            raise CompatibilityError(
                f'the policy "{NAME}" operates worlds of Helmsight, as commands of theirs, and '
                f'"{embodiment_info.name}" is none; give --embodiment {NAME}'
            )
        task, space = task_of(identity), embodiment_info.observation_space
        shown = [*["frame"] * bool(space.cameras), *["telemetry"] * bool(space.state_keys)]
        with errors_of_theirs(CompatibilityError):
            check_fit(self.pilot, task, "+".join(shown))
            self._grounder.check(self.pilot, task)
        needs = self.pilot.needs.split("+")
        cameras: tuple[CameraSpec, ...] = space.cameras if "frame" in needs else ()
        keys = space.state_keys if "telemetry" in needs else frozenset()
        self.info = replace(
            self.info,
            action_space=embodiment_info.action_space,
            observation_space=ObservationSpace(cameras, keys),
        )

    def reset(self, scene: Scene) -> None:
        """Have the pilot begin anew at the next observation."""
        self._begun, self._said = False, []

    def act(self, observation: RobotObservation) -> ActionChunk:
        """Return one action: the pilot's command as numbers, and with all that it said.

        Raises:
            PolicyError: an observation of another embodiment.
        """
        shown = observation.extra.get(SHOWN)
        if not isinstance(shown, Shown):
            raise PolicyError(
                f'the policy "{NAME}" was shown an observation that is none of the embodiment '
                f'"{NAME}"; give --embodiment {NAME}'
            )
        if not self._begun:
            self.pilot.reset(shown.task, shown.seed)
            self._grounder.prepare(self.pilot, shown.task, None, shown.seed)
            self._begun = True
        state = refused() if shown.stale else self._asked(shown, observation)
        kind = shown.task.command
        wanted = state["wanted"]
        command = kind.null() if wanted is None else kind.model_validate(wanted)
        self._said.append({"command": wanted, "raw": state["raw"], "repairs": state["repairs"]})
        action = RobotAction(Dials(kind).numbers(command), {DECIDED: state})
        return ActionChunk([action], inference_latency_s=state["think_ms"] / 1e3)

    def transcript(self) -> list[dict[str, Any]]:
        """Return what the pilot answered in this trial, decision by decision."""
        return list(self._said)

    def _asked(self, shown: Shown, observation: RobotObservation) -> State:
        """Return the loop's state after grounding and deciding."""
        task, pilot = shown.task, self.pilot
        sighting = shown.seen(pilot.needs, observation)
        state = related(self._grounder, pilot, task, sighting)
        sighting = replace(sighting, relations=tuple(state["relations"]))
        return {**state, **decided(pilot, task.command, sighting, state["ground_s"])}
