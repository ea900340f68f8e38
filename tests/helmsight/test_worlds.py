"""Worlds by name: which options go with which, and what a flight in them is told."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

import helmsight
from helmsight.contract.errors import Error, InvalidOption
from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.krpc.serving import serve
from helmsight.errors import InvalidSetting
from helmsight.places import WORLDS
from helmsight.session import prepare
from helmsight.tools.errors import RunFolderUnusable
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder
from helmsight.worlds import check_world, make_world, read_regions, shown


@pytest.mark.parametrize(
    ("world", "options", "words"),
    [
        ("moon", {}, "twin, ksp, screen"),
        ("twin", {"krpc": "box:1"}, "goes with world=ksp"),
        ("twin", {"capture": "monitor:1"}, "goes with world=ksp or screen"),
        ("screen", {"regions": {}}, "goes with world=ksp"),
        ("ksp", {"start_met": 7.0}, "goes with world=twin"),
        ("ksp", {"gravity": 1}, "no world has it"),
    ],
)
def test_an_option_of_another_world_says_where_it_goes(
    world: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidSetting, match=words):
        check_world(world, "PE1-E1-I3", options)


@pytest.mark.parametrize("world", WORLDS)
def test_a_scenario_is_looked_up_in_every_world(world: str) -> None:
    check_world(world, "pe1_e3_i3", {})
    with pytest.raises(UnknownScenario, match="Did you mean PE1-E"):
        check_world(world, "PE1-E9-I3", {})


def test_a_game_is_flown_in_real_time_unless_it_is_asked_to_wait() -> None:
    options = {"krpc": "box:1:2"}
    env = make_world("ksp", "pe1_e3_i3", options, time=None, observation="telemetry")
    assert str(env.unwrapped.clock.rule) == WORLDS["ksp"].time == "realtime"  # type: ignore[attr-defined]
    assert env.spec is not None
    assert env.spec.kwargs == {
        "krpc": "box:1:2", "observation": "telemetry", "scenario": "pe1_e3_i3", "time": "realtime",
    }  # fmt: skip
    with pytest.raises(InvalidOption, match="does not wait"):
        make_world("ksp", "PE1-E3-I3", {}, time="paused", observation="telemetry")


def test_a_watched_flight_has_frames_wherever_there_is_a_picture() -> None:
    assert shown("ksp", "telemetry", {}, watched=True) == "telemetry"
    captured = {"capture": "screenshot"}
    assert shown("ksp", "telemetry", captured, watched=True) == "frame+telemetry"
    assert shown("screen", "frame", {}, watched=True) == "frame"


def test_python_reaches_the_worlds_as_well(answers: str) -> None:
    with pytest.raises(InvalidOption, match="--capture"):
        helmsight.fly("PE1-E1-I3", answers, world="ksp", observation="frame")


def test_regions_are_read_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "ksp.toml"
    path.write_text("navball = [500, 450, 780, 720]\n", encoding="utf-8")
    assert read_regions(path) == {"navball": [500, 450, 780, 720]}
    path.write_text("navball 500", encoding="utf-8")
    with pytest.raises(InvalidSetting, match="is not TOML"):
        read_regions(path)
    with pytest.raises(InvalidSetting, match="No such file"):
        read_regions(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--world", "moon"), "twin, ksp, screen"),
        (("--krpc", "box:1"), "goes with world=ksp"),
        (("--world", "ksp", "--time", "measured"), "realtime"),
        (("--world", "ksp", "--krpc", "box"), "HOST:RPC_PORT"),
        (("--world", "ksp", "--observation", "frame"), "--capture"),
        (("--world", "ksp", "--regions", "none.toml"), "none.toml"),
        (("--check",), "--world ksp"),
    ],
)
def test_misuse_of_a_world_is_one_line_and_status_2(
    run: Any, answers: str, arguments: tuple[str, ...], words: str
) -> None:
    result = run("fly", "--pilot", answers, *arguments)
    assert result.status == 2
    (line,) = result.err.splitlines()
    assert words in line


def test_a_game_that_is_not_there_is_one_line_and_leaves_a_readable_run(
    run: Any, answers: str, tmp_path: Path
) -> None:
    with socket.socket() as held:  # and does not listen
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        at = ("--world", "ksp", "--krpc", f"127.0.0.1:{port}:{port}")
        result = run("fly", "--pilot", answers, *at, "--observation", "telemetry", "--out", "away")
        assert result.status == 1
        assert "helmsight serve-krpc" in result.err
        told = json.loads((tmp_path / "away" / "summary.json").read_text(encoding="utf-8"))
        assert told["reason"].startswith("error: NobodyListens")
        assert run("fly", *at, "--check").status == 1


@pytest.mark.slow
def test_a_flight_over_krpc_is_recorded_and_can_be_replayed_without_the_game(
    run: Any, answers: str, tmp_path: Path
) -> None:
    with serve(rpc_port=0, stream_port=0, rate=4.0) as served:
        at = f"127.0.0.1:{served.rpc_port}:{served.stream_port}"
        looked = json.loads(run("fly", "--world", "ksp", "--krpc", at, "--check", "--json").out)
        assert (looked["server"], looked["vessels"]) == ("0.5.4", ["Evader", "Pursuer"])
        told = helmsight.fly(
            "PE1-E3-I2", answers, steps=3, world="ksp",
            world_options={"krpc": at, "capture": "screenshot"},
            listeners=[Recorder(tmp_path / "over", video=False, page=False)],
        ).summary  # fmt: skip
        assert (told["scenario"], told["steps"], told["evader"]) == ("PE1-E3-I2", 3, "client")
        assert told["world"] == f"kRPC 0.5.4 at {at}, the twin"
        spec = load_run(tmp_path / "over").spec
        again = helmsight.rebuild(spec).fly(spec.seed, spec.max_steps)
        assert again.summary["steps"] == 3
    assert (spec.environment, spec.options["krpc"]) == ("helmsight/KSP-v0", at)
    assert spec.options["capture"] == "screenshot"
    other = tmp_path / "other.txt"
    other.write_text('{"forward": -1, "right": 0, "down": 0}\n', encoding="utf-8")
    asked = json.loads(run("replay", "over", "--pilot", f"scripted:{other}", "--json").out)
    assert (asked["steps"], asked["equal"]) == (3, 0.0)
    assert "range" in run("replay", "over", "--speed", 0).err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"time": "fixed"}, "fixed:SECONDS"),
        ({"hold": "tight"}, "repeat or coast"),
        ({"observation": "pixels"}, "frame.telemetry"),
        ({"operator": {"grounding": "nope"}}, "no grounding strategy"),
        ({"world": "ksp"}, "--capture"),
        ({"world": "ksp", "world_options": {"krpc": "5000"}}, "HOST:RPC_PORT"),
        ({"world": "screen", "time": "paused"}, "cannot wait"),
        ({"world": "screen", "world_options": {"scale": 9.0}}, "0.25 to 4"),
        pytest.param(
            {"world": "screen"}, "DISPLAY is not set",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="others have no DISPLAY"),
        ),
    ],
)  # fmt: skip
def test_what_can_be_refused_is_refused_before_a_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], words: str
) -> None:
    def load(*_: Any, **__: Any) -> None:
        raise AssertionError("a model is loaded")

    monkeypatch.setattr("helmsight.agents.models.load.load_pilot", load)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(Error, match=words):
        prepare("PE1-E1-I2", "bundled", **settings)


@pytest.mark.parametrize("name", ["run", "file", "file/below"])
def test_a_run_folder_that_cannot_be_used_is_refused_before_a_model_is_loaded(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").touch()
    (tmp_path / "file").touch()
    with pytest.raises(RunFolderUnusable, match="--out"):
        helmsight.fly("PE1-E1-I2", "./no/model", out=tmp_path / name)
