"""Whether a pilot and a world fit, asked before every run."""

from __future__ import annotations

from collections.abc import Callable

from helmsight.contract.errors import PilotUnfit
from helmsight.contract.pilot import Pilot
from helmsight.contract.task import Task


def check_fit(pilot: Pilot, task: Task, mode: str) -> None:
    """Raise unless `pilot` can operate a world of `task` that shows `mode`.

    Besides what it needs to be shown, a pilot may say which `command` it answers (a class), which
    `telemetry` it reads (names of fields) and which `regions` of the frame it looks at; of
    "radar|frame" one has to be there. What else it wants of a task its `check_task` says.

    Raises:
        PilotUnfit: naming what the pilot wants and what the world has.
    """
    missing = set(pilot.needs.split("+")) - set(mode.split("+"))
    if missing:
        raise PilotUnfit(
            f'pilot "{pilot.name}" needs observation="{pilot.needs}" and the world "{task.name}" '
            f'shows "{mode}"; pass --observation {pilot.needs}'
        )
    command: type | None = getattr(pilot, "command", None)
    if command is not None and not issubclass(task.command, command):
        raise PilotUnfit(
            f'pilot "{pilot.name}" answers {command.__name__} and the world "{task.name}" takes '
            f"{task.command.__name__}; `helmsight list pilots` shows others"
        )
    if "telemetry" in pilot.needs:
        _check_names(pilot, task, "telemetry", [entry.name for entry in task.fields])
    _check_names(pilot, task, "regions", ["frame", *task.regions])
    check_task: Callable[[Task], None] | None = getattr(pilot, "check_task", None)
    if check_task is not None:
        check_task(task)


def _check_names(pilot: Pilot, task: Task, what: str, there: list[str]) -> None:
    wanted: tuple[str, ...] = getattr(pilot, what, ())
    missing = [name for name in wanted if not {*name.split("|")} & {*there}]
    if missing:
        raise PilotUnfit(
            f'pilot "{pilot.name}" looks at {", ".join(missing)} and the {what} of the world '
            f'"{task.name}" are: {", ".join(there) or "none"}'
        )
