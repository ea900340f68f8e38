"""Picture files of others are read as a viewer shows them, or refused in one line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from helmsight.contract.errors import PictureRefused
from helmsight.contract.pictures import MOST_PIXELS, ORIENTATION, read_picture

SCENE = np.zeros((20, 30, 3), np.uint8)
SCENE[:10, :15] = (250, 20, 20)  # red at the upper left
SCENE[10:, 15:] = (20, 20, 250)
NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
STORED = {  # how a camera stores SCENE where it writes this orientation
    1: SCENE,
    2: SCENE[:, ::-1],
    3: SCENE[::-1, ::-1],
    4: SCENE[::-1],
    5: SCENE.transpose(1, 0, 2),
    6: np.rot90(SCENE, 1),
    7: SCENE[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(SCENE, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_picture_is_turned_as_its_camera_says(
    tmp_path: Path, orientation: int, kind: str
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    stored.save(tmp_path / f"a.{kind}", exif=exif, quality=95)
    read = read_picture(tmp_path / f"a.{kind}")
    assert read.shape == SCENE.shape
    assert np.abs(read[3:7, 3:12].astype(int) - (250, 20, 20)).max() < 40
    assert np.abs(read[13:17, 18:27].astype(int) - (20, 20, 250)).max() < 40


def test_an_orientation_that_there_is_not_turns_nothing(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 77
    Image.fromarray(SCENE).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_picture(tmp_path / "a.png"), SCENE)


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.25, 1.0])
def test_grey_and_deep_pictures_keep_their_brightness(
    tmp_path: Path, shape: tuple[int, ...], kind: type, share: float
) -> None:
    pixels: NDArray[Any] = np.full(shape, round(share * np.iinfo(kind).max), kind)
    if len(shape) == 3 and shape[2] == 4:
        pixels[..., 3] = np.iinfo(kind).max
    _, data = cv2.imencode(".png", pixels)
    (tmp_path / "ä.png").write_bytes(data.tobytes())
    read = read_picture(tmp_path / "ä.png")
    assert (read.shape, read.dtype) == ((20, 30, 3), np.uint8)
    assert abs(int(read[0, 0, 0]) - round(share * 255)) <= 1
    assert np.ptp(read) == 0


def test_what_is_transparent_is_white_and_colours_keep_their_order(tmp_path: Path) -> None:
    pixels = np.dstack([SCENE, np.full(SCENE.shape[:2], 255, np.uint8)])
    pixels[:10, 15:, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "a.png")
    read = read_picture(tmp_path / "a.png")
    assert read[5, 20].tolist() == [255, 255, 255]
    assert read[5, 5].tolist() == [250, 20, 20]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: None, "cannot be read: No such file"),
        (lambda file: file.write_bytes(b""), "is no picture"),
        (lambda file: file.write_text("text"), "is no picture"),
        (lambda file: file.mkdir(), "is no regular file"),
        (lambda file: file.write_bytes(_png(Image.new("RGB", (7, 400)))), "has 7x400 pixels"),
        (lambda file: file.write_bytes(_png(Image.new("L", (9000, 6000)))), f"{MOST_PIXELS} at"),
        (lambda file: file.write_bytes(_png(Image.new("L", (14000, 14000)))), "too large"),
        (lambda file: Image.new("F", (20, 20)).save(file, "TIFF"), "holds float32 numbers"),
        (lambda file: file.write_bytes(_png(Image.fromarray(NOISE))[:900]), "a damaged picture"),
    ],
)
def test_what_shows_nothing_is_refused_by_name(tmp_path: Path, make, words: str) -> None:
    file = tmp_path / "given.png"
    make(file)
    with pytest.raises(PictureRefused, match=words) as refused:
        read_picture(file)
    assert "given.png" in str(refused.value)


def _png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
