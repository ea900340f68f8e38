from __future__ import annotations

import json

import av
import numpy as np
import pyarrow.parquet as pq
import pytest

from helmsight.envs.orbital.task import pursuit_task
from helmsight.tools.errors import NothingToExport
from helmsight.tools.export.lerobot import CAMERA, LeRobotWriter
from helmsight.tools.export.lerobot_meta import VERSION, figures, together
from helmsight.tools.player import load_run

pytestmark = pytest.mark.slow
TASK = pursuit_task("PE1-E1-I3", {})
FULL = {"forward": 1.0, "right": 0.0, "down": 0.0, "duration": 0.5, "frame": "body"}


@pytest.fixture
def two_runs(fly, tmp_path):
    with LeRobotWriter(tmp_path / "data") as writer:
        writer.add(load_run(fly("a", steps=6)), TASK, None)
        writer.add(load_run(fly("b", steps=4)), TASK, {1: FULL, 2: FULL})
    return tmp_path / "data"


def test_info_says_what_is_there(two_runs):
    info = json.loads((two_runs / "meta/info.json").read_text("utf-8"))
    assert (info["codebase_version"], info["fps"]) == (VERSION, 2)
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (2, 8, 1)
    assert info["features"]["action"]["names"] == ["forward", "right", "down", "duration"]
    assert info["features"][CAMERA]["shape"] == [96, 160, 3]
    data = info["data_path"].format(chunk_index=0, file_index=0)
    assert set(info["features"]) - {CAMERA} == set(pq.read_schema(two_runs / data).names)


def test_episodes_name_their_rows_and_their_videos(two_runs):
    rows = pq.read_table(two_runs / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [(r["dataset_from_index"], r["dataset_to_index"]) for r in rows] == [(0, 6), (6, 8)]
    info = json.loads((two_runs / "meta/info.json").read_text("utf-8"))
    for row in rows:
        path = info["video_path"].format(
            video_key=CAMERA, chunk_index=row[f"videos/{CAMERA}/chunk_index"],
            file_index=row[f"videos/{CAMERA}/file_index"],
        )  # fmt: skip
        with av.open(str(two_runs / path)) as video:
            times = [frame.time for frame in video.decode(video=0)]
        assert times == [number / 2 for number in range(row["length"])]


def test_commands_are_those_flown_or_the_labels(two_runs):
    table = pq.read_table(two_runs / "data/chunk-000/file-000.parquet")
    actions = np.array(table["action"].to_pylist())
    assert actions[0] == pytest.approx([0.5, 0.0, -0.2, 0.5])
    assert actions[6:] == pytest.approx(np.array([[1, 0, 0, 0.5]] * 2))
    assert table["next.done"].to_pylist() == [False] * 5 + [True] + [False] * 2
    assert table["timestamp"].to_pylist() == [0, 0.5, 1, 1.5, 2, 2.5, 0, 0.5]


def test_figures_of_episodes_are_those_of_all_rows():
    rows = np.random.default_rng(0).normal(size=(30, 3))
    whole, parts = figures(rows), together([{"x": figures(rows[:10])}, {"x": figures(rows[10:])}])
    for name in ("min", "max", "mean", "std", "count"):
        assert parts["x"][name] == pytest.approx(whole[name])


def test_runs_that_do_not_go_together_are_refused(fly, tmp_path):
    writer = LeRobotWriter(tmp_path / "data")
    writer.add(load_run(fly("a", steps=3)), TASK, None)
    with pytest.raises(NothingToExport, match="differs from the runs before in"):
        writer.add(load_run(fly("b", steps=3, frames=False)), TASK, None)
    words = {"applied": {"look": "dish", "duration": 1.0}}
    with pytest.raises(NothingToExport, match=r"not of numbers alone \(look\).*--format chat"):
        writer.add(load_run(fly("c", steps=3, change=lambda index: words)), TASK, None)
    with pytest.raises(NothingToExport, match="no step of it is left"):
        writer.add(load_run(fly("d", steps=3)), TASK, {})


def test_lerobot_reads_it(two_runs):
    lerobot = pytest.importorskip("lerobot.datasets.lerobot_dataset")
    read = lerobot.LeRobotDataset("local/data", root=two_runs, video_backend="pyav")
    assert (read.num_episodes, read.num_frames, read.fps) == (2, 8, 2)
    assert read[6]["action"].tolist() == pytest.approx([1, 0, 0, 0.5])
