"""The half of the loop that is the pilot's: ground and decide, wherever the world may be."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypedDict

from helmsight.contract.command import Command
from helmsight.contract.pilot import Decision, Pilot, Sighting
from helmsight.contract.task import Task

if TYPE_CHECKING:
    from helmsight.agents.ground import Grounder


class State(TypedDict, total=False):
    """What one node hands to the next: JSON only. Pixels stay with the loop that holds the run.

    `asked` are the requests to another pilot's model that grounding took, `calls` the pilot's own.
    """

    run: dict[str, Any]  # of a graph alone: which run its checkpoint is of
    index: int
    stamp: float
    stale: bool
    sense_ms: float
    relations: list[str]
    grounding: dict[str, int]
    asked: list[dict[str, Any]]
    ground_s: float
    think_ms: float
    person: bool  # whether a person decided
    wanted: dict[str, Any] | None
    raw: str
    repairs: dict[str, int]
    prompt_hash: str
    calls: list[dict[str, Any]]
    allowed: dict[str, Any]
    clamped: list[str]
    late: bool
    reason: str


def related(grounder: Grounder, pilot: Pilot, task: Task, sighting: Sighting) -> State:
    """Return what is where in the frame, in verified words, and what finding that took."""
    began = time.perf_counter()
    grounding = grounder.ground(pilot, task, sighting)
    counts = grounding.counts.to_dict() if grounding.counts.calls else {}
    spent = time.perf_counter() - began
    asked = [call.to_dict() for call in grounder.taken()]
    return {
        "relations": grounding.lines(),
        "grounding": counts,
        "asked": asked,
        "ground_s": spent,
    }


def decided(pilot: Pilot, kind: type[Command], sighting: Sighting, ground_s: float) -> State:
    """Ask the pilot for a command of `kind`; grounding counts as thinking."""
    began = time.perf_counter()
    decision = pilot.decide(sighting)
    think_s = time.perf_counter() - began + ground_s
    # rounded before it counts: a resumed run reads the very same number back
    return {**answer(decision, kind), "think_ms": round(think_s * 1e3, 4)}


def ordered(command: dict[str, Any]) -> State:
    """Answer with a person's command; how long they thought is not known."""
    return {**answer(Decision(None), None), "wanted": command, "think_ms": 0.0}


def refused() -> State:
    """Answer a stale observation with nothing: the guard turns that into the safe default."""
    return {**answer(Decision(None), None), "repairs": {"stale": 1}, "think_ms": 0.0}


def answer(decision: Decision, kind: type[Command] | None) -> State:
    """Return a decision as state; what is no command of `kind` counts as nothing."""
    usable = kind is not None and isinstance(decision.command, kind)
    repairs = dict(decision.repairs)
    if kind is not None and not usable and not repairs.keys() & {"unreadable", "errors"}:
        repairs.setdefault("default", 1)
    return {
        "wanted": decision.command.model_dump() if usable and decision.command else None,
        "raw": decision.raw,
        "repairs": repairs,
        "prompt_hash": decision.prompt_hash,
        "calls": [call.to_dict() for call in decision.calls],
    }
