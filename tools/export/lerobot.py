"""LeRobot data sets, format v3.0: what was seen and done, as columns and videos.

The form is that of LeRobot 0.4: `meta/info.json`, `stats.json`, `tasks.parquet`, episodes and data
as parquet, one MP4 an episode (https://huggingface.co/docs/lerobot/lerobot-dataset-v3). Frames come
at an even pace there, and steps do not: `observation.met` holds the world's own time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from helmsight.contract.command import lasts
from helmsight.contract.record import Frame, StepRecord
from helmsight.contract.task import Task
from helmsight.contract.writing import write_whole
from helmsight.tools.errors import NothingToExport
from helmsight.tools.export import lerobot_meta as meta
from helmsight.tools.export.mp4 import write_mp4
from helmsight.tools.player import Run

CAMERA = "observation.images.frame"
LOOKED_AT = 32  # frames of an episode that the figures of its pictures are taken from


class LeRobotWriter:
    """Writes runs of one world as the episodes of a data set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._features: meta.Features = {}
        self._fps, self._frames = 0, 0
        self._tasks: list[str] = []
        self._episodes: list[dict[str, Any]] = []
        self._stats: list[dict[str, meta.Figures]] = []
        self._tables: list[pa.Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self._episodes:
            self._finish()

    def totals(self) -> dict[str, int]:
        """Return how many episodes and frames there are."""
        return {"episodes": len(self._episodes), "frames": self._frames, "fps": self._fps}

    def add(self, run: Run, task: Task, labels: Mapping[int, dict[str, Any]] | None) -> None:
        """Write a run as an episode; with `labels`, commands by step, in the place of those flown.

        Raises:
            NothingToExport: commands that are no numbers, frames that are missing, no step, or
                another world than that of the runs before.
        """
        steps = [record for record in run.records if labels is None or record.index in labels]
        if not steps:
            raise NothingToExport(f"{run.folder}: no step of it is left to learn from")
        self._fps = self._fps or _pace(steps)
        values, features = _columns(run, steps, task, labels)
        number = len(self._episodes)
        video, looked = self._film(run, steps, number)
        stats = {name: meta.figures(column) for name, column in values.items()}
        if looked:
            height, width = (side // 2 * 2 for side in looked[0].shape[:2])  # as H.264 has them
            features[CAMERA] = meta.camera(height, width, self._fps)
            stats[CAMERA] = meta.of_pictures(looked)
        self._check(run, features)
        own = self._own(task, len(steps), number)
        stats |= {name: meta.figures(column) for name, column in own.items()}
        self._tables.append(meta.table(values | own))
        self._stats.append(stats)
        self._episodes.append({
            "episode_index": number, "tasks": [task.goal], "length": len(steps),
            "data/chunk_index": 0, "data/file_index": 0, "dataset_from_index": self._frames,
            "dataset_to_index": self._frames + len(steps), **video, **meta.flat(stats),
            "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0,
        })  # fmt: skip
        self._frames += len(steps)

    def _film(
        self, run: Run, steps: list[StepRecord], number: int
    ) -> tuple[dict[str, Any], list[Frame]]:
        """Write the video of an episode; return its columns, and some frames to look at."""
        chunk, file = divmod(number, meta.CHUNK)
        path = self.folder / meta.VIDEO.format(key=CAMERA, chunk=chunk, file=file)
        every = max(1, len(steps) // LOOKED_AT)
        looked: list[Frame] = []

        def shown() -> Iterator[Frame]:
            for at, frame in enumerate(_frames(run, steps)):
                if at % every == 0:
                    looked.append(frame)
                yield frame

        count = write_mp4(path, shown(), self._fps)
        if count not in (0, len(steps)):
            raise NothingToExport(
                f"{run.folder} holds frames of {count} of its {len(steps)} steps; a data set needs "
                "all of them, or none"
            )
        if not count:
            return {}, []
        key = f"videos/{CAMERA}"
        place = {"chunk_index": chunk, "file_index": file, "from_timestamp": 0.0,
                 "to_timestamp": count / self._fps}  # fmt: skip
        return {f"{key}/{name}": value for name, value in place.items()}, looked

    def _own(self, task: Task, steps: int, number: int) -> dict[str, NDArray[Any]]:
        """Return the columns that every data set has."""
        if task.goal not in self._tasks:
            self._tasks.append(task.goal)
        at = np.arange(steps)
        return {
            "timestamp": (at / self._fps).astype(np.float32),
            "frame_index": at,
            "episode_index": np.full(steps, number),
            "index": self._frames + at,
            "task_index": np.full(steps, self._tasks.index(task.goal)),
        }

    def _check(self, run: Run, features: meta.Features) -> None:
        """Raise NothingToExport for a run that has other columns than those before."""
        self._features = self._features or features
        if features != self._features:
            odd = [key for key in {**features, **self._features}
                   if features.get(key) != self._features.get(key)]  # fmt: skip
            raise NothingToExport(
                f"{run.folder} differs from the runs before in {', '.join(odd)}: a LeRobot data "
                "set is of one world, seen in one way; export the others apart"
            )

    def _finish(self) -> None:
        told = meta.info(
            self._features, self._fps, len(self._episodes), self._frames, len(self._tasks)
        )
        self._parquet(meta.DATA, pa.concat_tables(self._tables))
        self._parquet(meta.TASKS, meta.tasks_table(self._tasks))
        self._parquet(meta.EPISODES, pa.Table.from_pylist(self._episodes))
        write_whole(self.folder / meta.STATS, json.dumps(meta.together(self._stats), indent=2))
        write_whole(self.folder / meta.INFO, json.dumps(told, indent=2))

    def _parquet(self, name: str, table: pa.Table) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)


def _pace(steps: list[StepRecord]) -> int:
    """Return how many steps there are in a world second, 1 at least."""
    gaps = [b.stamp - a.stamp for a, b in pairwise(steps) if b.stamp > a.stamp]
    return max(1, round(1.0 / median(gaps))) if gaps else 1


def _columns(
    run: Run, steps: list[StepRecord], task: Task, labels: Mapping[int, dict[str, Any]] | None
) -> tuple[dict[str, NDArray[Any]], meta.Features]:
    """Return what was seen and done, a row a step, and what these columns are."""
    actions = [_action(run, record, task, labels) for record in steps]
    names = list(actions[0])
    if any(list(action) != names for action in actions):
        raise NothingToExport(
            f"{run.folder}: its commands are in axes that were not recorded; fly it anew"
        )
    values = {
        "action": np.array([list(action.values()) for action in actions], np.float32),
        "observation.met": np.array([[record.stamp] for record in steps], np.float32),
        "next.done": np.array([[record is run.records[-1]] for record in steps]),
    }
    features = {"action": meta.numbers(names), "observation.met": meta.numbers(["met"]),
                "next.done": meta.numbers(["done"], "bool")}  # fmt: skip
    shown = [record.telemetry(len(task.fields)) for record in steps] if task.fields else [None]
    if all(row is not None for row in shown):
        values["observation.state"] = np.array(shown, np.float32)
        features["observation.state"] = meta.numbers([entry.name for entry in task.fields])
    return values, features


def _action(
    run: Run, record: StepRecord, task: Task, labels: Mapping[int, dict[str, Any]] | None
) -> dict[str, float]:
    """Return the numbers of a command in the body's axes, its duration last."""
    command = record.applied if labels is None else labels[record.index]
    said = {name for name, value in command.items() if isinstance(value, str | list)} - {"frame"}
    if said:
        raise NothingToExport(
            f"{run.folder}: its commands are not of numbers alone ({', '.join(sorted(said))}), "
            "and LeRobot's are; use --format chat or hf"
        )
    duration = lasts(command)
    fields = record.shown(command, task.description())
    return fields if duration is None else {**fields, "duration": duration}


def _frames(run: Run, steps: list[StepRecord]) -> Iterator[Frame]:
    wanted = {record.index for record in steps}
    for record, frame in zip(run.records, run.frames(), strict=False):
        if record.index in wanted:
            yield frame
