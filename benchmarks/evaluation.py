"""What running episodes costs besides flying them: in processes, on Ray, and on the disk.

    python benchmarks/evaluation.py --episodes 10000 --ray local

An episode here is one decision in the room of examples/thermostat, about a millisecond. Overhead is
what an episode costs besides itself; making the world is in it. "Of cores": the time of all cores
together less that of the episodes, which is right on a machine that does nothing else. "Of
processor" (Linux): what this process and all below it computed, less what an episode computes here,
which other programs change little. --ray local starts a cluster on this machine; its nodes need
the example installed where --ray names another one, whose processor time nobody sees.
"""

from __future__ import annotations

import argparse
import math
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
from helmsight.evals.figures import Figure, add_options, figure, show, skipped
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
        list(run_here(episodes(WARM), settings))
        few, before = min(n, 200), tree_cpu_s()
        here = [row.wall_s * 1e3 for row in run_here(episodes(few), settings)]
        alone_ms = (tree_cpu_s() - before) / few * 1e3
        yield figure("an episode itself", "ms", here)
        yield _told("an episode itself, of processor", alone_ms)
        yield _written(Path(name), min(n, 500))
        yield from _overhead(
            f"{options.workers} processes", options.workers, n, alone_ms,
            run_local(episodes(n), settings, options.workers),
        )  # fmt: skip
        if options.ray is not None:
            yield from _on_ray(options.ray, n, alone_ms, settings)


def tree_cpu_s() -> float:
    """Return the processor time of this process and of all below it, s; NaN where that is not told.

    Of processes that have ended it is that of their last moment their parents waited for.
    """
    stats: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            entries = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        stats[int(path.parent.name)] = int(entries[1]), sum(map(int, entries[11:15]))
    below, found = [os.getpid()], 0.0
    if os.getpid() not in stats:
        return math.nan
    while below:
        one = below.pop()
        found += stats[one][1]
        below += [child for child, (parent, _) in stats.items() if parent == one]
    return found / os.sysconf("SC_CLK_TCK")


def _on_ray(address: str, n: int, alone_ms: float, settings: Settings) -> Iterator[Figure]:
    import ray

    from helmsight.evals.runner.cluster import LOCAL, run_on_ray

    ray.init(None if address == LOCAL else address, log_to_driver=False, logging_level="ERROR")
    try:
        cores, nodes = int(ray.cluster_resources()["CPU"]), len(ray.nodes())
        name = f"Ray, {nodes} nodes, {cores} cores"
        yield from _overhead(name, cores, n, alone_ms, run_on_ray(episodes(n), settings))
    finally:
        ray.shutdown()


def _overhead(
    name: str, cores: int, n: int, alone_ms: float, rows: Iterator[EpisodeRow]
) -> Iterator[Figure]:
    """Yield what an episode costs besides itself; the first ones, which start processes, aside."""
    began, computed, own, counted = 0.0, 0.0, 0.0, 0
    for number, row in enumerate(rows, 1):
        assert row.status == DONE, row.error
        if number == WARM:
            began, computed = time.perf_counter(), tree_cpu_s()
        elif number > WARM:
            own, counted = own + row.wall_s, counted + 1
            if number == n:  # while the processes are there
                computed = tree_cpu_s() - computed
    spent = (time.perf_counter() - began) * cores
    of_cores = max(0.0, spent - own) / counted * 1e3
    yield figure(f"overhead of cores, {name}, n = {counted}", "ms", [of_cores])
    of_processor = computed / counted * 1e3 - alone_ms
    yield _told(f"overhead of processor, {name}, n = {counted}", of_processor)


def _told(name: str, ms: float) -> Figure:
    if math.isnan(ms):
        return skipped(name, "ms", "this system does not tell what its processes compute")
    return figure(name, "ms", [ms])


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
