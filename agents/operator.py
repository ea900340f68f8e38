"""The operator: look -> ground -> decide -> guard -> act, a LangGraph loop around any pilot."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import gymnasium
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from helmsight.agents.errors import ApprovalMissing, ObservationMissing
from helmsight.agents.ground import grounder
from helmsight.agents.guard import Guard, Limits, budget_notes
from helmsight.agents.memory import Flight, checkpointer, flown, measures, run_spec, summarise
from helmsight.contract.clock import Clock
from helmsight.contract.command import Command
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Decision, Pilot, Sighting
from helmsight.contract.record import Listener, StepRecord
from helmsight.contract.task import Task

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

NODES = ("look", "ground", "decide", "guard", "act")
Request = dict[str, Any]
Answer = bool | dict[str, Any]


class OperatorConfig(BaseModel):
    """How the loop runs, whoever flies.

    An answer to an observation older than `max_age_s` world seconds is dropped for the safe
    default (`late="drop"`) or flown from the moment it arrives (`late="retime"`); both are
    counted. `approve` names the commands that wait for a person: none, all, or those for which
    the callable returns True. With `checkpoint`, an SQLite file, the graph can be inspected and
    a flight resumed under its `thread` id. A picture that has not changed for `frozen_s` world
    seconds is refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    grounding: str = "direct"
    limits: Limits = Limits()
    max_age_s: float = Field(default=10.0, gt=0)
    late: Literal["drop", "retime"] = "drop"
    wall_budget_s: float | None = Field(default=None, gt=0)
    history: int = Field(default=4, ge=0)
    frozen_s: float = Field(default=5.0, gt=0)
    approve: Literal["off", "all"] | Callable[[Command], bool] = "off"
    checkpoint: Path | None = None
    thread: str = "flight"


class State(TypedDict, total=False):
    """The graph's state: JSON only. Pixels stay with the loop that holds the run."""

    index: int
    stamp: float
    stale: bool
    sense_ms: float
    relations: list[str]
    grounding: dict[str, int]
    ground_s: float
    think_s: float
    wanted: dict[str, Any] | None
    raw: str
    repairs: dict[str, int]
    prompt_hash: str
    allowed: dict[str, Any]
    clamped: list[str]
    flown: dict[str, Any]
    reason: str


