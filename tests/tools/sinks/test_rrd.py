"""A run for the Rerun viewer, read back by Rerun's own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helmsight.contract.record import RunSpec, StepRecord
from helmsight.envs.orbital.task import pursuit_task

pytest.importorskip("rerun", reason="rerun-sdk (170 MB) is not installed: helmsight[rerun]")
pytestmark = pytest.mark.slow

CLOCKS = {"wall", "world_time", "log_time"}  # in ns, which Python's own times do not hold
BURN = {"forward": 0.5, "right": 0.0, "down": -0.2, "duration": 0.5, "frame": "body"}


def step(index: int) -> StepRecord:
    return StepRecord(
        index=index, stamp=0.5 * index, sense_ms=1.0, think_ms=40.0 + index, act_ms=8.0,
        prompt_hash="", raw="an answer", wanted=BURN, applied=BURN | {"forward": 0.25}, repairs={},
        clamped=["forward was cut"], late=False, relations=[], lag=0.0,
        measures={"range": 900.0 - index, "relative_position": [1.0, -900.0, 2.0 * index]},
        people=[{"by": "ann", "did": "approved"}],
    )  # fmt: skip


def test_the_viewer_reads_what_the_run_was(tmp_path: Path):
    from rerun.chunk import RrdReader

    from helmsight.tools.sinks.beside import Beside
    from helmsight.tools.sinks.rrd import Rerun

    task = pursuit_task("PE1-E1-I2", {}).description()
    sink = Beside(Rerun(tmp_path / "run.rrd"), "--rerun run.rrd")
    sink.start(RunSpec("helmsight/PE1-E1-I2-v0", "naive", task=task))
    for index in range(5):
        sink.step(step(index), np.full((48, 64, 3), 40 * index, np.uint8))
    sink.finish("captured", {})

    columns: dict[str, dict[str, list[Any]]] = {}
    for chunk in RrdReader(tmp_path / "run.rrd").stream().to_chunks():
        kept = columns.setdefault(chunk.entity_path, {})
        batch = chunk.to_record_batch()
        for name in set(batch.schema.names) - CLOCKS:
            kept.setdefault(name, []).extend(batch.column(name).to_pylist())

    def logged(entity: str, component: str) -> list[Any]:
        found = columns[entity]
        (name,) = (name for name in found if name.endswith(component))
        return found[name]

    assert sorted(logged("/measures/range", "Scalars:scalars")) == [[896.0 + n] for n in range(5)]
    assert logged("/command/applied/forward", "Scalars:scalars") == [[0.25]] * 5
    assert logged("/command/wanted/forward", "Scalars:scalars") == [[0.5]] * 5
    assert logged("/measures/range", "SeriesLines:names") == [["range, m"]]
    assert sorted(columns["/times/think"]["step"]) == list(range(5))
    assert len(logged("/frame", "EncodedImage:blob")) == 5
    assert [1.0, -900.0, 8.0] in [at for (at,) in logged("/path/relative_position", ":positions")]
    words = [text for (text,) in logged("/decisions", "TextLog:text")]
    assert sum("an answer" in text and "forward was cut" in text for text in words) == 5
    assert "captured" in words
    assert logged("/people", "TextLog:text") == [["ann approved"]] * 5
