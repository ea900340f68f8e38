"""What a suite asks to be shown besides score and success, by scenario and competitor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from helmsight.contract.jsontext import parse_json
from helmsight.envs.registry import task_of
from helmsight.evals.episode import EpisodeRow
from helmsight.evals.report.failures import mended
from helmsight.evals.report.groups import by, competitor_of, condition_of
from helmsight.evals.report.judged import Judged
from helmsight.evals.report.sheet import Sheet
from helmsight.evals.statistics import median_interval

ELSEWHERE = frozenset({"score", "success"})
"""Metrics that other tables have."""
TITLES = {
    "sim_s": "world time, s", "wall_s": "wall time, s", "think_ms": "think time, ms",
    "held": "held", "late": "late", "repairs": "repaired", "steps": "decisions",
}  # fmt: skip
LARGE = 1000
"""From where on figures are written whole, not by powers of ten."""
LEGEND = (
    "An episode's figures, medians over the episodes that ended, with their 95 % intervals. "
    "Of times to think it is each episode's median; decisions, held, late, repaired, requests, "
    "errors and unreadable are counts."
)


def measures(found: Judged) -> Sheet:
    """Return the table of a suite's metrics; of all terms of the worlds where it names none."""
    name, condition = competitor_of(found.rows), condition_of(found.rows)
    rows = [row for row in found.rows if row.done]
    asked = [m for m in found.about.get("suite", {}).get("metrics", ()) if m not in ELSEWHERE]
    metrics = asked or list(dict.fromkeys(term for row in rows for term in parse_json(row.terms)))
    groups = by(rows, lambda row: (condition(row), row.scenario, row.disturbance, name(row)))
    lines = [
        (*(cell or "-" for cell in key), *(_cell(group, metric) for metric in metrics))
        for key, group in sorted(groups.items(), key=lambda entry: entry[0][:3])
    ]
    columns = ("condition", "scenario", "disturbance", "pilot", *titles(metrics, rows))
    return Sheet("measures", "Measures", columns, tuple(lines) if metrics else (), LEGEND)


def titles(metrics: Sequence[str], rows: Iterable[EpisodeRow]) -> list[str]:
    """Return what people read of each metric, with its unit: the worlds say it of their terms."""
    known = dict(TITLES)
    for scenario in dict.fromkeys(row.scenario for row in rows if row.kind == "flight"):
        for term in task_of(scenario).outcome.terms:
            known.setdefault(term.name, ", ".join(filter(None, (term.title, term.unit))))
    return [known.get(metric, metric.replace("_", " ")) for metric in metrics]


def value_of(row: EpisodeRow, metric: str) -> float | None:
    """Return a metric of one episode, None where it has none."""
    if metric == "think_ms":
        return median(row.think_ms) if row.think_ms else None
    if metric == "repairs":
        return float(mended(row))
    value = vars(row)[metric] if metric in vars(row) else parse_json(row.terms).get(metric)
    return None if value is None else float(value)


def _cell(rows: Sequence[EpisodeRow], metric: str) -> str:
    values = [value for row in rows if (value := value_of(row, metric)) is not None]
    if not values:
        return "-"
    return median_interval(values).text(",.0f" if median(values) >= LARGE else ".4g")
