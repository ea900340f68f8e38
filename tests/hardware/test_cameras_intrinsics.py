"""Intrinsics from files, scaled to the pictures, and pictures without distortion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.cameras import load_intrinsics, open_camera

LENS: dict[str, Any] = {
    "fx": 60.0, "fy": 60.0, "cx": 31.5, "cy": 23.5,
    "distortion": [-0.3, 0.1, 0.0, 0.0], "width": 64, "height": 48,
}  # fmt: skip


def write(path: Path, data: dict[str, Any]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(data), encoding="utf-8")
    else:
        path.write_text("\n".join(f"{key} = {value}" for key, value in data.items()), "utf-8")
    return path


@pytest.mark.parametrize("name", ["lens.toml", "lens.json"])
def test_intrinsics_are_read_and_scaled_to_the_pictures(tmp_path: Path, name: str) -> None:
    lens = load_intrinsics(write(tmp_path / name, LENS))
    assert lens.matrix[0].tolist() == [60.0, 0.0, 31.5]
    double = lens.scaled(128, 96)
    assert (double.fx, double.cx, double.cy) == (120.0, 63.5, 47.5)  # the middle stays the middle
    with pytest.raises(InvalidOption, match="aspect"):
        lens.scaled(128, 72)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fx": None}, "fx: missing"),
        ({"distortion": None}, "distortion: missing"),
        ({"fy": -1.0}, "fy: .*greater than 0"),
        ({"width": 0}, "width"),
        ({"zoom": 2}, "zoom: unknown key"),
        ({"distortion": [0.1]}, "distortion: 1 numbers"),
        ({"cx": '"left"'}, "cx"),
    ],
)
def test_intrinsics_with_a_wrong_key_name_it(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    data = {key: value for key, value in {**LENS, **change}.items() if value is not None}
    with pytest.raises(InvalidOption, match=words):
        load_intrinsics(write(tmp_path / "lens.toml", data))


@pytest.mark.parametrize("name", ["none.toml", "broken.toml", "broken.json"])
def test_intrinsics_that_cannot_be_read_are_refused(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_text("{ fx", encoding="utf-8")
    with pytest.raises(InvalidOption, match=name):
        load_intrinsics(tmp_path / name)


def test_undistorting_straightens_what_the_lens_bent(tmp_path: Path) -> None:
    """A straight line, bent by OpenCV's own forward model, comes out straight again."""
    import cv2

    lens = load_intrinsics(write(tmp_path / "lens.toml", LENS))
    bent = np.zeros((48, 64, 3), np.uint8)
    along = np.linspace(-0.4, 0.4, 400)
    points = np.stack([along, np.full_like(along, 0.3), np.ones_like(along)], axis=1)
    seen, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), lens.matrix, np.array(lens.distortion)
    )
    for x, y in np.rint(seen[:, 0]).astype(int):
        bent[y, x] = 255
    straight = lens.undistort(bent).max(axis=2)
    row = round(0.3 * lens.fy + lens.cy)
    before = np.ptp(np.nonzero(bent.max(axis=2))[0])
    lit = np.nonzero(straight[:, 10:54] > 60)[0]
    assert before >= 1
    assert abs(lit - row).max() <= 1


@pytest.fixture
def numbered(tmp_path: Path) -> str:
    """Return a sequence of three pictures of 64x48."""
    import cv2

    for number in range(3):
        cv2.imwrite(str(tmp_path / f"f{number}.png"), np.full((48, 64, 3), 90, np.uint8))
    return str(tmp_path / "f%d.png")


def test_pictures_of_another_shape_than_the_intrinsics_are_refused(
    numbered: str, tmp_path: Path
) -> None:
    lens = write(tmp_path / "lens.toml", {**LENS, "width": 64, "height": 36})
    with pytest.raises(InvalidOption, match="64x48: another aspect ratio"):
        open_camera(numbered, intrinsics=lens)
    with open_camera(
        numbered, intrinsics=write(tmp_path / "good.toml", LENS), undistort=True
    ) as camera:
        assert camera.newest().pixels.shape == (48, 64, 3)
        assert camera.intrinsics is not None
        assert camera.intrinsics.width == 64
