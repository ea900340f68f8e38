"""What describes a LeRobot data set (format v3.0): its features, figures, tasks and episodes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

VERSION = "v3.0"
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
DATA = "data/chunk-000/file-000.parquet"
VIDEO = "videos/{key}/chunk-{chunk:03d}/file-{file:03d}.mp4"
CHUNK = 1000  # files of a folder
OWN = {"timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64",
       "task_index": "int64"}  # fmt: skip
"""The columns that every data set has, besides its features."""
SHARES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
KINDS = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_()}
Features = dict[str, dict[str, Any]]
Figures = dict[str, list[Any]]


def numbers(names: Sequence[str], kind: str = "float32") -> dict[str, Any]:
    """Return the feature of a column with a number of every name."""
    return {"dtype": kind, "shape": [len(names)], "names": list(names)}


def camera(height: int, width: int, fps: int) -> dict[str, Any]:
    """Return the feature of a video."""
    told = {"height": height, "width": width, "codec": "h264", "pix_fmt": "yuv420p", "channels": 3,
            "is_depth_map": False, "fps": fps}  # fmt: skip
    told = {f"video.{name}": value for name, value in told.items()}
    return {"dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"],
            "info": {**told, "has_audio": False}}  # fmt: skip


def info(features: Features, fps: int, episodes: int, frames: int, tasks: int) -> dict[str, Any]:
    """Return what `meta/info.json` holds."""
    own = {name: {"dtype": kind, "shape": [1], "names": None} for name, kind in OWN.items()}
    chunk = "chunk-{chunk_index:03d}/file-{file_index:03d}"
    return {
        "codebase_version": VERSION, "robot_type": None, "total_episodes": episodes,
        "total_frames": frames, "total_tasks": tasks, "chunks_size": CHUNK,
        "data_files_size_in_mb": 100, "video_files_size_in_mb": 200, "fps": fps,
        "splits": {"train": f"0:{episodes}"}, "data_path": f"data/{chunk}.parquet",
        "video_path": "videos/{video_key}/" + chunk + ".mp4", "features": {**features, **own},
    }  # fmt: skip


def table(values: Mapping[str, NDArray[Any]]) -> pa.Table:
    """Return columns (n,) or (n, k) as a table; several numbers are a list of that length."""
    arrays = {}
    for name, column in values.items():
        kind = KINDS[column.dtype.name]
        flat = pa.array(column.reshape(-1), kind)
        single = column.ndim == 1 or column.shape[1] == 1
        arrays[name] = flat if single else pa.FixedSizeListArray.from_arrays(flat, column.shape[1])
    return pa.table(arrays)


def figures(values: NDArray[Any]) -> Figures:
    """Return least, largest, mean, deviation, shares and number of values (n,) or (n, k)."""
    rows = np.asarray(values, np.float64).reshape(len(values), -1)
    found = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    found |= {name: np.quantile(rows, share, axis=0) for name, share in SHARES.items()}
    return {**{name: row.tolist() for name, row in found.items()}, "count": [len(rows)]}


def of_pictures(frames: Sequence[NDArray[np.uint8]]) -> Figures:
    """Return the same for pictures (H, W, 3), by channel, of brightness from 0 to 1: (3, 1, 1)."""
    pixels = np.concatenate([frame[::8, ::8].reshape(-1, 3) for frame in frames]) / 255.0
    found = figures(pixels)
    shaped = {name: [[[value]] for value in row] for name, row in found.items() if name != "count"}
    return {**shaped, "count": [len(frames)]}


def together(parts: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    """Return the figures of all episodes out of those of each; shares are weighted means."""
    whole: dict[str, Figures] = {}
    for key in parts[0]:
        each = [part[key] for part in parts]
        weights = np.array([one["count"][0] for one in each], np.float64)
        share = weights / weights.sum()

        def mean(name: str, each: Any = each, share: Any = share) -> NDArray[np.float64]:
            rows = np.array([one[name] for one in each])
            return np.asarray(np.tensordot(share, rows, axes=1))

        centre = mean("mean")
        square = [np.array(one["std"]) ** 2 + np.array(one["mean"]) ** 2 for one in each]
        spread = np.sqrt(np.maximum(np.tensordot(share, np.array(square), axes=1) - centre**2, 0))
        whole[key] = {
            "min": np.min([one["min"] for one in each], axis=0).tolist(),
            "max": np.max([one["max"] for one in each], axis=0).tolist(),
            "mean": centre.tolist(), "std": spread.tolist(),
            **{name: mean(name).tolist() for name in SHARES}, "count": [int(weights.sum())],
        }  # fmt: skip
    return whole


def flat(stats: Mapping[str, Figures]) -> dict[str, Any]:
    """Return the figures of an episode as columns of its row."""
    return {f"stats/{key}/{name}": row for key, rows in stats.items() for name, row in rows.items()}


def tasks_table(tasks: Sequence[str]) -> pa.Table:
    """Return the tasks as pandas writes a frame whose index they are: so LeRobot reads them."""
    index = "__index_level_0__"
    column = {"field_name": index, "name": None, "pandas_type": "unicode", "numpy_type": "object",
              "metadata": None}  # fmt: skip
    number = {"field_name": "task_index", "name": "task_index", "pandas_type": "int64",
              "numpy_type": "int64", "metadata": None}  # fmt: skip
    told = {"index_columns": [index], "column_indexes": [], "columns": [number, column],
            "creator": {"library": "pyarrow", "version": pa.__version__},
            "pandas_version": "2.2.0"}  # fmt: skip
    rows = {
        "task_index": pa.array(range(len(tasks)), pa.int64()),
        index: pa.array(tasks, pa.string()),
    }
    return pa.table(rows).replace_schema_metadata({"pandas": json.dumps(told)})
