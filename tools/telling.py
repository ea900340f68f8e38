"""What is told of a run, as words and numbers for people: on its page and in the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helmsight.contract.command import lasts, words
from helmsight.contract.description import Description
from helmsight.contract.measures import Measure
from helmsight.contract.outcome import Outcome
from helmsight.contract.record import RunSpec, StepRecord

GENERAL = (
    Measure("sim_s", "s", "world time"),
    Measure("think_ms_p50", "ms", "think time, median"),
    Measure("tokens_in", "", "tokens in"),
    Measure("tokens_out", "", "tokens out"),
    Measure("cost", "$", "cost of the models"),
)
"""What a summary may hold besides the outcome that its task declares."""
WARNINGS = ("timeout", "steps", "budget", "tokens", "cost", "interrupted")


def mood(reason: str, outcome: Outcome) -> str:
    """Return how an end is to be taken: "good", "warn" or "bad"."""
    if reason == outcome.success:
        return "good"
    return "warn" if reason in WARNINGS else "bad"


def _measured(outcome: Outcome) -> tuple[Measure, ...]:
    """Return the figures that stand on top of a page, in their order."""
    return (*([outcome.score] if outcome.score else []), *outcome.terms, *GENERAL)


def figures(summary: Mapping[str, Any], outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return the figures of a summary that come first: title, value, unit."""
    return [
        (measure.title, number(summary[measure.name]), measure.unit)
        for measure in _measured(outcome)
        if isinstance(summary.get(measure.name), int | float)
    ]


def facts(spec: RunSpec, summary: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return all else that is known of a run, by its heading: names and values."""
    first = {measure.name for measure in _measured(spec.task.outcome)}
    elsewhere = first | {
        "recording",
        "scenario",
        "pilot",
        "seed",
        "reason",
        "schema",
        "success",
        "time",
    }
    recording = summary.get("recording", {})
    return {
        "Result": _rows({k: v for k, v in summary.items() if k not in elsewhere}),
        "Options": _rows({**spec.options, **spec.pilot_options, "max_steps": spec.max_steps}),
        "Operator": _rows(
            spec.operator, {f"limits.{name}": unit for name, unit in spec.task.limits.items()}
        ),
        "Recording": _rows({k: v for k, v in recording.items() if k != "problems"}),
        "Made": _rows(spec.made),
        "Versions": _rows(spec.versions),
    }


def _rows(
    values: Mapping[str, Any],
    units: Mapping[str, str] | None = None,
    within: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    """Return names and values; `units` by path ("limits.max_closing"), s where a name ends so."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        path = (*within, str(key))
        if isinstance(value, Mapping) and value:
            rows += _rows(value, units, path)
            continue
        timed = path[-1].endswith("_s") and isinstance(value, int | float)
        unit = "s" if timed else (units or {}).get(".".join(path), "")
        name = " · ".join((*within, path[-1].removesuffix("_s") if timed else path[-1]))
        rows.append((name.replace("_", " "), f"{_text(value)} {unit}".rstrip()))
    return rows


def _text(value: Any) -> str:
    if value is None or value in ({}, []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return number(value) if isinstance(value, float) else str(value)


def number(value: float) -> str:
    """Return three figures or the whole part, whichever is longer: 0.123, 4.83, 143, 1205."""
    size = abs(value)
    if isinstance(value, int) or (value == round(value) and size >= 1):
        return f"{value:.0f}"
    return f"{value:.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.3g}"


def asked(call: Mapping[str, Any]) -> str:
    """Return one request to a model as a line: who answered, the tokens, how it ended."""
    counted = [str(call[key]) for key in ("tokens_in", "tokens_out") if key in call]
    cost = call.get("cost")
    parts = [
        str(call.get("model", "")),
        f"{' + '.join(counted)} tokens" if counted else "",
        *(str(call.get(key, "")) for key in ("finish", "refusal", "error")),
        f"${cost:.5f}" if isinstance(cost, int | float) else "",
        f"reasoning: {call['reasoning']}" if "reasoning" in call else "",
    ]
    return ", ".join(filter(None, parts))


def command_text(record: StepRecord, command: Mapping[str, Any] | None, task: Description) -> str:
    """Return a command's words, and its values in the order of its fields: "+1.00 0 · 0.5 s"."""
    if command is None:
        return "none"
    fields = record.shown(command, task)
    values = [f"{v:+.2f}" if abs(v) >= 0.005 else "0" for v in fields.values()]
    text = "  ".join(values).replace("-", "\N{MINUS SIGN}")
    duration = lasts(command)
    said = "  ".join(filter(None, (words(command), text)))
    return said if duration is None else f"{said} · {duration:g} s"
