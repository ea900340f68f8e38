"""Small files that would become large: limits stand before what is decoded, not after."""

from __future__ import annotations

import json
import resource
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from helmsight.agents.asking_style import AskingStyle
from helmsight.contract.errors import FileRefused
from helmsight.contract.jsontext import DEEPEST, MOST_TEXT, parse_json
from helmsight.contract.opening import read_whole
from helmsight.tools.errors import FramesMissing
from helmsight.tools.frames import HEAD, MARK, MOST_PIXELS, read_frames

SIZES = [(5000, 3400), (16384, 1040)]


def stream(width: int, height: int, frames: int) -> bytes:
    """Return a bare H.264 stream of one colour: some KB for any size."""
    import av

    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base, context.thread_count = Fraction(10), Fraction(1, 10), 1
    context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    picture = av.VideoFrame.from_ndarray(
        np.full((height * 3 // 2, width), 128, np.uint8), format="yuv420p"
    )
    data = HEAD
    for index in range(frames):
        picture.pts = index
        data += b"".join(bytes(packet) for packet in context.encode(picture)) + MARK
    return data


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_film_of_more_pixels_than_any_world_has_is_not_decoded(
    width: int, height: int, tmp_path: Path
) -> None:
    assert width * height > MOST_PIXELS
    film = tmp_path / "frames.h264"
    film.write_bytes(stream(width, height, 2))
    assert film.stat().st_size < 1_000_000
    with pytest.raises(FramesMissing, match="pixels"):
        list(read_frames(film))


def test_a_film_of_many_frames_is_read_one_at_a_time_and_no_longer_than_the_steps(
    tmp_path: Path,
) -> None:
    film = tmp_path / "frames.h264"
    film.write_bytes(stream(640, 480, 60))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(1 for _ in read_frames(film, limit=10)) == 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


@pytest.mark.slow
def test_a_film_in_a_run_of_theirs_is_a_named_error(flown: Path, tmp_path: Path, run: Any) -> None:
    folder = tmp_path / "theirs"
    shutil.copytree(flown, folder)
    (folder / "frames.h264").write_bytes(stream(*SIZES[0], 3))
    answers = tmp_path / "answers.txt"
    answers.write_text('{"forward": 0}\n', encoding="utf-8")
    told = run("replay", folder, "--pilot", f"scripted:{answers}")
    assert told.status == 2
    assert "5000x3400 pixels" in told.err


@pytest.mark.parametrize(
    "style",
    [
        {"views": {"size": 200_000}}, {"views": {"size": 0}}, {"views": {"size": 1e9}},
        {"few_shot": 1_000_000}, {"few_shot": -1}, {"max_new_tokens": 10**12},
        {"max_new_tokens": 0}, {"heat": {"state": "nan"}}, {"heat": {"state": "inf"}},
        {"heat": {"state": 0}}, {"heat": {"state": -1}},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_a_model_folder_asks_for_no_more_than_there_is(style: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AskingStyle.model_validate(style)


def test_json_is_bounded_in_length_and_depth() -> None:
    assert parse_json("[" * DEEPEST + "]" * DEEPEST)
    for text in ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), "[" * 10**6, " " * (MOST_TEXT + 1)):
        with pytest.raises(ValueError, match=r"deep|characters"):
            parse_json(text)


def test_a_file_without_end_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "endless"
    with file.open("wb") as writing:
        writing.truncate(1 << 40)
    with pytest.raises(FileRefused, match="1099511627776 bytes"):
        read_whole(file)
