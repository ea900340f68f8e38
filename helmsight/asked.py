"""What the models of a recorded run were sent: shown to a person, or sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from helmsight.contract.sent import Message, Picture, Text, View, messages_in
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.contract.pilot import Pilot
    from helmsight.contract.task import Task
    from helmsight.tools.compare import Comparison
    from helmsight.tools.player import Run


def requests_at(run: Run, step: int) -> list[dict[str, Any]]:
    """Return the requests to models that a step took, as JSON data.

    Raises:
        InvalidSetting: the run has no such step.
        RecordUnusable: messages of another form.
    """
    if step >= len(run.records):
        raise InvalidSetting(f"--messages {step}: the steps of {run.folder} are "
                             f"0 to {len(run.records) - 1}")  # fmt: skip
    calls = run.records[step].calls
    for call in calls:
        messages_in(call, f"step {step} of {run.folder}")
    return [dict(call) for call in calls]


def request_lines(requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return requests in words: every message with its text and the names of its pictures."""
    if not requests:
        return ["no model was asked at this step"]
    lines: list[str] = []
    for number, call in enumerate(requests, start=1):
        lines.append(f"request {number} of {len(requests)}, for {call.get('purpose') or 'seeing'}")
        messages = messages_in(call, "the step")
        if not messages:
            lines.append("its messages were not recorded")
        for message in messages:
            lines += _message_lines(message)
        end = call.get("error") or call.get("answer", "")
        lines += [f"--- {'error' if call.get('error') else 'answer'}", *str(end).split("\n"), ""]
    return lines[:-1]


def asked_again(run: Run, pilot: Pilot, task: Task) -> tuple[Comparison, int]:
    """Send a model the messages of a run; return how it differs, and at how many steps they were
    exactly those that were sent.

    Raises:
        InvalidSetting: the pilot is no model.
        AgentsError, ToolsError: as `agents.again.answers_again`.
    """
    from helmsight.agents.again import answers_again
    from helmsight.agents.decide import ModelPilot
    from helmsight.tools.compare import compared

    if not isinstance(pilot, ModelPilot):
        raise InvalidSetting(
            f'--as-asked: pilot "{pilot.name}" takes no messages; name a model, or leave '
            "--as-asked out"
        )
    told: list[bool] = []
    pairs = answers_again(run, pilot, task, told.append)
    return compared(run.spec.pilot, pilot.name, pairs, task.description()), sum(told)


def _message_lines(message: Message) -> list[str]:
    lines = [f"--- {message.role}"]
    for part in message.parts:
        if isinstance(part, Text):
            lines += part.text.split("\n")
        elif isinstance(part, Picture):
            lines.append(f"[picture {part.picture[:16]}, {part.type}]")
        else:
            (width, height), box = part.size, ", ".join(map(str, part.box))
            lay = _lay(part)
            lines.append(f"[{part.view}: {box} of the frame{lay}, as {width}x{height} {part.type}]")
    return lines


def _lay(view: View) -> str:
    """Return in words how the picture lay in a frame that was set right first, "" for as usual."""
    if view.matrix is None:
        return ""
    scale, _, right, _, _, down = view.matrix
    place = f"from ({right:g}, {down:g}) on, {scale:.4g} times as large"
    return f" (set right: it lay {place}, hues turned by {view.turn or 0} degrees)"
