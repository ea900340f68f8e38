"""What running episodes costs besides flying them: in processes, on Ray, and on the disk.

    python benchmarks/evaluation.py --episodes 10000 --ray local

An episode here is one decision in the room of examples/thermostat, about a millisecond. Overhead is
the time of all cores together less that of the episodes themselves, for each episode; making the
world is in it. --ray local starts a cluster on this machine; its nodes need the example installed
where --ray names another one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from helmsight.contract.textfiles import read_text
from helmsight.errors import status_of
from helmsight.evals.episode import DONE, Episode, EpisodeRow
from helmsight.evals.figures import Figure, add_options, figure, show
from helmsight.evals.runner.here import run_here
from helmsight.evals.runner.local import run_local
from helmsight.evals.runner.settings import Settings
from helmsight.evals.store import Store

WORLD = "thermostat/Evening-v0"
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "thermostat"
WARM = 8  # episodes that start the processes


def parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--episodes", type=int, default=1000, help="how many (1000)")
    options.add_argument("--workers", type=int, default=2, help="processes side by side (2)")
    options.add_argument("--ray", metavar="ADDRESS", help='"local", "auto" or an address')
    add_options(options)
    return options


def episodes(n: int) -> list[Episode]:
    """Return so many short episodes."""
    return [
        Episode("flight", WORLD, "two-point", seed, time="paused", observation="telemetry",
                max_steps=1)
        for seed in range(n)
    ]  # fmt: skip


def install(folder: Path) -> None:
    """Lay the example down in `folder` as an installer does, for this process and its children."""
    project = tomllib.loads(read_text(EXAMPLE / "pyproject.toml"))["project"]
    shutil.copy(EXAMPLE / "thermostat.py", folder)
    about = folder / f"helmsight_thermostat-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(folder))
    there = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *there])


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Yield the figures, one by one."""
    n = max(WARM + 1, round(options.episodes * options.scale))
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(Path(name), "overhead")
        site = Path(name) / "site"
        site.mkdir()
        install(site)
        here = [row.wall_s * 1e3 for row in run_here(episodes(min(n, 200)), settings)]
        yield figure("an episode itself", "ms", here)
        yield _written(Path(name), min(n, 500))
        yield _overhead(
            f"overhead, {options.workers} processes", options.workers, n,
            run_local(episodes(n), settings, options.workers),
        )  # fmt: skip
        if options.ray is not None:
            yield _on_ray(options.ray, n, settings)


def _on_ray(address: str, n: int, settings: Settings) -> Figure:
    import ray

    from helmsight.evals.runner.cluster import LOCAL, run_on_ray

    ray.init(None if address == LOCAL else address, log_to_driver=False, logging_level="ERROR")
    try:
        cores, nodes = int(ray.cluster_resources()["CPU"]), len(ray.nodes())
        name = f"overhead, Ray, {nodes} nodes, {cores} cores"
        return _overhead(name, cores, n, run_on_ray(episodes(n), settings))
    finally:
        ray.shutdown()


def _overhead(name: str, cores: int, n: int, rows: Iterator[EpisodeRow]) -> Figure:
    """Return what an episode costs besides itself; the first ones, which start processes, aside."""
    began, own, counted = 0.0, 0.0, 0
    for number, row in enumerate(rows, 1):
        assert row.status == DONE, row.error
        if number == WARM:
            began = time.perf_counter()
        elif number > WARM:
            own, counted = own + row.wall_s, counted + 1
    spent = (time.perf_counter() - began) * cores
    return figure(f"{name}, n = {counted}", "ms", [max(0.0, spent - own) / counted * 1e3])


def _written(folder: Path, n: int) -> Figure:
    """Return what a row takes until it is on the disk."""
    spent = []
    with Store(folder / "rows") as store:
        for episode in episodes(n):
            row = EpisodeRow.of(episode, DONE, score=1.0, think_ms=[1.0] * 100)
            began = time.perf_counter()
            store.add(row)
            spent.append((time.perf_counter() - began) * 1e3)
    return figure("a row to the disk", "ms", spent)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(given)

    def work() -> None:
        show(figures(options), options)

    return status_of(work)


if __name__ == "__main__":
    sys.exit(main())
