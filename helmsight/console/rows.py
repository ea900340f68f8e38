"""A run as the data of its page: JSON in which nothing of others is more than text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helmsight.contract.description import DESCRIPTION, Description
from helmsight.contract.foreign import printable, well_formed
from helmsight.contract.jsontext import exact_json
from helmsight.contract.record import RunSpec, StepRecord, plain
from helmsight.tools.telling import asked, command_text

LONGEST = 4000  # characters of one text of a step
LISTED = 200  # entries of one list of a step
LARGEST = 1e300  # of a number that a page draws


def page_json(data: Any) -> bytes:
    """Return data as JSON for a page: every text is cut, and shows what would turn it around."""
    return exact_json(_tame(plain(data)), separators=(",", ":")).encode()


def _tame(value: Any) -> Any:
    if isinstance(value, str):
        cut = value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value)} characters)"
        return well_formed(printable(cut))
    if isinstance(value, Mapping):
        return {_tame(str(key)): _tame(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tame(item) for item in value[:LISTED]]
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > LARGEST:
        return str(value)[:40]
    return value


def described(spec: RunSpec) -> dict[str, Any]:
    """Return what a page needs to draw a run: its measures, plots, regions and command."""
    task = DESCRIPTION.dump_python(spec.task, mode="json")
    live = [
        {"name": measure.name, "heading": measure.heading, "digits": measure.digits}
        for measure in spec.task.live
    ]
    return {
        "plots": task["plots"],
        "regions": sorted(task["regions"]),
        "live": live,
        "full": spec.task.command.full,
        "scenario": spec.task.name or spec.environment,
        "pilot": spec.pilot,
        "seed": spec.seed,
        "history": spec.operator.get("history"),
    }


def row(record: StepRecord, task: Description) -> dict[str, Any]:
    """Return one step: figures to draw, and words to read.

    A record whose parts do not fit together (rotations of another form, say) is told as `broken`.
    """
    try:
        return _row(record, task)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        told = f"{type(error).__name__}: {error}"
        return {"index": record.index, "stamp": record.stamp, "broken": told}


def _row(record: StepRecord, task: Description) -> dict[str, Any]:
    applied = command_text(record, record.applied, task)
    wanted = command_text(record, record.wanted, task)
    said = {
        "index": record.index,
        "stamp": record.stamp,
        "think": record.think_ms,
        "sense": record.sense_ms,
        "act": record.act_ms,
        "lag": record.lag,
        "measures": record.measures,
        "command": record.shown(record.applied, task),
        "wanted": wanted,
        "applied": "as wanted" if applied == wanted else applied,
        "did": applied,
        "raw": record.raw,
        "marks": record.marks,
        "late": record.late,
        "relations": record.relations,
        "grounding": record.grounding,
        "asked": [asked(call) for call in record.calls],
        "cost": sum(_number(call.get("cost")) for call in record.calls),
        "tokens": sum(
            _number(call.get(key)) for call in record.calls for key in ("tokens_in", "tokens_out")
        ),
        "people": [deed_words(deed) for deed in record.people],
    }
    return {key: value for key, value in said.items() if value not in ("", [], {}, None)}


def _number(value: Any) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return value if usable and abs(value) < LARGEST else 0


def deed_words(deed: Mapping[str, Any]) -> str:
    """Return what a person did in words: "anna changed the command"."""
    return f"{deed.get('by') or 'somebody'} {deed.get('did', 'did something')}"
