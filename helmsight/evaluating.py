"""An evaluation from the command line: its suite changed by options, its progress, its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from helmsight.agents.models.names import check_meant, fitting, has_model
from helmsight.evals.episode import EpisodeRow
from helmsight.evals.errors import InvalidPlan, ModelHalts
from helmsight.evals.evaluation import Evaluation, Run
from helmsight.evals.plan import Plan, plan
from helmsight.evals.runner.probe import probe
from helmsight.evals.suite import Suite, read_suite, suite_of
from helmsight.evals.tables import table
from helmsight.output import json_line

ROOT = Path("runs") / "evaluate"
PROGRESS_S = 1.0
ETA_FROM = 0.1  # of the episodes, from when on it is told how long the others take


def planned(
    suite: str,
    changed: Mapping[str, Any],
    pilots: Sequence[str],
    model: Mapping[str, Any],
    asked: Mapping[str, Any],
    limit: int | None,
    budgets: Mapping[str, Any],
) -> Plan:
    """Return the plan of a suite with what the command line changes of it.

    changed: keys of the suite. model: keywords of `load_pilot`, each for the pilots that it can be
    for. asked: how the loop asks each. budgets: keys of the suite's.

    Raises:
        InvalidPlan: as `evals.suite.read_suite` and `evals.plan.plan`.
        UnknownOption: an option that none of the pilots can have.
    """
    read, source = read_suite(suite)
    data = read.model_dump(mode="json") | dict(changed)
    data["budgets"] |= budgets
    entries = _competitors(read, pilots)
    check_meant([entry["pilot"] for entry in entries], model)
    data["pilots"] = [
        {
            **entry,
            **(asked if has_model(entry["pilot"]) else _without_observation(asked)),
            "options": entry.get("options", {}) | fitting(entry["pilot"], model),
        }
        for entry in entries
    ]
    if "observation" in asked and not any(has_model(entry["pilot"]) for entry in entries):
        check_meant([entry["pilot"] for entry in entries], {"observation": asked["observation"]})
    return plan(suite_of(data, str(source)), source, limit)


def _without_observation(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in asked.items() if key != "observation"}


def _competitors(suite: Suite, pilots: Sequence[str]) -> list[dict[str, Any]]:
    """Return the suite's competitors, or `pilots` in their place.

    Where the suite compares ways of one pilot, it compares the same ways of each of these.
    """
    entries = [entry.model_dump() for entry in suite.entries]
    if not pilots:
        return entries
    if len(entries) > 1 and len({entry["pilot"] for entry in entries}) == 1:
        return [{**entry, "pilot": name} for name in pilots for entry in entries]
    return [{"pilot": name} for name in pilots]


def show_plan(plan: Plan, *, as_json: bool) -> None:
    """Print what would be run: the axes with their sizes, and how many episodes there are."""
    episodes = plan.episodes
    axes: dict[str, list[str]] = {
        "pilot": [episode.label() for episode in episodes],
        "scenario": [episode.scenario for episode in episodes],
        "seed": [str(episode.seed) for episode in episodes],
        "time": [episode.time for episode in episodes],
        "observation": [episode.observation for episode in episodes],
        "disturbance": [episode.disturbance or "none" for episode in episodes],
    }
    if as_json:
        print(json_line({"suite": plan.suite.name, "keys": [e.key for e in episodes]}))
        return
    lines = [
        [axis, str(len(counts)), ", ".join(f"{name} ({n})" for name, n in counts.items())]
        for axis, values in axes.items()
        if (counts := Counter(values))
    ]
    print(table(["axis", "n", "values (episodes)"], lines))
    print(f"\n{len(episodes)} episodes of the suite {plan.suite.name}")


def evaluate(
    plan: Plan,
    out: Path | None,
    *,
    workers: int,
    ray: str | None,
    resume: bool,
    again: bool,
    cache: bool,
    together: int,
    command: str,
    as_json: bool,
) -> str:
    """Run a plan in its folder with a line a row; print what came of it. Return why it stopped
    early, "" where it did not.

    Raises:
        EvalsError: as `Evaluation` and the runners. AgentsError: as `runner.probe.probe`.
        ModelHalts: once what there is has been printed.
        InvalidPlan: `again` in a folder that is not gone on with.
    """
    if again and not resume:
        raise InvalidPlan("--retry-failed goes on with a folder: give --resume and its --out, too")
    folder = out or _new_folder(plan.suite.name)
    evaluation = Evaluation(
        plan,
        folder,
        resume=resume,
        again=again,
        cache_answers=cache,
        together=together,
        command=command,
    )
    todo, total = len(evaluation.missing()), len(plan.episodes)
    if todo < total:
        _say(f"{total - todo} of {total} episodes are in {folder} already")
    if evaluation.stale:
        _say(f"{evaluation.stale} rows there are of other code or weights, and in no table")
    stopped, halted = "", None
    try:
        budgets = evaluation.plan.suite.budgets
        for line in probe(evaluation.missing(), budgets.prices, budgets.cost):
            _say(line)
        _progress(evaluation, _runner(workers, ray), todo)
    except KeyboardInterrupt:
        stopped = "interrupted"
    except ModelHalts as error:
        stopped, halted = str(error), error
    stopped = stopped or evaluation.stopped
    rows = evaluation.store.rows()
    left = len(evaluation.missing())
    page = _reported(folder) if rows else None
    if as_json:
        told = {"folder": str(folder), "stopped": stopped, "left": left, "report": page}
        print(json_line({**told, "rows": [row.to_dict() for row in rows]}))
    else:
        print(summary(rows))
        print(f"\nresults: {folder}")
        if page:
            print(f"report: {page}")
    if stopped:
        stopped += f": {left} episodes are left; the same command with --out {folder} --resume "
        stopped += "goes on"
    if halted is not None:
        raise ModelHalts(stopped) from halted
    if stopped:
        _say(stopped)
    return stopped


def _reported(folder: Path) -> str:
    """Judge what is in a results folder, write its report, and return the page."""
    from helmsight.evals.report.judged import judged
    from helmsight.evals.report.notes import headline
    from helmsight.evals.report.writing import write_report
    from helmsight.evals.store import REPORT

    found = judged(folder, folder / REPORT)
    _say(headline(found)[0])
    return str(write_report(found, folder / REPORT)[0])


def summary(rows: Sequence[EpisodeRow]) -> str:
    """Return counts and medians by scenario, pilot, time and disturbance; no claim is made."""
    from helmsight.evals.statistics import median

    groups: dict[tuple[str, ...], list[EpisodeRow]] = {}
    for row in rows:
        key = (row.scenario, row.pilot, row.time, row.disturbance or "-")
        groups.setdefault(key, []).append(row)
    lines = []
    for cell, group in groups.items():
        scores = [row.score for row in group if row.score is not None]
        failed = Counter(row.status for row in group if not row.done)
        lines.append([
            *cell, str(len(group)), f"{sum(row.success for row in group)}/{len(group)}",
            f"{median(scores):.4g}" if scores else "-",
            ", ".join(f"{n} {status}" for status, n in failed.items()) or "-",
        ])  # fmt: skip
    columns = [
        "scenario", "pilot", "time", "disturbance", "n", "success", "median score", "not done",
    ]  # fmt: skip
    return table(columns, lines)


def _progress(evaluation: Evaluation, run: Run, todo: int) -> None:
    began, shown = time.monotonic(), 0.0
    for number, row in enumerate(evaluation.run(run), 1):
        now = time.monotonic()
        if not row.done:
            _say(f"{row.scenario} {row.pilot} seed {row.seed}: {row.status}: {row.error}")
        if now - shown >= PROGRESS_S or number == todo:
            shown = now
            # before that, those that fly together have hardly told how long they take
            told = number >= todo * ETA_FROM
            eta = f", {(now - began) / number * (todo - number):.0f} s to go" if told else ""
            which = f"{row.scenario} {row.pilot} seed {row.seed} {row.disturbance}".rstrip()
            _say(f"[{number}/{todo}] {which}: {row.reason or row.status}{eta}")


def _runner(workers: int, ray: str | None) -> Run:
    if ray is not None:
        from helmsight.evals.runner.cluster import run_on_ray

        return partial(run_on_ray, address=ray)
    from helmsight.evals.runner.local import run_local

    return partial(run_local, workers=workers)


def _new_folder(suite: str) -> Path:
    folder = ROOT / f"{suite}-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 2
    while folder.exists():
        folder, number = folder.with_name(f"{folder.name}-{number}"), number + 1
    return folder


def _say(line: str) -> None:
    typer.echo(line, err=True)
