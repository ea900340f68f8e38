"""What MuJoCo draws with is chosen before it is imported, and only where nobody chose."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helmsight.hardware import gl


@pytest.fixture(autouse=True)
def headless(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "MUJOCO_GL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")


def libraries(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    def load(name: str) -> object:
        if name not in there:
            raise OSError(name)
        return object()

    monkeypatch.setattr(ctypes, "CDLL", load)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (("libEGL.so.1", "libOSMesa.so.8"), "egl"),
        (("libOSMesa.so.8",), "osmesa"),
        ((), None),
    ],
)
def test_without_a_screen_it_is_the_first_library_that_is_there(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], chosen: str | None
) -> None:
    libraries(monkeypatch, *there)
    gl.choose_gl()
    assert os.environ.get("MUJOCO_GL") == chosen


def test_what_a_person_chose_and_a_screen_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries(monkeypatch, "libEGL.so.1")
    monkeypatch.setenv("DISPLAY", ":0")
    gl.choose_gl()
    assert "MUJOCO_GL" not in os.environ
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("MUJOCO_GL", "disable")
    gl.choose_gl()
    assert os.environ["MUJOCO_GL"] == "disable"


def test_other_systems_draw_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries(monkeypatch, "libEGL.so.1")
    monkeypatch.setattr(sys, "platform", "darwin")
    gl.choose_gl()
    assert "MUJOCO_GL" not in os.environ


@pytest.mark.slow
def test_nothing_of_ours_imports_mujoco_by_itself() -> None:
    root = Path(__file__).parents[2]
    past = [
        str(path.relative_to(root))
        for room in ("agents", "contract", "envs", "evals", "hardware", "helmsight", "tools")
        for path in (root / room).rglob("*.py")
        if re.search(r"^\s*(import|from) mujoco\b", path.read_text("utf-8"), flags=re.MULTILINE)
    ]
    assert past == [str(Path("hardware") / "gl.py")]


@pytest.mark.slow
def test_whatever_of_ours_is_imported_first_chooses_before_mujoco_does(tmp_path: Path) -> None:
    code = (
        "import helmsight.hardware.kinematics, os, sys; "
        "import helmsight.envs.inspection.cell; print(os.environ.get('MUJOCO_GL', 'none'))"
    )
    environment = {key: value for key, value in os.environ.items() if key != "MUJOCO_GL"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    expected = "none"
    for name, library in gl.LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        expected = name
        break
    assert done.stdout.strip() == expected, done.stderr
