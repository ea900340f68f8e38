"""Words of models, devices, worlds and folders: kept exactly, shown on a terminal, never obeyed."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from rich.live import Live
from rich.text import Text

import helmsight
from helmsight.agents.decide import ModelPilot
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.contract.errors import NameUnusable
from helmsight.contract.foreign import check_name, printable, well_formed
from helmsight.contract.jsontext import exact_json
from helmsight.contract.printing import clean, clean_streams, order
from helmsight.contract.record import RunSpec, StepRecord
from helmsight.liveline import LiveLine, Terminal, begin
from helmsight.prompts.templates import render
from helmsight.tools.player import load_run

HERE = Path(__file__).parent
TEXTS: dict[str, str] = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
OURS = re.compile(r"\x1b\[(\?25[hl]|\d*A|2?K|[\d;]*m)|\r")  # what Rich's live line orders
COMMAND = '{"forward": 0.5, "right": 0, "down": 0, "duration": 0.5}'
EVERY = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


@EVERY
def test_what_is_printed_is_shown_and_not_obeyed(text: str) -> None:
    assert not ORDERS.search(printable(text))
    below = io.StringIO()
    print("said:", text, file=clean(clean(below)))
    assert below.getvalue() == f"said: {printable(text)}\n"


@EVERY
def test_json_is_exact_and_harmless(text: str) -> None:
    line = exact_json({text: [text]})
    assert json.loads(line) == {text: [text]}
    assert not ORDERS.search(line)
    assert len(line.splitlines()) == 1


@settings(max_examples=20)
@given(some.text(some.characters(codec=None)))
def test_any_text_is_exact_in_json_shown_when_printed_and_never_ends_a_file(text: str) -> None:
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(exact_json(text)) == joined  # two halves side by side are a character
    assert not ORDERS.search(printable(text))
    assert well_formed(text).encode().decode() == well_formed(text)
    assert printable(printable(text)) == printable(text)


@EVERY
def test_a_step_holds_it_exactly_in_one_line(text: str, flown: Path) -> None:
    first = load_run(flown).records[0]
    record = replace(first, raw=text, relations=[text], notes=[text], clamped=[text])
    line = record.to_json()
    assert len(line.splitlines()) == 1
    assert line.encode()
    assert StepRecord.from_json(line) == record


@pytest.mark.slow
def test_answers_are_recorded_read_back_and_shown_on_the_page(tmp_path: Path) -> None:
    answers = [f"{COMMAND} {text}" for text in TEXTS.values()]
    pilot = ModelPilot(ScriptedVLM(answers=answers), "hostile")
    folder = tmp_path / "run"
    flight = helmsight.fly("PE1-E1-I1", pilot, steps=len(answers), time="paused", out=folder)
    run = load_run(folder)
    assert [record.raw for record in run.records] == answers
    assert flight.summary["steps"] == len(answers)
    assert run.notes == ()
    assert run.summary is not None
    assert run.summary["recording"]["problems"] == {}
    page = (folder / "index.html").read_bytes().decode("utf-8")
    assert not ORDERS.search(page)
    assert "<script>alert" not in page
    assert "<img" not in page


@pytest.mark.slow
def test_answers_that_are_no_command_are_asked_again_with_what_they_were(tmp_path: Path) -> None:
    answers = list(TEXTS.values())
    pilot = ModelPilot(ScriptedVLM(answers=answers), "hostile")
    folder = tmp_path / "run"
    helmsight.fly("PE1-E1-I1", pilot, steps=len(answers) // 2, time="paused", out=folder)
    raw = "".join(record.raw for record in load_run(folder).records)
    assert [text for text in answers[: len(answers) // 2 * 2] if text not in raw] == []


@EVERY
def test_what_a_model_is_told_is_unicode(text: str) -> None:
    told = render("inspection/ask", part="antenna", states=[text, text], notes=[], problem=text)
    assert told.encode().decode() == told


def hostile_run(flown: Path, folder: Path) -> Path:
    """Return a copy of a run whose every text is the whole corpus."""
    shutil.copytree(flown, folder)
    words = " ".join(TEXTS.values())
    spec = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    spec["pilot"] = spec["options"]["scenario"] = words
    spec["task"]["measures"][0]["unit"] = words
    (folder / "run.json").write_text(exact_json(spec), encoding="utf-8")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    summary |= {"reason": words, words: words}
    (folder / "summary.json").write_text(exact_json(summary), encoding="utf-8")
    steps = [
        exact_json(json.loads(line) | {"notes": [words], "clamped": [words], "raw": words})
        for line in (folder / "steps.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    ]
    (folder / "steps.jsonl").write_text("\n".join(steps) + "\n", encoding="utf-8")
    return folder


def test_replay_shows_a_folder_of_theirs_and_its_json_stays_exact(
    flown: Path, tmp_path: Path, run: Any
) -> None:
    folder = hostile_run(flown, tmp_path / "theirs")
    shown = run("replay", folder, "--speed", 0)
    assert shown.status == 0
    assert not ORDERS.search(shown.out + shown.err)
    exact = run("replay", folder, "--speed", 0, "--json")
    assert not ORDERS.search(exact.out + exact.err)
    assert json.loads(exact.out)["reason"] == " ".join(TEXTS.values())


@pytest.mark.corpus
@EVERY
def test_an_error_a_warning_and_a_name_on_the_command_line_are_shown(text: str, run: Any) -> None:
    if "\0" in text:
        pytest.skip("no system hands over a NUL in an argument")
    for arguments in (
        ("fly", "PE1-E1-I1", "--pilot", f"x{text}"),
        ("fly", f"x{text}"),
        ("replay", f"nowhere/{text}"),
        ("prompts", "show", f"x{text}"),
        (f"x{text}",),
    ):
        told = run(*arguments)
        assert told.status in (1, 2)
        assert "HELMSIGHT_TRACEBACK" not in told.err
        assert not ORDERS.search(told.out + told.err)
        assert len(told.err.splitlines()) == 1


@EVERY
def test_rich_is_given_no_orders_but_its_own(text: str, flown: Path) -> None:
    run = load_run(flown)
    console = Terminal()
    console.file = below = io.StringIO()
    live = LiveLine(console)
    live.start(replace(run.spec, pilot=text))
    live.step(replace(run.records[0], notes=[text]), None)
    live.finish(text, {})
    assert not ORDERS.search(OURS.sub("", below.getvalue()))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
def test_a_terminal_is_given_no_orders_but_those_of_the_live_line(
    flown: Path, tmp_path: Path
) -> None:
    import pty

    folder = hostile_run(flown, tmp_path / "theirs")
    code = "from helmsight.cli import main; main()"
    above, below = pty.openpty()
    replay = [sys.executable, "-c", code, "replay", str(folder), "--speed", "0"]
    with subprocess.Popen(replay, cwd=tmp_path, stdin=below, stdout=below, stderr=below):
        os.close(below)
        told = b""
        while piece := _read(above):
            told += piece
    os.close(above)
    text = told.decode()
    assert "clipboard" not in text
    assert "52;c;cm0gLXJmIC8=" in text
    assert not ORDERS.search(OURS.sub("", text))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so at the end of the other side
        return b""


def test_orders_of_ours_go_past_the_cleaning() -> None:
    below = io.StringIO()
    stream = clean(below)
    order("\r\x1b[K", stream)
    print("\r\x1b[K", end="", file=stream)
    assert below.getvalue() == "\r\x1b[K\\r\\x1b[K"


def test_what_is_printed_while_something_is_live_stands_above_it_and_is_not_obeyed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    below = io.StringIO()
    monkeypatch.setattr(below, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", clean(below))
    monkeypatch.setattr(sys, "stdout", clean(below))
    console = Terminal()
    live = Live(Text("the line"), console=console, auto_refresh=False)
    begin(live)
    try:
        for _ in range(3):
            print(" ".join(TEXTS.values()), file=sys.stderr)
            live.refresh()
    finally:
        live.stop()
    assert below.getvalue().count("52;c;cm0gLXJmIC8=") == 3
    assert not ORDERS.search(OURS.sub("", below.getvalue()))


def test_streams_are_given_back() -> None:
    before = sys.stdout, sys.stderr
    with clean_streams():
        assert sys.stdout is not before[0]
        assert sys.stdout.isatty() == before[0].isatty()
    assert (sys.stdout, sys.stderr) == before


def test_what_an_encoding_lacks_is_written_in_escapes() -> None:
    below = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    clean(below).write("Bahn \N{GREEK SMALL LETTER PI}")
    below.seek(0)
    assert below.read() == "Bahn \\u03c0"


@EVERY
def test_a_name_is_refused_unless_it_can_be_seen(text: str) -> None:
    if text and text.isprintable():
        assert check_name(text, "the name") == text
    else:
        with pytest.raises(NameUnusable, match="give 1 to 200 characters"):
            check_name(text, "the name")


def test_a_spec_holds_any_text() -> None:
    spec = RunSpec("world", " ".join(TEXTS.values()))
    assert RunSpec.from_json(spec.to_json()) == spec
