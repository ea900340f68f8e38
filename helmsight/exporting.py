"""Recorded runs as data to learn from: which runs, in whose words, with whose answers, where to."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from helmsight.agents.asking_style import WORDS, AskingStyle
from helmsight.agents.lessons import Course, lessons
from helmsight.contract.validation import wrong
from helmsight.errors import InvalidSetting
from helmsight.resuming import rebuild_env
from helmsight.session import operator_config
from helmsight.tools.errors import NothingToExport
from helmsight.tools.export.chosen import Wanted, choose, found
from helmsight.tools.export.target import begin, describe
from helmsight.tools.folder import FRAMES
from helmsight.tools.player import Run

if TYPE_CHECKING:
    from helmsight.agents.lessons import States
    from helmsight.contract.pilot import Pilot, Sighting
    from helmsight.contract.record import StepRecord
    from helmsight.contract.task import Task

FORMATS = ("chat", "lerobot", "hf")


@dataclass(frozen=True)
class Asked:
    """What is exported: the form, which runs, whose answers, in whose words.

    `expert` names a pilot whose answers are learnt; None: those of the runs. `style`: as what model
    the messages are composed; None: as they were recorded, or, where no model was asked, as any
    model is asked. `held_out` is the share that is kept for the test: whole runs, or the end of a
    single one.
    """

    format: str
    wanted: Wanted = field(default_factory=Wanted)
    expert: str | None = None
    style: AskingStyle | None = None
    held_out: float = 0.1


def style_as(model: str | None, options: Mapping[str, Any]) -> AskingStyle | None:
    """Return how `model` is asked, changed by options of `agents.asking_style.Asked` and by
    `observation`; None where messages stay as they are recorded.

    Raises:
        InvalidSetting: options without a model, or such as are none.
        UnknownPilot, ModelUnavailable: there is no such model.
    """
    from helmsight.agents.asking_style import Asked as Changes
    from helmsight.agents.models.load import style_of

    given = dict(options)
    if model is None:
        if given:
            raise InvalidSetting(
                "--model-option is for messages that are composed anew; say as which model is "
                "asked: --ask-as MODEL, or --ask-as any"
            )
        return None
    observation = given.pop("observation", None)
    changes, odd = Changes.out_of(given)
    if odd:
        known = ", ".join((*Changes.model_fields, "observation"))
        raise InvalidSetting(f"--model-option {next(iter(odd))}: choose one of {known}")
    return changes.on(style_of(None if model == "any" else model, observation))


def export(folders: Sequence[Path], out: Path, asked: Asked) -> dict[str, Any]:
    """Write data out of the runs in `folders` into the new folder `out`; return what was written.

    Raises:
        InvalidSetting: no such format, a share that there is not, or runs that do not go together.
        NothingToExport: no run is left, or `out` is in use.
        ToolsError, AgentsError: what a run does not hold, or how its world cannot be built again.
    """
    if asked.format not in FORMATS:
        raise InvalidSetting(f"--format {asked.format}: choose one of {', '.join(FORMATS)}")
    if not 0.0 <= asked.held_out < 1.0:
        raise InvalidSetting(f"--held-out {asked.held_out:g}: give a share from 0 to less than 1")
    runs, left_out = choose(found(folders), asked.wanted)
    expert = _expert(asked.expert)
    style = None if asked.format == "lerobot" else _style(runs, asked)
    begin(out)
    try:
        return _written(runs, out, asked, style, expert, left_out)
    except BaseException:  # half of a data set is none
        shutil.rmtree(out, ignore_errors=True)
        raise


def _written(
    runs: Sequence[Run], out: Path, asked: Asked, style: AskingStyle | None, expert: Pilot | None,
    left_out: Counter[str],
) -> dict[str, Any]:  # fmt: skip
    card: dict[str, Any] = {"format": asked.format, "answers": asked.expert or "as flown"}
    card |= {"runs": [str(run.folder) for run in runs]}
    if style is None:
        written = _robot_data(runs, out, expert)
    else:
        card["style"] = style.model_dump(mode="json")
        written = _chat_data(runs, out, asked, style, expert, left_out)
    describe(out, {**card, **written, "left_out": dict(left_out)})
    return {"out": str(out), **card, **written, "left_out": dict(left_out)}


def _chat_data(
    runs: Sequence[Run], out: Path, asked: Asked, style: AskingStyle, expert: Pilot | None,
    left_out: Counter[str],
) -> dict[str, Any]:  # fmt: skip
    from helmsight.tools.export.chat import ChatWriter
    from helmsight.tools.export.hf import HfWriter

    in_words = style.prompt == WORDS  # a model of a prompt of its own is held to a set of commands
    rounded, verbatim = style.constrained and not in_words, in_words and style.think != "none"
    course = Course(None, expert, rounded=rounded, verbatim=verbatim)
    with (ChatWriter if asked.format == "chat" else HfWriter)(out) as writer:
        for number, run in enumerate(runs):
            own_words = bool(run.spec.style) and recorded_style(run) == style
            composed = asked.style is not None or not own_words
            with _rebuilt(run) as (task, states):
                own = replace(course, style=style if composed else None)
                made = lessons(run, task, states, own, left_out)
                split = _splitter(number, len(runs), len(run.records), asked.held_out)
                for lesson in made:
                    writer.add(lesson, split(lesson.step))
        counts = dict(writer.counts)
    if not counts.get("train"):
        raise NothingToExport(f"no step is left to learn from: {dict(left_out)}")
    return {"train": counts["train"], "test": counts.get("test", 0),
            "pictures": counts.get("pictures", 0)}  # fmt: skip


def _robot_data(runs: Sequence[Run], out: Path, expert: Pilot | None) -> dict[str, Any]:
    from helmsight.agents.lessons import labels_of
    from helmsight.tools.export.lerobot import LeRobotWriter

    with LeRobotWriter(out) as writer:
        for run in runs:
            with _rebuilt(run) as (task, states):
                labels = labels_of(run, task, states, expert) if expert else None
                writer.add(run, task, labels)
        return writer.totals()


def _expert(name: str | None) -> Pilot | None:
    from helmsight.agents.models.load import load_pilot

    return None if name is None else load_pilot(name)


def _style(runs: Sequence[Run], asked: Asked) -> AskingStyle:
    """Return the style of all messages: the given one, that of the runs, or that of any model.

    A model is not taught to think where there is nothing but the command for an answer.

    Raises:
        InvalidSetting: the runs' models were asked in several styles.
    """
    if asked.style is not None:
        return _unthinking(asked.style)
    styles: list[AskingStyle] = []
    for run in runs:
        style = recorded_style(run)
        if asked.expert or not run.spec.style:
            style = _unthinking(style)
        if style not in styles:
            styles.append(style)
    if len(styles) > 1:
        raise InvalidSetting(
            f"the models of these runs were asked in {len(styles)} ways; export them apart, or "
            "have all messages composed anew as one model is asked: --ask-as MODEL, or --ask-as any"
        )
    return styles[0]


def _unthinking(style: AskingStyle) -> AskingStyle:
    return style.model_copy(update={"think": "none"}) if style.prompt == WORDS else style


def recorded_style(run: Run) -> AskingStyle:
    """Return how the model of a run was asked, or how any model is where none was.

    Raises:
        InvalidSetting: the record says something else than a style.
    """
    try:
        return AskingStyle.model_validate(run.spec.style)
    except ValidationError as error:
        raise InvalidSetting(
            f"{run.folder}: the record does not say how a model was asked ({wrong(error)}); have "
            "the messages composed anew: --ask-as MODEL, or --ask-as any"
        ) from None


def _splitter(number: int, runs: int, steps: int, share: float) -> Callable[[int], str]:
    """Return what tells the split of a step: whole runs are held out, or the end of one alone."""
    if not share:
        return lambda step: "train"
    if runs == 1:
        first = steps - max(1, round(share * steps))
        return lambda step: "test" if step >= first else "train"
    every = max(2, round(1.0 / share))
    held = number % every == every - 1 or (runs < every and number == runs - 1)
    return lambda step: "test" if held else "train"


@contextmanager
def _rebuilt(run: Run) -> Iterator[tuple[Task, States]]:
    """Yield the task of a run, and what goes through its states once more."""
    env = rebuild_env(run.spec)
    try:
        task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        yield task, lambda: _states(run, task)
    finally:
        env.close()


def _states(run: Run, task: Task) -> Iterator[tuple[StepRecord, Sighting]]:
    """Yield the states of the world built again, or as they were recorded where it cannot be."""
    from helmsight.agents.retrace import retraced
    from helmsight.tools.compare import sightings

    if not (task.clock.rebuilt and task.fields):
        shown = ["frame"] if (run.folder / FRAMES).is_file() else []
        shown += ["telemetry"] if run.records[0].telemetry(len(task.fields)) is not None else []
        yield from sightings(run, "+".join(shown), task)
        return
    options = {**run.spec.options, "observation": "telemetry"}
    env = rebuild_env(replace(run.spec, options=options))
    try:
        yield from retraced(run, env, operator_config(run.spec.operator))
    finally:
        env.close()
