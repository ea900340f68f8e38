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
