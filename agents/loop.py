"""The nodes of the loop: look, ground, decide, guard, act. Whatever drives them, they are these."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium

from helmsight.agents.config import OperatorConfig
from helmsight.agents.crew import Crew, Nobody
from helmsight.agents.deciding import State, decided, ordered, refused, related
from helmsight.agents.ground import Grounder
from helmsight.contract.calls import cost, tokens
from helmsight.contract.clock import Clock
from helmsight.contract.command import Command
from helmsight.contract.errors import MeasureUnusable
from helmsight.contract.guard import Guard, hold
from helmsight.contract.measures import Measure, read_measures
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.record import Listener, StepRecord
from helmsight.contract.still import StillPicture
from helmsight.contract.task import Task
from helmsight.contract.timing import Timing

CLOCK = (Measure("met", "s"),)
"""What every world has to tell, whatever it declares."""
Request = dict[str, Any]
Answer = bool | dict[str, Any]


class Loop:
    """One episode at the controls: the nodes, and what they share besides their state.

    `approval` is asked where the configuration or the `crew` wants a person; whoever drives the
    loop sets it.
    `past` are the recorded steps of an interrupted episode whose world stands as they left it.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        pilot: Pilot,
        config: OperatorConfig,
        guard: Guard,
        grounder: Grounder,
        seed: int,
        past: Sequence[StepRecord] = (),
        crew: Crew | None = None,
    ) -> None:
        self.env, self.pilot, self.config = env, pilot, config
        self.crew: Crew = crew or Nobody()
        self.clock: Clock = env.unwrapped.clock  # type: ignore[attr-defined]
        # a world without the option `hold` lets go of its last command
        self._repeats = getattr(env.unwrapped, "hold", "coast") == "repeat"
        self.listeners: Sequence[Listener] = ()
        self.max_steps: int | None = None
        self.records: list[StepRecord] = []
        self.commands: list[Command] = []
        self.spent = {"tokens": 0, "cost": 0.0}
        self.began = time.perf_counter()
        self.approval: Callable[[Request], Answer] = lambda request: False
        self._guard, self.grounder = guard, grounder
        self._shown = pilot.needs.split("+")  # a pilot sees what it needs and nothing more
        self._seen: float | None = None
        self._still = StillPicture(every=8)
        self.observation: Observation
        self.info: Mapping[str, Any]
        options = {"met": past[-1].stamp, "past": past} if past else None
        self.observation, self.info = env.reset(seed=seed, options=options)
        self.news = _notes(self.info)  # what no record holds yet
        self.notes: tuple[str, ...] = self.news
        self.task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        frozen_s = config.frozen_s or self.task.clock.frozen_s
        self._frozen_s = math.inf if frozen_s is None else frozen_s
        self.first = dict(self.info)
        self._check_telemetry()
        self.measures = self._measured()
        pilot.reset(self.task, seed)
        self.grounder.prepare(pilot, self.task, env.unwrapped, seed)

    def look(self, state: State) -> State:
        """Take the observation in hand; refuse one whose stamp or picture stands still.

        So is one that the world itself calls unfit to act on (`info["refused"]`).
        """
        self.crew.wait(state["index"])
        began = time.perf_counter()
        stamp = float(self.info["met"])
        stale = self._seen is not None and stamp <= self._seen
        frame = self.observation.get("frame")
        if frame is not None:
            stale = stamp - self._still.since(frame, stamp) >= self._frozen_s or stale
        stale = stale or bool(self.info.get("refused"))
        self._seen = stamp
        sense_ms = (time.perf_counter() - began) * 1e3
        return {
            "stamp": stamp,
            "stale": stale,
            "sense_ms": sense_ms,
            "relations": [],
            "grounding": {},
            "asked": [],
            "person": False,
        }

    def ground(self, state: State) -> State:
        """Relate what is in the frame, in verified words; for a pilot that decides."""
        if self.crew.at_helm:
            return {"ground_s": 0.0}
        return related(self.grounder, self.pilot, self.task, self.sighting(state))

    def decide(self, state: State) -> State:
        """Ask the pilot for a command, or whoever has taken the helm, even meanwhile."""
        sighting = self.sighting(state)
        if (command := self._persons(sighting)) is not None:
            if watch := getattr(self.pilot, "watch", None):
                watch(sighting)
            return {**ordered(command), "person": True}
        answer = decided(self.pilot, self.task.command, sighting, state["ground_s"])
        command = self._persons(sighting)
        return answer if command is None else {**answer, "wanted": command, "person": True}

    def _persons(self, sighting: Sighting) -> dict[str, Any] | None:
        return self.crew.decide(sighting) if self.crew.at_helm else None

    def refuse(self, state: State) -> State:
        """Answer a stale observation with nothing: the guard turns that into the safe default."""
        return refused()

    def guard(self, state: State) -> State:
        """Hold the command to the limits and, where configured, wait for a person's approval.

        Runs again from its top when resumed after an interrupt: nothing here has side effects.
        """
        wanted = state["wanted"]
        kind = self.task.command
        command = kind.null() if wanted is None else kind.model_validate(wanted)
        ruling = hold(self._guard, command, self.info, self.task.name)
        command, clamped = ruling.command, list(ruling.clamped)
        asked = self.crew.asks or self.config.needs_approval(command)
        if asked and not state.get("person"):
            command = self._approved(command, state, clamped)
        return {"allowed": command.model_dump(), "clamped": clamped}

    def act(self, state: State) -> State:
        """Apply the command, or the safe default when the answer came too late; record it."""
        command = self.task.command.model_validate(state["allowed"])
        self.clock.thought(state["think_ms"] / 1e3)
        late = self.clock.lag() > self.config.max_age_s
        if late and self.config.late == "drop":
            command = self.task.command.null()
        reason = self._apply(state, command, late)
        return {"index": state["index"] + 1, "late": late, "reason": reason}

    def _apply(self, state: State, command: Command, late: bool) -> str:
        """Step the world, write the record, and return why to end, if so.

        Raises:
            Exception: what the world could not go on from (`info["failed"]`), once it is recorded.
        """
        frame, known = self.observation.get("frame"), self._known(state, command, late)
        if self.task.clock.continues:
            self._announce(StepRecord(**known))
        began = time.perf_counter()
        ended = self.step(command)
        act_ms = (time.perf_counter() - began) * 1e3
        sent = command.model_dump()
        applied = dict(self.info.get("applied", sent))
        became = {
            "act_ms": act_ms,
            "applied": applied,
            "lag": float(self.info.get("lag", 0.0)),
            "rotations": self.info.get("rotations", {}),
            "sent": None if sent == applied else sent,
            "notes": [*self.news, *_notes(self.info)],
            "people": list(self.crew.taken()),
            "ended": ended,
        }
        record = StepRecord(**known | became)
        self.keep(record, command)
        self._tell_pictures()
        for listener in self.listeners:
            listener.step(record, frame)
        failed: Exception | None = self.info.get("failed")
        if failed is not None:
            raise failed
        return ended or self.limit()

    def _known(self, state: State, command: Command, late: bool) -> dict[str, Any]:
        """Return the record of a step that is about to be taken, as far as it is known then."""
        return {
            "index": state["index"],
            "stamp": state["stamp"],
            "sense_ms": state["sense_ms"],
            "think_ms": state["think_ms"],
            "act_ms": 0.0,
            "prompt_hash": state["prompt_hash"],
            "raw": state["raw"],
            "wanted": state["wanted"],
            "applied": command.model_dump(),
            "repairs": state["repairs"],
            "clamped": state["clamped"],
            "late": late,
            "relations": state["relations"],
            "measures": self.measures,
            "lag": 0.0,
            "grounding": state["grounding"],
            "notes": list(self.news),
            "calls": [*state.get("asked", []), *state["calls"]],
        }

    def _announce(self, begun: StepRecord) -> None:
        """Have a step written down before it is taken: nobody can bring the world back."""
        for listener in self.listeners:
            if begins := getattr(listener, "begins", None):
                begins(begun)

    def _tell_pictures(self) -> None:
        """Hand on the pictures besides the frame that the pilot's messages name."""
        shown: Mapping[str, bytes] = getattr(self.pilot, "pictures", dict)()
        for listener in self.listeners if shown else ():
            if keep := getattr(listener, "pictures", None):
                keep(shown)

    def step(self, command: Command) -> str:
        """Give the world a command; return the word that the episode ended with, "" if it goes on.

        Raises:
            MeasureUnusable: the world does not tell what it declares to tell.
        """
        self.observation, _, terminated, truncated, self.info = self.env.step(command.action())
        self.measures = self._measured()
        if terminated:
            outcome = self.task.outcome
            return outcome.success if outcome.succeeded(self.info) else "terminated"
        return "timeout" if truncated else ""

    def keep(self, record: StepRecord, command: Command) -> None:
        """Remember a step for the sightings to come."""
        self.records.append(record)
        for call in record.calls:
            self.spent["tokens"] += tokens(call, "tokens_in", "tokens_out")
            self.spent["cost"] += cost(call)
        self.commands.append(command)
        late = ("the last answer came too late",) if record.late else ()
        told, self.news = len(self.news), ()
        self.notes = (*record.clamped, *late, *record.notes[told:])

    def sighting(self, state: State) -> Sighting:
        """Return what the pilot is shown."""
        return self._sighting(self.observation, state["stamp"], state["relations"])

    def sighting_of(self, record: StepRecord, observation: Observation) -> Sighting:
        """Return what the pilot was shown at a recorded step, which is not kept yet."""
        return self._sighting(observation, record.stamp, record.relations)

    def tell(self, *notes: str) -> None:
        """Tell the pilot at its next decision, and the record of that, what came in between."""
        self.notes = self.news = notes

    def _sighting(self, shown: Observation, stamp: float, relations: Sequence[str]) -> Sighting:
        recent = self.commands[-self.config.history :] if self.config.history else []
        return Sighting(
            observation={key: shown[key] for key in self._shown},
            stamp=stamp,
            relations=tuple(relations),
            history=tuple(recent),
            notes=(*self.notes, *self._guard.notes(self.info)),
            timing=self.timing(),
            rotations=self.info.get("attitude", {}),
        )

    def timing(self) -> Timing:
        """Return what is known of the time that the next decision takes."""
        last = self.commands[-1] if self.commands else None
        return Timing.expected(self.clock.rule, self.records, last, repeats=self._repeats)

    def _measured(self) -> dict[str, Any]:
        """Return what the record keeps: the declared measures, and the telemetry that is shown."""
        task, info = self.task, self.info
        read_measures(task.name, CLOCK, info)
        measures = read_measures(task.name, task.measures, info)
        task.outcome.check(task.name, info)
        telemetry = self.observation.get("telemetry")
        if telemetry is not None:
            measures["telemetry"] = telemetry.tolist()
        return measures

    def _check_telemetry(self) -> None:
        shown, fields = self.observation.get("telemetry"), self.task.fields
        if shown is not None and len(shown) != len(fields):
            raise MeasureUnusable(
                f'the world "{self.task.name}" shows {len(shown)} numbers of telemetry and names '
                f"{len(fields)} fields: {', '.join(entry.name for entry in fields) or 'none'}"
            )

    def limit(self) -> str:
        """Return the limit of the episode that is reached, "" for none."""
        if self.max_steps is not None and len(self.records) >= self.max_steps:
            return "steps"
        most, dollars = self.config.max_tokens_total, self.config.max_cost
        if most and self.spent["tokens"] >= most:
            return "tokens"
        if dollars and self.spent["cost"] >= dollars:
            return "cost"
        budget = self.config.wall_budget_s
        return "budget" if budget and time.perf_counter() - self.began > budget else ""

    def _approved(self, command: Command, state: State, clamped: list[str]) -> Command:
        request = {"index": state["index"], "command": command.model_dump(), "clamped": clamped}
        reply = self.approval(request)
        if reply is True:
            return command
        if isinstance(reply, Mapping):
            clamped.append("a person changed the command")
            changed = self.task.command.model_validate(reply)
            ruling = hold(self._guard, changed, self.info, self.task.name)
            clamped += [words for words in ruling.clamped if words not in clamped]
            return ruling.command
        clamped.append("a person refused the command")
        return self.task.command.null()


def _notes(info: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a world did other than asked, in its own words."""
    return tuple(map(str, info.get("notes", ())))
