"""The commands as a person types them: results on stdout, one line of error, exit status."""

from __future__ import annotations

import json
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from helmsight.liveline import LiveLine

SUMMARY = {
    "scenario", "pilot", "seed", "score", "closest_approach_m", "captured", "closest_speed_mps",
    "fuel_kg", "steps", "sim_s", "wall_s", "think_ms_p50", "think_ms_p95", "repairs", "clamped",
    "late", "reason", "out", "time",
}  # fmt: skip


def fly(run: Any, pilot: str, *more: object) -> Any:
    return run("fly", "pe1_e1_i3", "--pilot", pilot, "--time", "paused", "--no-video", *more)


@pytest.mark.slow
def test_json_is_one_line_with_every_figure(run: Any, answers: str) -> None:
    result = fly(run, answers, "--steps", 3, "--out", "here", "--json")
    assert result.status == 0, result.err
    (line,) = result.out.splitlines()
    told = json.loads(line)
    assert told.keys() >= SUMMARY
    assert (told["scenario"], told["steps"], told["out"]) == ("PE1-E1-I3", 3, "here")


@pytest.mark.slow
def test_a_flight_says_where_its_page_is(run: Any, answers: str, tmp_path: Path) -> None:
    result = fly(run, answers, "--steps", 2)
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "index.html").resolve().as_uri() in result.out
    assert "ended: steps" in result.err


@pytest.mark.slow
def test_a_watched_flight_has_frames_even_when_the_pilot_needs_none(
    run: Any, answers: str, tmp_path: Path
) -> None:
    run("fly", "PE1-E1-I3", "--pilot", answers, "--steps", 2, "--out", "seen")
    assert (tmp_path / "seen" / "video.mp4").stat().st_size > 1000


@pytest.mark.slow
def test_ctrl_c_leaves_a_readable_run_with_the_reason(
    run: Any, answers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: LiveLine, record: Any, frame: Any) -> None:
        if record.index == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(LiveLine, "step", interrupt)
    result = fly(run, answers, "--out", "cut", "--json")
    assert result.status == 130
    assert json.loads(result.out)["reason"] == "interrupted"
    assert result.err.endswith("go on with it: helmsight resume cut\n")
    told = json.loads((tmp_path / "cut" / "summary.json").read_text(encoding="utf-8"))
    assert told["reason"] == "interrupted"
    assert len((tmp_path / "cut" / "steps.jsonl").read_text(encoding="utf-8").splitlines()) == 2


def test_what_ends_a_run_is_said_once(run: Any) -> None:
    result = run("fly", "--world", "ksp", "--pilot", "naive", "--set", "krpc=127.0.0.1:1")
    assert result.status == 1
    assert result.err.count("nobody listens") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fly", "PE1-E9-I3"), "Did you mean PE1-E"),
        (("fly", "--pilot", "rendezvoos"), 'Did you mean "rendezvous"'),
        (("fly", "--pilot", "PILOT", "--observation", "pixels"), "frame+telemetry"),
        (("fly", "--pilot", "PILOT", "--time", "soon"), "realtime"),
        (("fly", "--pilot", "PILOT", "--hold", "tight"), "coast"),
        (("fly", "--pilot", "PILOT", "--max-age", "-1"), "--max-age=-1.0: give a number from"),
        (("fly", "--pilot", "PILOT", "--start-met", "2.5"), "start_met=2.5 is not possible"),
        (("fly", "--pilot", "PILOT", "--start-met", "240.5"), "3.14 s"),
        (("fly", "--steps", "0"), "helmsight fly --help"),
        (("flly",), "fly"),
        (("list", "rowbots"), "robots"),
        (("replay", "nowhere"), "nowhere"),
    ],
)
def test_misuse_is_one_line_and_status_2(
    run: Any, answers: str, arguments: tuple[str, ...], words: str
) -> None:
    result = run(*(answers if word == "PILOT" else word for word in arguments))
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert line.startswith("helmsight: ")
    assert words in line
    assert result.out == ""


def test_a_missing_model_folder_is_one_line_and_status_1(run: Any) -> None:
    result = run("fly", "--pilot", "./no/such/model")
    assert result.status == 1
    assert len(result.err.splitlines()) == 1


@pytest.mark.slow
def test_a_run_folder_is_never_overwritten(run: Any, answers: str) -> None:
    assert fly(run, answers, "--steps", 1, "--out", "once").status == 0
    again = fly(run, answers, "--steps", 1, "--out", "once")
    assert again.status == 2
    assert "already holds a run" in again.err


def test_a_bug_is_one_line_that_says_how_to_see_more(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("helmsight.envs.registry.list_scenarios", broken)
    result = run("list", "scenarios")
    assert result.status == 1
    assert result.err == (
        "helmsight: RuntimeError: two lines (HELMSIGHT_TRACEBACK=1 shows where)\n"
    )


@pytest.mark.parametrize("kind", [ImportError, SystemError])
def test_a_signal_while_a_library_written_in_c_is_imported_ends_as_any_signal(
    run: Any, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """CPython turns the KeyboardInterrupt into what an initialisation that failed raises."""

    def stopped(**given: Any) -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        raise kind("initialization failed")

    monkeypatch.setattr("helmsight.cli._built", lambda only: stopped)
    told = run("list", "pilots")
    assert (told.status, told.err) == (128 + signal.SIGTERM, "")


def test_list_names_scenarios_pilots_and_environments(run: Any) -> None:
    told = json.loads(run("list", "--json").out)
    assert len(told["scenarios"]) == 43
    assert {"bundled", "naive", "navball", "rendezvous"} <= told["pilots"].keys()
    assert "helmsight/PE1-E3-I3-v0" in told["environments"]
    assert run("list", "scenarios").out.count("PE1-E") == 20


@pytest.mark.slow
def test_replay_plays_a_run_and_prints_its_summary(run: Any, answers: str) -> None:
    fly(run, answers, "--steps", 3, "--out", "past")
    shown = run("replay", "past", "--speed", 0)
    assert shown.status == 0
    assert "range" in shown.err
    assert "closest_approach_m" in shown.out
    assert json.loads(run("replay", "past", "--json").out)["steps"] == 3


@pytest.mark.slow
def test_replay_asks_another_pilot_at_the_recorded_frames(
    run: Any, answers: str, tmp_path: Path
) -> None:
    fly(run, answers, "--steps", 3, "--out", "past")
    other = tmp_path / "other.txt"
    other.write_text('{"forward": -1, "right": 0, "down": 0}\n', encoding="utf-8")
    told = json.loads(run("replay", "past", "--pilot", f"scripted:{other}", "--json").out)
    assert told["steps"] == 3
    assert told["equal"] == 0.0
    assert "forward" in run("replay", "past", "--pilot", f"scripted:{other}").out


@pytest.mark.slow
def test_help_answers_for_every_command(run: Any) -> None:
    for command in ((), ("fly",), ("list",), ("replay",), ("train", "pilot")):
        result = run(*command, "--help")
        assert result.status == 0
        assert "Usage" in result.out
