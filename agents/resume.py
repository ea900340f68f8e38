"""A run up to where it stopped: its recorded steps again, or a world that stands where it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from helmsight.agents.deciding import State, answer
from helmsight.agents.errors import CannotResume
from helmsight.agents.loop import Loop
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.record import FLEW, Frame, StepRecord, plain

ROUNDING = 1e-6
"""By how much numbers may differ, as a share or as they are, for a world to go the same way.

Processors and libraries round their sines and roots each in their own way: a flight of 240 s on one
is off by less than this on another, and one of another seed or command by far more.
"""


def replay(loop: Loop, past: Sequence[StepRecord]) -> str:
    """Give the world every recorded command again; return why the episode ended, "" if it goes on.

    What happens is compared with what was recorded at every step. A pilot or a grounder that
    remembers is asked again, so that it knows what it knew; the answers have to be the same.

    Raises:
        CannotResume: the world or the pilot goes another way than it went; names the step.
    """
    ended = ""
    for record in past:
        if ended:
            raise CannotResume(f"the world ended ({ended}) before recorded step {record.index}")
        check(record, "measures", plain(loop.measures), plain(record.measures))
        state: State = {"index": record.index, "reason": ""}
        state.update(loop.look(state))
        state["relations"] = record.relations
        if not state["stale"]:
            _remind(loop, state, record)
        frame = loop.observation.get("frame")
        ended = step_again(loop, record)
        for listener in loop.listeners:
            if again := getattr(listener, "again", None):
                again(record, frame)
    return ended


def step_again(loop: Loop, record: StepRecord) -> str:
    """Give the world a recorded command again, after as long; return why the episode ended, if so.

    Raises:
        CannotResume: something else took effect than was recorded.
    """
    if loop.clock.rule.kind == "realtime":  # what the wall clock said is in the record only
        loop.clock.retrace(record.lag)
    else:
        loop.clock.thought(record.think_ms / 1e3)
    command = record.given(loop.task.command)
    ended = loop.step(command)
    check(record, "applied", plain(loop.info.get("applied", record.command)), record.applied)
    loop.keep(record, command)
    return ended


INTERRUPTED = "the run was interrupted here"
UNKNOWN = "how far that came is not known: look where things are"


def go_on(
    loop: Loop,
    past: Sequence[StepRecord],
    pictures: Iterable[Frame],
    begun: StepRecord | None = None,
) -> str:
    """Take the recorded steps as done; return the word that the last one ended the episode with.

    No command of theirs is given again. A pilot that remembers is asked again at the recorded
    observations, so that it knows what it knew; its answers are not compared and not carried out.
    `pictures` are the recorded frames; the world may have been seen at later steps, too, but
    nobody has those frames any more: they are dark in the record.

    `begun` is the step that was under way. Nobody knows how far it came, so that the pilot is told
    of it and decides anew; but a command that leads further each time (`Command.repeatable`) counts
    as done: a pilot that answers by a list would give it a second time.

    Raises:
        CannotResume: a step was begun whose earlier ones are missing in the record.
    """
    found, loop.news = loop.news, ()
    frames = iter(pictures)
    for record in past:
        frame = next(frames, None)
        _remembered(loop, record, _dark(loop) if frame is None else frame)
        for listener in loop.listeners:
            if again := getattr(listener, "again", None):
                again(record, _dark(loop) if frame is None else frame)
    if past and past[-1].ended:
        return past[-1].ended
    loop.tell(*_under_way(loop, begun), *found)
    return ""


def _under_way(loop: Loop, begun: StepRecord | None) -> tuple[str, ...]:
    """Take in the step that was under way, and return what the pilot is told of it."""
    if begun is None or begun.index < len(loop.records):
        return (INTERRUPTED,)
    if begun.index > len(loop.records):
        raise CannotResume(
            f"step {begun.index} was begun and the record ends at step {len(loop.records) - 1}: "
            "what was done between them is not known any more; begin a new run"
        )
    command = begun.given(loop.task.command)
    told = f"{INTERRUPTED}, while {command.text()} was under way; {UNKNOWN}"
    if not command.repeatable:
        record = replace(begun, notes=[*begun.notes, told])
        _remembered(loop, record, _dark(loop))
        for listener in loop.listeners:
            listener.step(record, _dark(loop))
    return (told,)


def _remembered(loop: Loop, record: StepRecord, frame: Frame | None) -> None:
    """Keep a step as done, and have the pilot know what it knew after it."""
    if "stale" not in record.repairs and (remind := _reminded(loop.pilot, record)):
        observation: Observation = {} if frame is None else {"frame": frame}
        if (shown := record.telemetry(len(loop.task.fields))) is not None:
            observation["telemetry"] = shown
        remind(loop.sighting_of(record, observation))
    loop.keep(record, record.given(loop.task.command))


def _dark(loop: Loop) -> Frame | None:
    """Return a frame of a step that was not recorded, where the world shows any."""
    seen = loop.observation.get("frame")
    return None if seen is None else np.zeros_like(seen)


def _remind(loop: Loop, state: State, record: StepRecord) -> None:
    """Ask whoever remembers once more, and see that nothing else is answered.

    Where a person decided before the pilot was asked, it is asked nothing now.
    """
    if not _was_asked(record):
        if watch := getattr(loop.pilot, "watch", None):
            watch(loop.sighting(state))
        return
    if getattr(loop.grounder, "remembers", True):
        grounding = loop.grounder.ground(loop.pilot, loop.task, loop.sighting(state))
        check(record, "relations", list(grounding.lines()), record.relations)
    if getattr(loop.pilot, "remembers", True):
        decision = loop.pilot.decide(loop.sighting(state))
        wanted = answer(decision, loop.task.command)["wanted"]
        if not _flown(record):  # else it is the person's
            check(record, "wanted", plain(wanted), record.wanted)
    elif watch := getattr(loop.pilot, "watch", None):
        watch(loop.sighting(state))


def _flown(record: StepRecord) -> bool:
    """Return whether a person decided a step."""
    return any(deed.get("did") == FLEW for deed in record.people)


def _was_asked(record: StepRecord) -> bool:
    """Return whether the pilot was asked at a step: a person may have come before it."""
    return not _flown(record) or bool(record.prompt_hash or record.raw)


def _reminded(pilot: Pilot, record: StepRecord) -> Callable[[Sighting], object] | None:
    """Return how a pilot is told of a step that is done: asked again, or only shown it."""
    if getattr(pilot, "remembers", True) and _was_asked(record):
        return pilot.decide
    watch: Callable[[Sighting], object] | None = getattr(pilot, "watch", None)
    return watch


def check(record: StepRecord, what: str, now: object, then: object) -> None:
    """Raise CannotResume where a step goes another way than it was recorded, rounding aside."""
    if not alike(now, then):
        raise CannotResume(
            f"step {record.index} goes another way than it was recorded: {what} is {now!r:.200} "
            f"and was {then!r:.200}; the world or the pilot is not what it was"
        )


def alike(now: object, then: object) -> bool:
    """Return whether plain data are the same but for `ROUNDING` of their numbers."""
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        return now.keys() == then.keys() and all(alike(now[key], then[key]) for key in now)
    if isinstance(now, list | tuple) and isinstance(then, list | tuple):
        return len(now) == len(then) and all(map(alike, now, then))
    if bool in (type(now), type(then)):
        return now is then
    if isinstance(now, int | float) and isinstance(then, int | float):
        near = math.isclose(now, then, rel_tol=ROUNDING, abs_tol=ROUNDING)
        return near or (math.isnan(now) and math.isnan(then))
    return type(now) is type(then) and now == then
