"""The page of a run: one HTML file that needs nothing else, plus its plots as files."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from helmsight.contract.record import RunSpec, StepRecord, axes_of
from helmsight.tools.plots import DARK, FONT, LIGHT, colour_scheme, draw
from helmsight.tools.recorder import PAGE, PLOTS, VIDEO, write_whole
from helmsight.tools.video import FPS

EMBED_BYTES = 15_000_000  # a larger video is linked beside the page instead
COLUMNS = {"range": "range, m", "closing": "closing, m/s", "propellant": "propellant"}
FIGURES = (
    ("score", "score", ""),
    ("closest_approach_m", "closest approach", "m"),
    ("closest_speed_mps", "speed there", "m/s"),
    ("fuel_kg", "propellant used", "kg"),
    ("sim_s", "world time", "s"),
    ("think_ms_p50", "think time, median", "ms"),
)
MOODS = {"captured": "good", "timeout": "warn", "steps": "warn", "interrupted": "warn"}
NOTES = {
    "helmsight/PE1-": "Flown on the orbital twin, not in Kerbal Space Program: scenario, actions "
    "and scoring formula are KSPDG's, the engine is not."
}


def write_page(
    folder: Path,
    spec: RunSpec,
    records: Sequence[StepRecord],
    summary: Mapping[str, Any] | None,
) -> Path:
    """Write the plots and `index.html` of a run into its folder and return the page's path.

    Works for a run that was killed as well (`summary` None), from what is in the folder.
    """
    plots = draw(records)
    (folder / PLOTS).mkdir(exist_ok=True)
    for name, svg in plots.items():
        write_whole(folder / PLOTS / f"{name}.svg", svg)
    page = folder / PAGE
    write_whole(page, render(spec, records, summary, plots, _source(folder / VIDEO)))
    return page


def render(
    spec: RunSpec,
    records: Sequence[StepRecord],
    summary: Mapping[str, Any] | None,
    plots: Mapping[str, str],
    video: str = "",
) -> str:
    """Return the page as HTML; `video` is the address the player loads ("" for no video)."""
    from jinja2 import Environment
    from markupsafe import Markup

    told = dict(summary or {})
    reason = str(told.get("reason", "cut off: no summary was written"))
    template = (
        resources.files("helmsight.tools").joinpath("templates/run.html.j2").read_text("utf-8")
    )
    columns = [name for name in COLUMNS if any(name in record.measures for record in records)]
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            title=told.get("scenario", spec.environment),
            pilot=spec.pilot,
            seed=spec.seed,
            environment=spec.environment,
            version=spec.versions.get("helmsight", ""),
            reason=reason,
            mood=MOODS.get(reason, "bad"),
            figures=_figures(told),
            note=next(
                (text for key, text in NOTES.items() if spec.environment.startswith(key)), ""
            ),
            problems=told.get("recording", {}).get("problems", {}),
            video=video,
            fps=FPS,
            plots=[Markup(_inline(svg)) for svg in plots.values()],
            facts=_facts(spec, told),
            measured=[COLUMNS[name] for name in columns],
            steps=[_row(record, columns) for record in records],
            light=Markup(colour_scheme(LIGHT)),
            dark=Markup(colour_scheme(DARK)),
            font=Markup(FONT),
        )
    )


def _source(video: Path) -> str:
    if not video.is_file() or video.stat().st_size == 0:
        return ""
    if video.stat().st_size > EMBED_BYTES:
        return video.name
    return "data:video/mp4;base64," + base64.b64encode(video.read_bytes()).decode()


def _inline(svg: str) -> str:
    """Return a standalone SVG for use inside HTML, where the page holds the colours."""
    head, _, rest = svg.partition("</style>")
    return head[: head.index("<style>")].replace(' xmlns="http://www.w3.org/2000/svg"', "") + rest


def _figures(told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (label, _number(told[key]), unit)
        for key, label, unit in FIGURES
        if isinstance(told.get(key), int | float)
    ]


def _facts(spec: RunSpec, told: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    shown = {key for key, _, _ in FIGURES} | {"recording", "scenario", "pilot", "seed", "reason"}
    return {
        "Result": _rows({k: v for k, v in told.items() if k not in shown}),
        "Options": _rows({**spec.options, **spec.pilot_options, "max_steps": spec.max_steps}),
        "Operator": _rows(spec.operator),
        "Recording": _rows({k: v for k, v in told.get("recording", {}).items() if k != "problems"}),
        "Versions": _rows(spec.versions),
    }


def _rows(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = prefix + str(key).replace("_", " ")
        if isinstance(value, Mapping) and value:
            rows += _rows(value, f"{name} · ")
        else:
            rows.append((name, _text(value)))
    return rows


def _text(value: Any) -> str:
    if value is None or value in ({}, []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Return three figures or the whole part, whichever is longer: 0.123, 4.83, 143, 1205."""
    size = abs(value)
    if isinstance(value, int) or (value == round(value) and size >= 1):
        return f"{value:.0f}"
    return f"{value:.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.3g}"


def _row(record: StepRecord, columns: Sequence[str]) -> dict[str, Any]:
    marks = [f"{name} x{count}" for name, count in record.repairs.items() if count]
    marks += record.clamped
    if record.late:
        marks.append("late")
    return {
        "index": record.index,
        "time": f"{record.stamp:.1f}",
        "measured": [_fixed(record.measures.get(name)) for name in columns],
        "wanted": _command(record.wanted),
        "applied": _command(record.applied),
        "raw": record.raw,
        "marks": ", ".join(marks),
        "think": f"{record.think_ms:.1f}",
    }


def _fixed(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, int | float) else ""


def _command(command: Mapping[str, Any] | None) -> str:
    """Return a command's values in the order of its fields: "+1.00 0 -0.50 · 0.5 s"."""
    if command is None:
        return "none"
    values = [f"{v:+.2f}" if abs(v) >= 0.005 else "0" for v in axes_of(command).values()]
    text = "  ".join(values).replace("-", "\N{MINUS SIGN}")
    return f"{text} · {command['duration']:g} s" if "duration" in command else text