class Loop:
    """One episode at the controls: the nodes of the graph and what they share besides its state."""

    def __init__(
        self, env: gymnasium.Env[Any, Any], pilot: Pilot, config: OperatorConfig, seed: int
    ) -> None:
        self.env, self.pilot, self.config = env, pilot, config
        self.clock: Clock = env.unwrapped.clock  # type: ignore[attr-defined]
        self.listeners: Sequence[Listener] = ()
        self.max_steps: int | None = None
        self.records: list[StepRecord] = []
        self.commands: list[Command] = []
        self.notes: tuple[str, ...] = ()
        self.began = time.perf_counter()
        self._grounder = grounder(config.grounding)
        self._guard = Guard(config.limits)
        self._seen: float | None = None
        self._last_frame: np.ndarray[Any, Any] | None = None
        self._changed_at = 0.0
        self.observation: Observation
        self.info: Mapping[str, Any]
        self.observation, self.info = env.reset(seed=seed)
        self.task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        self.first = dict(self.info)
        pilot.reset(self.task, seed)
        self._grounder.prepare(pilot, self.task, env.unwrapped, seed)

    def look(self, state: State) -> State:
        """Take the observation in hand; refuse one whose stamp or picture stands still."""
        began = time.perf_counter()
        stamp = float(self.info["met"])
        stale = self._seen is not None and stamp <= self._seen
        frame = self.observation.get("frame")
        if frame is not None:
            thumbnail = frame[::4, ::4].copy()
            if self._last_frame is None or not np.array_equal(thumbnail, self._last_frame):
                self._last_frame, self._changed_at = thumbnail, stamp
            stale = stale or stamp - self._changed_at >= self.config.frozen_s
        self._seen = stamp
        sense_ms = (time.perf_counter() - began) * 1e3
        return {
            "stamp": stamp,
            "stale": stale,
            "sense_ms": sense_ms,
            "relations": [],
            "grounding": {},
        }

    def ground(self, state: State) -> State:
        """Relate what is in the frame, in verified words."""
        began = time.perf_counter()
        found = self._grounder.ground(self.pilot, self.task, self._sighting(state))
        counts = found.counts.to_dict() if found.counts.calls else {}
        spent = time.perf_counter() - began
        return {"relations": found.lines(), "grounding": counts, "ground_s": spent}

    def decide(self, state: State) -> State:
        """Ask the pilot for a command."""
        sighting = self._sighting(state)
        began = time.perf_counter()
        decision = self.pilot.decide(sighting)
        think_s = time.perf_counter() - began + state["ground_s"]
        return {**_answer(decision, self.task.command), "think_s": think_s}

    def refuse(self, state: State) -> State:
        """Answer a stale observation with nothing: the guard turns that into the safe default."""
        return {**_answer(Decision(None), None), "repairs": {"stale": 1}, "think_s": 0.0}

    def guard(self, state: State) -> State:
        """Hold the command to the limits and, where configured, wait for a person's approval.

        Runs again from its top when resumed after the interrupt: nothing here has side effects.
        """
        wanted = state["wanted"]
        kind = self.task.command
        command = kind.null() if wanted is None else kind.model_validate(wanted)
        ruling = self._guard.check(command, self.info)
        command, clamped = ruling.command, list(ruling.clamped)
        if self._needs_approval(command):
            command = self._approved(command, state, clamped)
        return {"allowed": command.model_dump(), "clamped": clamped}

    def act(self, state: State) -> State:
        """Apply the command, or the safe default when the answer came too late; record it."""
        command = self.task.command.model_validate(state["allowed"])
        self.clock.thought(state["think_s"])
        late = self.clock.lag() > self.config.max_age_s
        if late and self.config.late == "drop":
            command = self.task.command.null()
        done = {"command": command.model_dump(), "late": late}
        reason = self.apply(state, done)
        return {"index": state["index"] + 1, "flown": done, "reason": reason}

    def apply(self, state: State, done: Mapping[str, Any]) -> str:
        """Step the world with what was `done`, write the record, and return why to end, if so."""
        command = self.task.command.model_validate(done["command"])
        before, frame = measures(self.info), self.observation.get("frame")
        began = time.perf_counter()
        self.observation, _, terminated, truncated, self.info = self.env.step(command.action())
        act_ms = (time.perf_counter() - began) * 1e3
        record = StepRecord(
            index=state["index"],
            stamp=state["stamp"],
            sense_ms=state["sense_ms"],
            think_ms=state["think_s"] * 1e3,
            act_ms=act_ms,
            prompt_hash=state["prompt_hash"],
            raw=state["raw"],
            wanted=state["wanted"],
            applied=dict(self.info.get("applied", done["command"])),
            repairs=state["repairs"],
            clamped=state["clamped"],
            late=done["late"],
            relations=state["relations"],
            measures=before,
            lag=float(self.info.get("lag", 0.0)),
            grounding=state.get("grounding", {}),
        )
        self.records.append(record)
        self.commands.append(command)
        late = ("the last answer came too late",) if done["late"] else ()
        self.notes = (*state["clamped"], *late)
        for listener in self.listeners:
            listener.step(record, frame)
        return self._ended(terminated, truncated)

    def replay(self, past: State) -> None:
        """Fly one remembered step again, exactly as it was flown: `past` is the state after it."""
        state: State = {**past, "index": past["index"] - 1}
        self.look(state)
        self.clock.thought(state["think_s"])
        self.apply(state, past["flown"])

    def _ended(self, terminated: bool, truncated: bool) -> str:
        if terminated:
            return "captured" if self.info.get("captured") else "terminated"
        if truncated:
            return "timeout"
        if self.max_steps is not None and len(self.records) >= self.max_steps:
            return "steps"
        budget = self.config.wall_budget_s
        return "budget" if budget and time.perf_counter() - self.began > budget else ""

    def _sighting(self, state: State) -> Sighting:
        shown = self.pilot.needs.split("+")  # a pilot sees what it needs and nothing more
        recent = self.commands[-self.config.history :] if self.config.history else []
        return Sighting(
            observation={key: self.observation[key] for key in shown},
            stamp=state["stamp"],
            relations=tuple(state["relations"]),
            history=tuple(recent),
            notes=(*self.notes, *budget_notes(self.info, self.config.limits)),
        )

    def _needs_approval(self, command: Command) -> bool:
        approve = self.config.approve
        return approve(command) if callable(approve) else approve == "all"

    def _approved(self, command: Command, state: State, clamped: list[str]) -> Command:
        from langgraph.types import interrupt

        request = {"index": state["index"], "command": command.model_dump(), "clamped": clamped}
        answer = interrupt(request)
        if answer is True:
            return command
        if isinstance(answer, Mapping):
            clamped.append("a person changed the command")
            return self.task.command.model_validate(answer)
        clamped.append("a person refused the command")
        return self.task.command.null()


def _answer(decision: Decision, kind: type[Command] | None) -> State:
    """Return a decision as state; what is no command of `kind` counts as nothing."""
    usable = kind is not None and isinstance(decision.command, kind)
    repairs = dict(decision.repairs)
    if kind is not None and not usable:
        repairs.setdefault("default", 1)
    return {
        "wanted": decision.command.model_dump() if usable and decision.command else None,
        "raw": decision.raw,
        "repairs": repairs,
        "prompt_hash": decision.prompt_hash,
    }


