"""The page of a run: one HTML file that needs nothing else, plus its plots as files."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from helmsight.contract.command import lasts, words
from helmsight.contract.description import Description
from helmsight.contract.foreign import printable
from helmsight.contract.measures import Measure
from helmsight.contract.opening import make_folder
from helmsight.contract.outcome import Outcome
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.contract.textfiles import read_text
from helmsight.contract.writing import write_whole
from helmsight.tools.folder import PAGE, PLOTS, VIDEO
from helmsight.tools.plots import DARK, FONT, LIGHT, colour_scheme, draw
from helmsight.tools.video import FPS

EMBED_BYTES = 15_000_000  # a larger video is linked beside the page instead
GENERAL = (
    Measure("sim_s", "s", "world time"),
    Measure("think_ms_p50", "ms", "think time, median"),
    Measure("tokens_in", "", "tokens in"),
    Measure("tokens_out", "", "tokens out"),
    Measure("cost", "$", "cost of the models"),
)
"""What a summary may hold besides the outcome that its task declares."""
WARNINGS = ("timeout", "steps", "budget", "tokens", "cost", "interrupted")


def write_page(
    folder: Path,
    spec: RunSpec,
    records: Sequence[StepRecord],
    summary: Mapping[str, Any] | None,
) -> Path:
    """Write the plots and `index.html` of a run into its folder and return the page's path.

    Works for a run that was killed as well (`summary` None), from what is in the folder.
    """
    plots = draw(records, spec.task)
    make_folder(folder / PLOTS)
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
    from markupsafe import Markup

    shown = dict(summary or {})
    reason = str(shown.get("reason", "cut off: no summary was written"))
    task, columns = spec.task, spec.task.live
    return fill(
        "run.html.j2",
        title=shown.get("scenario", task.name or spec.environment),
        pilot=spec.pilot,
        seed=spec.seed,
        time=spec.time,
        environment=spec.environment,
        version=spec.versions.get("helmsight", ""),
        reason=reason,
        mood=_mood(reason, task.outcome),
        figures=_figures(shown, task.outcome),
        note=task.note,
        problems=shown.get("recording", {}).get("problems", {}),
        video=video,
        fps=FPS,
        plots=[Markup(inline(svg)) for svg in plots.values()],
        facts=_facts(spec, shown),
        measured=[measure.heading for measure in columns],
        steps=[_row(record, task) for record in records],
    )


def fill(template: str, package: str = "helmsight.tools", **values: Any) -> str:
    """Return a page: a template of `templates/` in `package` filled in, autoescaped.

    It may include templates of this package, as base.css.j2, which wants `light`, `dark` and
    `font`; these are given.
    """
    from jinja2 import Environment, FunctionLoader
    from markupsafe import Markup

    def source(name: str) -> str | None:
        for home in dict.fromkeys((package, "helmsight.tools")):
            file = resources.files(home).joinpath(f"templates/{name}")
            if file.is_file():
                return read_text(file)
        return None

    look = {"light": colour_scheme(LIGHT), "dark": colour_scheme(DARK), "font": FONT}
    environment = Environment(autoescape=True, loader=FunctionLoader(source), finalize=_shown)
    return environment.get_template(template).render(
        **{name: Markup(text) for name, text in look.items()}, **values
    )


def _shown(value: Any) -> Any:
    """Return a value of a page as it is shown: nothing in text of others turns it around."""
    from markupsafe import Markup

    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _mood(reason: str, outcome: Outcome) -> str:
    if reason == outcome.success:
        return "good"
    return "warn" if reason in WARNINGS else "bad"


def _source(video: Path) -> str:
    if not video.is_file() or video.stat().st_size == 0:
        return ""
    if video.stat().st_size > EMBED_BYTES:
        return video.name
    return "data:video/mp4;base64," + base64.b64encode(video.read_bytes()).decode()


def inline(svg: str) -> str:
    """Return a standalone SVG for use inside HTML, where the page holds the colours."""
    head, _, rest = svg.partition("</style>")
    return head[: head.index("<style>")].replace(' xmlns="http://www.w3.org/2000/svg"', "") + rest


def _measured(outcome: Outcome) -> tuple[Measure, ...]:
    """Return the figures that stand on top of a page, in their order."""
    return (*([outcome.score] if outcome.score else []), *outcome.terms, *GENERAL)


def _figures(summary: Mapping[str, Any], outcome: Outcome) -> list[tuple[str, str, str]]:
    return [
        (measure.title, _number(summary[measure.name]), measure.unit)
        for measure in _measured(outcome)
        if isinstance(summary.get(measure.name), int | float)
    ]


def _facts(spec: RunSpec, summary: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    figures = {measure.name for measure in _measured(spec.task.outcome)}
    elsewhere = figures | {
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
        "Operator": _rows(spec.operator),
        "Recording": _rows({k: v for k, v in recording.items() if k != "problems"}),
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


def _row(record: StepRecord, task: Description) -> dict[str, Any]:
    return {
        "index": record.index,
        "time": f"{record.stamp:.1f}",
        "measured": [measure.text(record.measures.get(measure.name)) for measure in task.live],
        "wanted": _command(record, record.wanted, task),
        "applied": _command(record, record.applied, task),
        "raw": record.raw,
        "asked": "\n".join(map(_asked, record.calls)),
        "marks": ", ".join(record.marks),
        "think": f"{record.think_ms:.1f}",
    }


def _asked(call: Mapping[str, Any]) -> str:
    """Return one request to a model as a line: who answered, the tokens, how it ended."""
    counted = [str(call[key]) for key in ("tokens_in", "tokens_out") if key in call]
    parts = [
        call.get("model", ""),
        f"{' + '.join(counted)} tokens" if counted else "",
        *(call.get(key, "") for key in ("finish", "refusal", "error")),
        f"${call['cost']:.5f}" if "cost" in call else "",
        f"reasoning: {call['reasoning']}" if "reasoning" in call else "",
    ]
    return ", ".join(filter(None, parts))


def _command(record: StepRecord, command: Mapping[str, Any] | None, task: Description) -> str:
    """Return a command's words, and its values in the order of its fields: "+1.00 0 · 0.5 s"."""
    if command is None:
        return "none"
    fields = record.shown(command, task)
    values = [f"{v:+.2f}" if abs(v) >= 0.005 else "0" for v in fields.values()]
    text = "  ".join(values).replace("-", "\N{MINUS SIGN}")
    duration = lasts(command)
    said = "  ".join(filter(None, (words(command), text)))
    return said if duration is None else f"{said} · {duration:g} s"
