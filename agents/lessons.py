"""Lessons out of a recorded run: the messages that a model is sent at a step, and the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from helmsight.agents.again import Sent, check_asked, sent_in
from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.composing import Composer
from helmsight.contract.command import Command
from helmsight.contract.fit import check_fit
from helmsight.contract.pilot import Pilot, Sighting
from helmsight.contract.record import StepRecord
from helmsight.contract.sent import Text
from helmsight.contract.task import Task
from helmsight.tools.errors import FramesMissing
from helmsight.tools.export.lesson import File, Lesson
from helmsight.tools.player import Run

States = Callable[[], Iterator[tuple[StepRecord, Sighting]]]


@dataclass(frozen=True)
class Course:
    """How lessons are made of a run. `style`: its messages are composed anew, as a model of that
    style is asked; None: they are those that were recorded. `expert`: a pilot that is asked for the
    right answer at every state; None: it is what was answered in flight. `rounded`: an answer is
    the nearest of the commands that a model is held to. `verbatim`: it is what the model wrote,
    with its reasons, and not the command that was read in it.
    """

    style: AskingStyle | None = None
    expert: Pilot | None = None
    rounded: bool = True
    verbatim: bool = False


def lessons(
    run: Run, task: Task, states: States, course: Course, left_out: Counter[str]
) -> Iterator[Lesson]:
    """Yield the lessons of a run in the order of its steps; steps without one are `left_out`.

    `states` yields each step with all that a pilot could be shown there; it is called where
    messages are composed or an expert is asked.

    Raises:
        NotAsked: the run has no messages, and none are composed.
        PilotUnfit, FramesMissing, RecordUnusable, CannotResume: as the parts say.
    """
    if course.style is None:
        check_asked(run)
    labels = labels_of(run, task, states, course.expert) if course.expert else None
    summary = run.summary or {}
    score = summary.get("score")
    for sent in _sent(run, task, states, course.style):
        wanted = labels.get(sent.record.index) if labels is not None else sent.record.wanted
        command = None if wanted is None else at_home(sent.record, wanted, task)
        if command is None:
            left_out["no answer" if wanted is None else "no command in the body's axes"] += 1
            continue
        yield Lesson(
            run=run.folder.name,
            step=sent.record.index,
            messages=sent.messages,
            pictures=_files(sent),
            answer=_answer(sent.record, command, course),
            score=float(score) if isinstance(score, int | float) else None,
            success=summary.get("success") is True,
        )


def _answer(record: StepRecord, command: Command, course: Course) -> str:
    if course.verbatim:
        said = [call.get("answer") for call in record.calls if call.get("purpose") == "command"]
        return str(said[-1])
    return (nearest(command) if course.rounded else command).text()


def _sent(run: Run, task: Task, states: States, style: AskingStyle | None) -> Iterator[Sent]:
    if style is None:
        yield from sent_in(run)
        return
    from helmsight.agents.question import kept

    composer = Composer(style, local=False)
    pictures = composer.begin(task)
    for record, sighting in states():
        if composer.sees and "frame" not in sighting.observation:
            raise FramesMissing(
                f"{run.folder} holds no frame of step {record.index}, and the model is to be shown "
                "one; record the run again with its frames kept"
            )
        if "stale" in record.repairs:  # a model is not asked then
            continue
        messages, _ = composer.asked(sighting)
        earlier = {past.stamp: past.observation["frame"] for past in composer.earlier}
        frame = sighting.observation.get("frame")
        yield Sent(record, kept(messages), frame, pictures.get, earlier)
        composer.watch(sighting)


def labels_of(run: Run, task: Task, states: States, expert: Pilot) -> Mapping[int, dict[str, Any]]:
    """Return what an expert answers at every state of a run, by the number of the step."""
    check_fit(expert, task, "frame+telemetry")
    expert.reset(task, run.spec.seed)
    needs, labels = expert.needs.split("+"), {}
    for record, sighting in states():
        if missing := [key for key in needs if key not in sighting.observation]:
            raise FramesMissing(
                f'step {record.index} of {run.folder} holds no {missing[0]}, and "{expert.name}" '
                "needs it; ask another expert, or record the run again"
            )
        shown = replace(sighting, observation={key: sighting.observation[key] for key in needs})
        command = expert.decide(shown).command
        if command is not None:
            labels[record.index] = command.model_dump()
    return labels


def _files(sent: Sent) -> tuple[File, ...]:
    """Return the files of all pictures in the messages, in their order."""
    parts = (part for message in sent.messages for part in message.parts)
    files = []
    for part in parts:
        if isinstance(part, Text):
            continue
        image, _, media_type = sent.shown(part, local=False)
        assert isinstance(image, bytes)
        files.append(File(image, media_type))
    return tuple(files)


def at_home(record: StepRecord, command: Mapping[str, Any], task: Task) -> Command | None:
    """Return a command in the axes that it is asked for in, None where they are not known."""
    kind, form = task.command, task.command.form
    if not form.vector or command.get("frame", form.home) == form.home:
        return kind.model_validate(command)
    turned = record.shown(command, task.description())
    if not set(form.vector) <= turned.keys():
        return None
    vector = {name: float(np.clip(round(turned[name], 4), -1.0, 1.0)) for name in form.vector}
    return kind.model_validate({**command, **vector, "frame": form.home})


def nearest(command: Command) -> Command:
    """Return the command nearest to this one among those that a model is held to."""
    choices, table = _choices(type(command))
    away = np.abs(table - np.array(_numbers(command))).sum(axis=1)
    return choices[int(away.argmin())] if _alike(command, choices) else command


def _alike(command: Command, choices: tuple[Command, ...]) -> bool:
    """Whether a command is told by its numbers alone, so that a near one means nearly the same."""
    said = _words(command)
    return bool(choices) and all(_words(choice) == said for choice in choices)


@cache
def _choices(kind: type[Command]) -> tuple[tuple[Command, ...], Any]:
    choices = tuple(kind.choices())
    return choices, np.array([_numbers(choice) for choice in choices])


def _numbers(command: Command) -> list[float]:
    values = command.model_dump().values()
    return [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def _words(command: Command) -> dict[str, Any]:
    data = command.model_dump()
    return {k: v for k, v in data.items() if isinstance(v, bool) or not isinstance(v, int | float)}
