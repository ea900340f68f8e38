"""Rendered worlds as cameras. In processes of their own: MuJoCo reads MUJOCO_GL once, at import."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MODEL = """
<mujoco>
  <worldbody>
    <light pos="0 0 3"/>
    <camera name="top" pos="0 0 2" xyaxes="1 0 0 0 1 0"/>
    <camera name="side" pos="0 -2 1" xyaxes="1 0 0 0 0 1"/>
    <geom type="plane" size="3 3 .1" rgba=".2 .2 .9 1"/>
    <body pos="0 0 1.2">
      <freejoint/><geom type="box" size=".3 .3 .05" rgba=".9 .1 .1 1"/>
    </body>
  </worldbody>
</mujoco>
"""
LOOK = """
import json, sys
from helmsight.hardware.cameras import open_camera
from helmsight.hardware.errors import HardwareError
try:
    with open_camera(sys.argv[1], size=(96, 64), fps=50.0) as camera:
        first = camera.look(30.0)
        later = camera.newest(30.0, after=first.number + 8)
        print(json.dumps({
            "shape": first.pixels.shape, "middle": first.pixels[32, 48].tolist(),
            "corner": first.pixels[2, 2].tolist(),
            "moved": bool((first.pixels != later.pixels).any()),
        }))
except HardwareError as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
"""


def render(folder: Path, gl: str, camera: str = "top") -> dict[str, Any]:
    """Return what a process with MUJOCO_GL sees: MuJoCo reads it once, at import."""
    (folder / "cell.xml").write_text(MODEL, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, f"mujoco:{folder / 'cell.xml'}?camera={camera}"],
        env={**os.environ, "MUJOCO_GL": gl}, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told


@pytest.mark.slow
def test_a_model_is_rendered_and_its_world_moves(tmp_path: Path) -> None:
    for gl in ("osmesa", "egl"):
        told = render(tmp_path, gl)
        if "error" not in told:
            break
    else:
        pytest.skip(f"nothing to draw with: {told['error']}")
    assert told["shape"] == [64, 96, 3]
    assert told["middle"][0] > told["middle"][2]  # the red box
    assert told["corner"][2] > told["corner"][0]  # the blue floor
    assert told["moved"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gl", "camera", "words"),
    [("disable", "top", "MUJOCO_GL=egl"), ("disable", "left", "there are top, side")],
)
def test_a_model_that_cannot_be_rendered_says_what_is_missing(
    tmp_path: Path, gl: str, camera: str, words: str
) -> None:
    told = render(tmp_path, gl, camera)
    assert told["error"].startswith("CameraUnavailable")
    assert words in told["error"]
