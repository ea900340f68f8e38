"""A pilot that flies from spatial relations in words and from nothing else."""

from __future__ import annotations

from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.envs.orbital.command import DURATION, BurnCommand
from helmsight.envs.orbital.sights import PROGRADE, TARGET
from helmsight.prompts.claims import read_claims
from helmsight.prompts.relations import Axis
from helmsight.prompts.sightlines import told

AHEAD_S = 12.0  # of full thrust from the moment on that the way leads to the target
SIDEWAYS = 1.0  # lateral throttle against a drift


class Relations:
    """Burns ahead until it moves towards the target, and some more; then nulls the drift.

    "The prograde marker is right of the target marker" is a drift to the right: burn left. No
    word of the prograde marker's place, before the first one, means that it is behind: burn ahead.
    Of two statements about the markers the last one counts. What is told to stand between it and
    the target is flown past on its right. It looks at nothing but the words and
    knows neither distance nor speed: what it scores tells how good the relations are, for
    evaluations of grounding. Of a latency it knows when its burn begins and how long it lasts.
    """

    name = "relations"
    needs: ObservationMode = "frame"  # for who is asked where things are
    command = BurnCommand

    def reset(self, task: Task, seed: int) -> None:
        """Forget when the prograde marker was first seen; what the nose is on is named second."""
        self._objects = task.objects
        self._target = task.objects[1] if len(task.objects) > 1 else TARGET
        self._blocked = {told(a, b, stands=True) for a, b in task.sightlines}
        self._since: float | None = None

    def decide(self, sighting: Sighting) -> Decision:
        """Answer a burn against the drift that the relations tell of."""
        drift = self._drift(sighting.relations)
        if drift is None and self._since is None:
            return Decision(BurnCommand(forward=1.0, right=0.0, down=0.0))
        timing = sighting.timing
        begins = sighting.stamp + timing.latency_s
        if self._since is None:
            self._since = begins
        ahead = 1.0 if begins - self._since < AHEAD_S else 0.0
        # one that is applied for longer gives as much of a push by less throttle
        push = SIDEWAYS * min(1.0, DURATION / timing.applied_s(DURATION))
        right, down = drift or (0, 0)
        if self._blocked & {*sighting.relations}:
            right, down = -1, 0
        return Decision(BurnCommand(forward=ahead, right=-push * right, down=-push * down))

    def _drift(self, lines: tuple[str, ...]) -> tuple[int, int] | None:
        """Return where the prograde marker is from the target, as (right, down) signs."""
        signs = {}
        # "aligned with" is said of the horizontal only
        text = "\n".join(
            f"{'Horizontal: ' if ' is aligned with ' in line else ''}{line}" for line in lines
        )
        for claim in read_claims(text, self._objects).claims:
            if {claim.a, claim.b} == {PROGRADE, self._target} and claim.axis is not Axis.DEPTH:
                signs[claim.axis] = claim.sign if claim.a == PROGRADE else -claim.sign
        if not signs:
            return None
        return signs.get(Axis.HORIZONTAL, 0), signs.get(Axis.VERTICAL, 0)
