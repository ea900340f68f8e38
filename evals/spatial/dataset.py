"""Data sets on disk: the public JSON lines, a folder of pictures, and the truth of generated ones.

A line of NAME.jsonl has the keys `image`, `text`, `label` and `question_id`. Beside it
NAME.truth.jsonl, which only generated data have, tells where everything is (see `Truth`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helmsight.agents.grounding.asking import Image
from helmsight.agents.grounding.labelled import Truth
from helmsight.contract.errors import PictureRefused
from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import read_whole
from helmsight.contract.pictures import MOST_BYTES, check_size, decode
from helmsight.contract.record import plain
from helmsight.contract.textfiles import read_lines
from helmsight.contract.writing import write_whole
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.spatial.generator import GeneratedQuestion
from helmsight.prompts.errors import InvalidItem
from helmsight.prompts.questions import Item, read_items

IMAGES = "images"
QUALITY = 94  # of the JPEG files, with colours in full resolution


@dataclass(frozen=True)
class QuestionTruth:
    """What is known of a generated question beside its answer."""

    kind: str
    truth: Truth
    counter: bool | None


@dataclass(frozen=True)
class Case:
    """A question that can be asked: its item, its picture's file, and its truth where known."""

    item: Item
    image: Path
    known: QuestionTruth | None = None

    @property
    def name(self) -> str:
        """The id of the question."""
        return self.item.name


def save(folder: Path, name: str, questions: Iterable[GeneratedQuestion]) -> int:
    """Write questions as `name`.jsonl with truth and pictures into `folder`; return how many.

    The lines appear when all pictures are there; files of the same names are replaced.

    Raises:
        ResultsUnusable: the folder cannot be written.
    """
    import cv2

    style = [
        cv2.IMWRITE_JPEG_QUALITY, QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]  # fmt: skip
    lines, truths = [], []
    try:
        (folder / IMAGES).mkdir(parents=True, exist_ok=True)
        for question in questions:
            image = f"{question.name}.jpg"
            done, data = cv2.imencode(".jpg", question.picture.image[..., ::-1], style)
            if not done:
                raise OSError(f"{image} cannot be encoded")
            (folder / IMAGES / image).write_bytes(data.tobytes())
            lines.append(_line(question, image))
            truths.append(_truth_line(question, image))
        write_whole(folder / f"{name}.truth.jsonl", _dump(truths))
        write_whole(folder / f"{name}.jsonl", _dump(lines))
    except OSError as error:
        raise ResultsUnusable(f"{folder} cannot be written ({error}); give another") from error
    return len(lines)


def load(dataset: Path, images: Path | None = None) -> tuple[list[Case], list[str]]:
    """Return the questions of a data set that can be asked, and why each other cannot.

    `images` is where the pictures are; by default the folder "images" beside the file. No other
    file is read. A reason names file and line.

    Raises:
        InvalidItem: the file cannot be read, or what lies beside it as its truth is none.
    """
    folder = images if images is not None else dataset.with_name(IMAGES)
    truths = _read_truth(dataset.with_name(f"{dataset.stem}.truth.jsonl"))
    cases: list[Case] = []
    skipped: list[str] = []
    names: set[str] = set()
    for entry in read_items(dataset):
        if isinstance(entry, InvalidItem):
            skipped.append(str(entry))
            continue
        where = f"{entry.path}:{entry.line}"
        file = _within(folder, entry.image)
        if entry.name in names:
            skipped.append(f'{where}: a second question has the question_id "{entry.name}"')
        elif file is None:
            skipped.append(f'{where}: no picture "{entry.image[:200]}" in {folder}')
        elif problem := _unfit(file):
            skipped.append(f"{where}: {problem}")
        else:
            cases.append(Case(entry, file, truths.get(entry.name)))
            names.add(entry.name)
    return cases, skipped


def picture(path: Path) -> Image | None:
    """Return the picture (H, W, 3) uint8 RGB in a file; None when there is none in it."""
    try:
        return decode(read_whole(path, MOST_BYTES), path.name)
    except (OSError, PictureRefused):
        return None


def _within(folder: Path, name: str) -> Path | None:
    """Return the file called `name` in `folder`, None where it is none, or lies elsewhere.

    A name that climbs out of the folder, or a link that leads out, would have any picture of yours
    sent to a provider.
    """
    try:
        file = (folder / name).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, links in a circle
        return None


def _unfit(file: Path) -> str:
    """Return why a picture file cannot be asked about, "" if it can; only its head is read."""
    try:
        check_size(read_whole(file, MOST_BYTES), file.name)
    except (OSError, PictureRefused) as error:
        return str(error)
    return ""


def _line(generated: GeneratedQuestion, image: str) -> dict[str, Any]:
    return {
        "image": image,
        "text": generated.question.text,
        "label": "yes" if generated.cell.label else "no",
        "question_id": generated.name,
    }


def _truth_line(generated: GeneratedQuestion, image: str) -> dict[str, Any]:
    truth = generated.picture.truth
    return {
        "question_id": generated.name,
        "image": image,
        "kind": generated.picture.kind,
        "axis": generated.cell.axis.value,
        "counter": generated.cell.counter,
        "names": truth.names,
        "places": np.round(truth.places, 4),
        **generated.picture.details,
    }


def _dump(entries: Sequence[Mapping[str, Any]]) -> str:
    return "".join(f"{json.dumps(plain(entry), allow_nan=False)}\n" for entry in entries)


def _read_truth(path: Path) -> dict[str, QuestionTruth]:
    if not path.is_file():
        return {}
    truths = {}
    try:
        for line in read_lines(path):
            entry = parse_json(line)
            places = np.array(entry["places"], np.float64)
            names = tuple(entry["names"])
            if places.shape != (len(names), 3):
                raise ValueError(f"{len(names)} names and places of shape {places.shape}")
            known = QuestionTruth(entry["kind"], Truth(names, places), entry["counter"])
            truths[entry["question_id"]] = known
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidItem(
            f"{path} is no truth of a data set ({type(error).__name__}: {error}); remove it or "
            "generate the data again"
        ) from error
    return truths
