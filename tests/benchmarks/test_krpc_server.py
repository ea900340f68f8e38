"""What the benchmark of the kRPC server measures is what must hold, hostile frames included."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("krpc_server")


def test_hostile_frames_leave_the_server_serving_and_its_memory_bounded(
    bench: ModuleType,
) -> None:
    """Sixteen thousand here; the benchmark sends a hundred thousand.

    After a few thousand the server has not yet collected the garbage of its first ones.
    """
    figures = {figure.name: figure for figure in bench.fuzz(800)}
    assert figures["hostile frames"].p50 >= 16_000
    assert figures["memory of the server: growth"].held is not False


def test_figures_are_printed_and_written(
    bench: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "CLIENTS", 2)
    path = tmp_path / "krpc.json"
    parts = ["latency", "old", "streams", "together", "pace"]
    assert bench.main(["--scale", "0.02", "--json", str(path), *parts]) == 0
    assert "Machine:" in capsys.readouterr().out
    figures = json.loads(path.read_text(encoding="utf-8"))["figures"]
    assert not [figure["skipped"] for figure in figures if figure["skipped"]]
    units = [figure["unit"] for figure in figures]
    assert units.count("us") == 5
    assert {"ms", "1/s", "ticks", "x"} <= set(units)


def test_a_part_that_there_is_not_is_refused(bench: ModuleType) -> None:
    with pytest.raises(SystemExit):
        bench.main(["weather"])


def test_a_soak_that_is_cut_off_tells_the_levels_that_there_were(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client leaves by itself, as one does that the system ends for its memory."""
    ends = "import os, sys\nfor number, line in enumerate(sys.stdin):\n"
    ends += "    print('went', flush=True) if number < 9 else os._exit(137)\n"
    monkeypatch.setattr(bench, "VISITORS", ends)
    monkeypatch.setattr(bench, "visit", lambda served, visitors, random: visitors.send("gone", 0.5))
    figures = {figure.name: figure for figure in bench.soak(10.0, 1)}
    assert figures["visits of clients"].p50 == 9
    assert "after 9 visits: RuntimeError" in figures["the rest of the soak"].skipped
    assert "status 137" in figures["the rest of the soak"].skipped
    assert figures["MB of the server"].n == 1
    assert figures["descriptors of the server: rise"].held is True