def build(loop: Loop, saver: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Return the compiled graph over the nodes of `loop`."""
    from langgraph.graph import END, START, StateGraph

    graph = StateGraph(State)
    for name in (*NODES, "refuse"):
        graph.add_node(name, getattr(loop, name))
    graph.add_edge(START, "look")
    graph.add_conditional_edges(
        "look", lambda state: "refuse" if state["stale"] else "ground", ["refuse", "ground"]
    )
    for here, there in (("ground", "decide"), ("decide", "guard"), ("refuse", "guard")):
        graph.add_edge(here, there)
    graph.add_edge("guard", "act")
    graph.add_conditional_edges(
        "act", lambda state: END if state["reason"] else "look", [END, "look"]
    )
    return graph.compile(checkpointer=saver)


class Operator:
    """Flies any pilot through the same graph.

    `on_approval` is asked when a command waits for a person; it returns True, False or another
    command as a dict.

    Raises:
        ObservationMissing: the environment does not show what the pilot needs.
        ApprovalMissing: the configuration asks for approval and `on_approval` is None.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        pilot: Pilot,
        config: OperatorConfig | None = None,
        listeners: Sequence[Listener] = (),
        on_approval: Callable[[Request], Answer] | None = None,
    ) -> None:
        self.env, self.pilot = env, pilot
        self.config = config or OperatorConfig()
        self.listeners = tuple(listeners)
        self._ask = on_approval or (lambda request: False)
        mode: str = env.unwrapped.observation_mode  # type: ignore[attr-defined]
        if not set(pilot.needs.split("+")) <= set(mode.split("+")):
            raise ObservationMissing(
                f'pilot "{pilot.name}" needs observation="{pilot.needs}" and the environment '
                f'shows "{mode}"; pass --observation {pilot.needs}'
            )
        if self.config.approve != "off" and on_approval is None:
            raise ApprovalMissing(
                "commands are to be approved and nobody answers; pass on_approval= or approve=off"
            )

    def fly(self, seed: int = 0, max_steps: int | None = None, *, resume: bool = False) -> Flight:
        """Fly one episode and return it; Ctrl-C ends it with the reason "interrupted".

        With `resume`, goes on from the configured checkpoint: the commands flown so far are
        applied again, which rebuilds a seeded world exactly (not under `realtime`).

        Raises:
            CannotResume: there is no checkpoint to go on from.
            Exception: whatever went wrong in the loop, after the listeners were told.
        """
        began = time.perf_counter()
        spec = run_spec(self.env, self.pilot, self.config, seed, max_steps)
        for listener in self.listeners:
            listener.start(spec)
        loop: Loop | None = None
        try:
            loop = Loop(self.env, self.pilot, self.config, seed)
            loop.listeners, loop.max_steps = self.listeners, max_steps
            with checkpointer(self.config.checkpoint, self.config.approve != "off") as saver:
                reason = self._drive(loop, saver, resume)
        except KeyboardInterrupt:
            reason = "interrupted"
        except Exception as error:
            self._finish(f"error: {type(error).__name__}: {error}", loop, seed, began)
            raise
        summary = self._finish(reason, loop, seed, began)
        return Flight(reason, summary, loop.records if loop else [])

    def _drive(self, loop: Loop, saver: Any, resume: bool) -> str:
        from langgraph.types import Command as Resume

        graph = build(loop, saver)
        thread: Any = {"configurable": {"thread_id": self.config.thread}}
        # every step of the world is five steps of the graph, and an episode has no fixed length
        limits: Any = {**thread, "recursion_limit": 1_000_000}
        durability: Any = {"durability": "async"} if self.config.checkpoint else {}
        given: Any = {"index": 0, "reason": ""}
        if resume:
            for past in flown(graph, thread):
                loop.replay(past)
            given = None
        elif saver is not None:
            saver.delete_thread(self.config.thread)
        state = graph.invoke(given, limits, **durability)
        while "__interrupt__" in state:
            answer = self._ask(dict(state["__interrupt__"][0].value))
            state = graph.invoke(Resume(resume=answer), limits, **durability)
        return str(state["reason"])

    def _finish(self, reason: str, loop: Loop | None, seed: int, began: float) -> dict[str, Any]:
        task: Task = self.env.unwrapped.task  # type: ignore[attr-defined]
        summary = {"scenario": task.name, "pilot": self.pilot.name, "seed": seed}
        if loop is not None:
            summary |= summarise(loop.records, loop.first, loop.info)
        summary |= {"wall_s": time.perf_counter() - began, "reason": reason}
        for listener in self.listeners:
            listener.finish(reason, summary)
        return summary
