"""A run up to where it stopped: its recorded steps again, or a world that stands where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from helmsight.agents.deciding import State, answer
from helmsight.agents.errors import CannotResume
from helmsight.agents.loop import Loop
from helmsight.contract.observation import Observation
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.record import FLEW, Frame, StepRecord, plain


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


INTERRUPTED = "the run was interrupted here; what was under way then is not done again"


def go_on(loop: Loop, past: Sequence[StepRecord], pictures: Iterable[Frame]) -> None:
    """Take the recorded steps as done: no command is given again, whatever became of the last one.

    A pilot that remembers is asked again at the recorded observations, so that it knows what it
    knew; its answers are not compared and not carried out. `pictures` are the recorded frames; the
    world may have been seen at later steps, too, but nobody has those frames any more: they are
    dark in the record.
    """
    found, loop.news = loop.news, ()
    frames = iter(pictures)
    seen = loop.observation.get("frame")
    for record in past:
        frame = next(frames, None)
        if frame is None and seen is not None:
            frame = np.zeros_like(seen)
        if "stale" not in record.repairs and (remind := _reminded(loop.pilot)):
            observation: Observation = {} if frame is None else {"frame": frame}
            if (shown := record.telemetry(len(loop.task.fields))) is not None:
                observation["telemetry"] = shown
            remind(loop.sighting_of(record, observation))
        loop.keep(record, record.given(loop.task.command))
        for listener in loop.listeners:
            if again := getattr(listener, "again", None):
                again(record, frame)
    loop.tell(INTERRUPTED, *found)


def _remind(loop: Loop, state: State, record: StepRecord) -> None:
    """Ask whoever remembers once more, and see that nothing else is answered.

    A step that a person decided is asked of nobody.
    """
    if any(deed.get("did") == FLEW for deed in record.people):
        if watch := getattr(loop.pilot, "watch", None):
            watch(loop.sighting(state))
        return
    if getattr(loop.grounder, "remembers", True):
        grounding = loop.grounder.ground(loop.pilot, loop.task, loop.sighting(state))
        check(record, "relations", list(grounding.lines()), record.relations)
    if getattr(loop.pilot, "remembers", True):
        decision = loop.pilot.decide(loop.sighting(state))
        wanted = answer(decision, loop.task.command)["wanted"]
        check(record, "wanted", plain(wanted), record.wanted)
    elif watch := getattr(loop.pilot, "watch", None):
        watch(loop.sighting(state))


def _reminded(pilot: Pilot) -> Callable[[Sighting], object] | None:
    """Return how a pilot is told of a step that is done: asked again, or only shown it."""
    if getattr(pilot, "remembers", True):
        return pilot.decide
    watch: Callable[[Sighting], object] | None = getattr(pilot, "watch", None)
    return watch


def check(record: StepRecord, what: str, now: object, then: object) -> None:
    """Raise CannotResume where a step goes another way than it was recorded."""
    if now != then:
        raise CannotResume(
            f"step {record.index} goes another way than it was recorded: {what} is {now!r:.200} "
            f"and was {then!r:.200}; the world or the pilot is not what it was"
        )
