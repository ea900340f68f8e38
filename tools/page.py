"""The page of a run: one HTML file that needs nothing else, plus its plots as files."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.contract.description import Description
from helmsight.contract.foreign import printable
from helmsight.contract.identity import WEIGHTS
from helmsight.contract.opening import make_folder
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.contract.textfiles import read_text
from helmsight.contract.writing import write_whole
from helmsight.tools.folder import PAGE, PLOTS, VIDEO
from helmsight.tools.plots import DARK, FONT, LIGHT, colour_scheme, draw
from helmsight.tools.telling import asked, command_text, facts, figures, mood
from helmsight.tools.video import FPS

if TYPE_CHECKING:
    from jinja2 import Environment

EMBED_BYTES = 15_000_000  # a larger video is linked beside the page instead


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
        made=spec.made,
        weights=spec.versions.get(WEIGHTS, "")[:16],
        reason=reason,
        mood=mood(reason, task.outcome),
        figures=figures(shown, task.outcome),
        note=task.note,
        problems=shown.get("recording", {}).get("problems", {}),
        video=video,
        fps=FPS,
        plots=[Markup(inline(svg)) for svg in plots.values()],
        facts=facts(spec, shown),
        measured=[measure.heading for measure in columns],
        steps=[_row(record, task) for record in records],
    )


def fill(template: str, package: str = "helmsight.tools", **values: Any) -> str:
    """Return a page: a template of `templates/` in `package` filled in, autoescaped.

    It may include templates of this package, as base.css.j2, which wants `light`, `dark` and
    `font`; these are given.
    """
    from markupsafe import Markup

    look = {"light": colour_scheme(LIGHT), "dark": colour_scheme(DARK), "font": FONT}
    return (
        _templates(package)
        .get_template(template)
        .render(**{name: Markup(text) for name, text in look.items()}, **values)
    )


@cache
def _templates(package: str) -> Environment:
    from jinja2 import Environment, FunctionLoader

    def source(name: str) -> str | None:
        for home in dict.fromkeys((package, "helmsight.tools")):
            file = resources.files(home).joinpath(f"templates/{name}")
            if file.is_file():
                return read_text(file)
        return None

    return Environment(autoescape=True, loader=FunctionLoader(source), finalize=_shown)


def _shown(value: Any) -> Any:
    """Return a value of a page as it is shown: nothing in text of others turns it around."""
    from markupsafe import Markup

    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


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


def _row(record: StepRecord, task: Description) -> dict[str, Any]:
    return {
        "index": record.index,
        "time": f"{record.stamp:.1f}",
        "measured": [measure.text(record.measures.get(measure.name)) for measure in task.live],
        "wanted": command_text(record, record.wanted, task),
        "applied": command_text(record, record.applied, task),
        "raw": record.raw,
        "asked": "\n".join(map(asked, record.calls)),
        "marks": ", ".join(record.marks),
        "think": f"{record.think_ms:.1f}",
    }
