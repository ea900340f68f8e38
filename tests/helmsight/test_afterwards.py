"""What belongs to a finished run, by its environment; also where the run failed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helmsight import afterwards
from helmsight.afterwards import Afterword, afterword
from helmsight.cli.fly import with_live_line
from helmsight.contract.record import RunSpec
from helmsight.tools.folder import SPEC

SUMMARY = {"reason": "done", "stop": "confirmed by read-back", "steps": 3}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run in an environment that has something done afterwards."""
    (tmp_path / SPEC).write_text(RunSpec("some/World-v0", "keys").to_json(), encoding="utf-8")
    after = {
        "some/World-v0": lambda folder: Afterword((f"all is well in {folder.name}",), {"n": 1})
    }
    monkeypatch.setattr(afterwards, "AFTERWARDS", after)
    return tmp_path


def test_a_run_of_another_environment_no_run_and_no_folder_have_nothing_done(
    folder: Path,
) -> None:
    assert afterword(folder) is not None
    (folder / SPEC).write_text(RunSpec("other/World-v0", "keys").to_json(), encoding="utf-8")
    assert afterword(folder) is None
    assert afterword(folder / "nowhere") is None
    assert afterword(None) is None


def test_its_words_stand_for_the_summary_but_how_a_machine_stopped_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flight = SimpleNamespace(summary=SUMMARY, reason="done")
    with_live_line(lambda live: flight, folder, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"all is well in {folder.name}"
    assert lines[1].split(maxsplit=1) == ["stop", "confirmed by read-back"]
    assert len(lines) == 2


def test_its_data_stand_beside_the_summary_in_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flight = SimpleNamespace(summary=SUMMARY, reason="done")
    with_live_line(lambda live: flight, folder, as_json=True)
    assert '"n": 1' in capsys.readouterr().out


def failing(live: Any) -> Any:
    raise OSError("the arm is gone")


def test_a_run_that_failed_has_it_done_too_and_still_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OSError, match="the arm is gone"):
        with_live_line(failing, folder, as_json=False)
    assert "all is well" in capsys.readouterr().out


def test_what_fails_afterwards_does_not_hide_why_the_run_failed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path) -> Afterword:
        raise ValueError("no disk")

    monkeypatch.setattr(afterwards, "AFTERWARDS", {"some/World-v0": broken})
    with pytest.raises(OSError, match="the arm is gone") as failed:
        with_live_line(failing, folder, as_json=False)
    assert failed.value.__notes__ == ["ValueError: no disk"]
