"""Data sets that somebody hands over: what cannot be asked is skipped, no file of yours is read.

A case is a `line` as JSON, whose key `long` is so many `times` over, or one that is `raw`. Each
stands in a data set with a good line after it, beside pictures that are none (`pictures`).
"""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import sys
import zlib
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from helmsight.contract.errors import PictureRefused
from helmsight.contract.pictures import check_size, decode
from helmsight.evals.spatial.dataset import load, picture

CASES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("data_sets.json").read_text(encoding="utf-8")
)
GOOD = {
    "image": "fine.png", "text": "Is there a bowl right of a lamp in the image?", "label": "no",
    "question_id": "good",
}  # fmt: skip
JPEG = b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + b"\x01\x11\x00" * 3  # 65,535 px square
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are POSIX's")


def png(width: int, height: int) -> bytes:
    """Return a PNG of one colour and one bit a pixel, a thousandth of what it decodes to."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        parts = struct.pack(">I", len(data)), kind, data, struct.pack(">I", crc32(kind + data))
        return b"".join(parts)

    body = zlib.compress(bytes(1 + (width + 7) // 8) * height, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a data set's folder `images` of every kind, and a secret beside it."""
    import cv2

    folder = tmp_path_factory.mktemp("theirs")
    images = folder / "images"
    images.mkdir()
    fine = cv2.imencode(".png", np.full((32, 32, 3), 90, np.uint8))[1].tobytes()
    for name, data in {
        "fine.png": fine, "text.png": b"root:x:0:0", "empty.png": b"", "cut.png": fine[:40],
        "bomb.png": png(8_000, 8_000), "wide.png": png(60_000_000, 1),
        "tall.png": png(8, 7_000_000), "bomb.jpg": JPEG,
    }.items():  # fmt: skip
        (images / name).write_bytes(data)
    (folder / "secret.png").write_bytes(fine)
    (images / "link out.png").symlink_to(folder / "secret.png")
    (images / "link to a folder").symlink_to(folder)
    (images / "circle.png").symlink_to(images / "circle.png")
    (images / "folder.png").mkdir()
    os.mkfifo(images / "pipe.png")
    with (images / "endless.png").open("wb") as file:
        file.truncate(1 << 40)
    here = Path.cwd()
    os.chdir(images)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.png")
    os.chdir(here)
    return folder


def line_of(case: dict[str, Any]) -> str:
    if "raw" in case:
        return str(case["raw"]) * int(case.get("times", 1))
    line = dict(case["line"])
    if "long" in case:
        line[case["long"]] *= case["times"]
    return json.dumps(line)


@pytest.mark.corpus
@pytest.mark.parametrize("name", CASES)
def test_a_line_of_theirs_is_skipped_or_harmless(name: str, pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "theirs.jsonl"
    file.write_text(f"{line_of(CASES[name])}\n{json.dumps(GOOD)}\n", encoding="utf-8")
    cases, skipped = load(file, pictures / "images")
    assert cases[-1].name == "good"
    assert len(cases) + len(skipped) == 2 or not line_of(CASES[name]).strip()
    for case in cases:
        assert case.image.parent == pictures / "images"
        assert picture(case.image) is not None


@pytest.mark.slow
def test_the_command_asks_what_can_be_asked_and_nothing_else(
    pictures: Path, tmp_path: Path, run: Any
) -> None:
    file = tmp_path / "theirs.jsonl"
    lines = [line_of(case) for case in CASES.values()]
    file.write_text("\n".join([*lines, json.dumps(GOOD), ""]), encoding="utf-8")
    answers = tmp_path / "answers.txt"
    answers.write_text('{"relations": []}\n', encoding="utf-8")
    told = run(
        "spatial", "run", file, "--images", pictures / "images", "--pilot", f"scripted:{answers}",
        "--strategies", "vanilla", "--out", tmp_path / "out", "--swaps", 0,
    )  # fmt: skip
    assert told.status in (0, 1, 2)
    assert "HELMSIGHT_TRACEBACK" not in told.err
    assert "secret.png" not in (tmp_path / "out" / "answers.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["bomb.png", "wide.png", "tall.png", "bomb.jpg"])
def test_a_bomb_is_refused_by_its_head(name: str, pictures: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = (pictures / "images" / name).read_bytes()
    assert len(data) < 2_000_000
    with pytest.raises(PictureRefused, match=name):
        decode(data, name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


def test_a_picture_of_usual_size_is_decoded_as_it_is(pictures: Path) -> None:
    data = (pictures / "images" / "fine.png").read_bytes()
    assert check_size(data, "fine.png") == (32, 32)
    assert np.array_equal(decode(data, "fine.png"), np.full((32, 32, 3), 90))
