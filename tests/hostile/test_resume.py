"""What is begun is not lost, and goes on as itself: not as another run, nor at another address."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import helmsight
from helmsight.agents.scripted import make
from helmsight.resuming import resume
from helmsight.tools.errors import RunFolderUnusable
from helmsight.tools.player import load_run, same_steps
from helmsight.tools.recorder import Recorder

CODE = "from helmsight.cli import main; main()"
WAIT_S = 600.0


def of_model(folder: Path) -> Any:
    """Return a pilot whose record names a model folder."""
    pilot = make("naive")
    pilot.spec = str(folder)  # type: ignore[attr-defined]
    return pilot


@pytest.mark.slow
def test_a_run_goes_on_with_the_weights_that_began_it(tmp_path: Path) -> None:
    model, folder = tmp_path / "model", tmp_path / "run"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"one")
    helmsight.fly("PE1-E1-I1", of_model(model), steps=2, time="paused", out=folder, video=False)
    before = (folder / "steps.jsonl").read_bytes()
    (model / "model.safetensors").write_bytes(b"two")
    with pytest.raises(RunFolderUnusable, match=r"weights is '\w{16}' and was '\w{16}'"):
        resume(folder, steps=4, pilot=of_model(model))
    assert (folder / "steps.jsonl").read_bytes() == before
    (model / "model.safetensors").write_bytes(b"one")
    assert len(resume(folder, steps=4, pilot=of_model(model)).records) == 4


@pytest.mark.slow
@pytest.mark.parametrize("theirs", ["hello", None])
def test_a_run_of_theirs_does_not_copy_a_file_of_yours(theirs: str | None, tmp_path: Path) -> None:
    """Its pilot answers the lines of a file, which it may name; their digest it does not know."""
    answers, folder = tmp_path / "answers.txt", tmp_path / "run"
    answers.write_text("hello\n", encoding="utf-8")
    options: dict[str, Any] = {"steps": 1, "observation": "telemetry", "time": "paused"}
    helmsight.fly("PE1-E1-I1", f"scripted:{answers}", out=folder, video=False, **options)
    answers.write_text("secret\n", encoding="utf-8")
    if theirs is None:
        recorded = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        del recorded["versions"]["weights"]
        (folder / "run.json").write_text(json.dumps(recorded), encoding="utf-8")
    with pytest.raises(RunFolderUnusable, match=r"weights (is|was not recorded)"):
        resume(folder, steps=2)
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in written if b"secret" in path.read_bytes()]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("environment", "helmsight/PE1-E1-I4-v0", "environment is"),
        ("seed", 1, "seed is"),
        ("pilot", "rendezvous", "pilot is"),
        ("options", {"scenario": "PE1-E1-I4"}, "options.scenario is"),
        ("pilot_options", {"few_shot": 2}, "pilot_options.few_shot is"),
        ("versions", {"weights": "0" * 16}, "weights is"),
    ],
)
def test_a_recorder_goes_on_with_no_other_run(
    key: str, value: Any, said: str, flown: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(flown, folder)
    spec = load_run(folder).spec
    recorded = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps(recorded | {key: value}), encoding="utf-8")
    with pytest.raises(RunFolderUnusable, match=said):
        Recorder.resume(folder).start(spec)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["http://example.org/v1", "http://10.0.0.1", "x", "http://[::"])
def test_a_run_of_theirs_does_not_send_your_key_to_them(
    address: str, flown: Path, tmp_path: Path, run: Any
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(flown, folder)
    spec = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    spec |= {"pilot": "openai:gpt-4o", "pilot_options": {"base_url": address}}
    (folder / "run.json").write_text(json.dumps(spec), encoding="utf-8")
    told = run("resume", folder, "--steps", 5)
    assert told.status == 2
    assert "would send your key there" in told.err
    agreed = run("resume", folder, "--steps", 5, "--base-url", address)
    assert "would send your key there" not in agreed.err


def test_a_model_on_this_machine_is_asked_again_at_once() -> None:
    from helmsight.resuming import here

    places = ("http://localhost:8000/v1", "http://127.0.0.1", "http://[::1]:1")
    assert [here(place) for place in places] == [True] * 3
    assert not here("http://localhost.example.org")


def started(folder: Path, *options: object) -> subprocess.Popen[str]:
    words = [*map(str, options), "--out", str(folder)]
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *words], cwd=folder.parent,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_steps(folder: Path, size: int, process: subprocess.Popen[str]) -> None:
    log, deadline = folder / "steps.jsonl", time.monotonic() + WAIT_S
    while not (log.is_file() and log.stat().st_size >= size):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


# filmed, so that it takes seconds: what interrupts it finds it under way
FLIGHT = ("fly", "PE1-E1-I1", "--pilot", "naive", "--time", "paused", "--json")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_run_as_ctrl_c_does_and_it_goes_on(
    how: signal.Signals, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may have started the tests
    try:
        process = started(folder, *FLIGHT)
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        wait_for_steps(folder, 3000, process)
        process.send_signal(how)
        out, err = process.communicate()
    assert process.returncode == 128 + how, err
    assert json.loads(out)["reason"] == "interrupted"
    assert load_run(folder).reason == "interrupted"
    assert (folder / "index.html").is_file()
    steps = len(load_run(folder).records) + 5
    whole = tmp_path / "whole"
    helmsight.fly("PE1-E1-I1", "naive", steps=steps, time="paused", out=whole, video=False)
    resume(folder, steps=steps)
    assert same_steps(folder, whole)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_hangup_that_is_ignored_ends_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; children inherit it
    try:
        process = started(folder, *FLIGHT, "--steps", 100)
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        wait_for_steps(folder, 3000, process)
        os.kill(process.pid, signal.SIGHUP)
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert len(load_run(folder).records) == 100
