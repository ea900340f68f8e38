"""A world of another distribution, by entry points alone: what the whole house does with it."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

from helmsight.cli import main
from helmsight.envs.registry import load_environments, task_of
from helmsight.evals.runner.work import load_kept
from helmsight.tools.player import load_run, same_steps

SOURCE = Path(__file__).parents[2] / "examples" / "thermostat"
WORLD = "thermostat/Evening-v0"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The example, laid down as an installer does: the module, and what its metadata declares."""
    site = tmp_path_factory.mktemp("site")
    (site / "thermostat.py").write_bytes((SOURCE / "thermostat.py").read_bytes())
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = site / f"helmsight_thermostat-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
        encoding="utf-8",
    )
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.path.insert(0, str(site))
    load_environments.cache_clear()
    load_environments()
    yield sys.modules["thermostat"]
    sys.path.remove(str(site))
    del sys.modules["thermostat"], gymnasium.registry[WORLD]
    load_environments.cache_clear()
    load_kept.cache_clear()
    task_of.cache_clear()


@pytest.fixture
def helmsight(world, monkeypatch, capsys, tmp_path):
    """The command line, in an empty folder: returns exit status, standard output and error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["helmsight", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


@pytest.fixture
def evening(helmsight, tmp_path) -> Path:
    """An evening run by the two-point pilot, with everything that a run folder holds."""
    status, out, _ = helmsight(
        "fly", WORLD, "--pilot", "two-point", "--seed", 3, "--out", "evening", "--json"
    )
    assert status == 0
    summary = json.loads(out)
    assert (summary["success"], summary["comfortable"], summary["steps"]) == (True, True, 240)
    assert summary["energy"] > 1.0
    return tmp_path / "evening"


def test_it_is_a_gymnasium_environment(world):
    env = gymnasium.make(WORLD)
    check_env(env.unwrapped, skip_render_check=True)
    assert env.spec is not None
    assert env.spec.id == WORLD


def test_it_is_listed_with_its_pilot(helmsight):
    _, out, _ = helmsight("list")
    assert WORLD in out
    assert "two-point" in out


@pytest.mark.slow
def test_a_scripted_pilot_runs_it_and_the_page_speaks_its_words(evening):
    page = (evening / "index.html").read_text(encoding="utf-8")
    assert all(
        word in page for word in ("mean deviation", "temperature, C", "energy", "Thermostat")
    )
    assert (evening / "video.mp4").stat().st_size > 0
    assert {path.stem for path in (evening / "plots").iterdir()} == {"room", "commands", "think"}
    first = load_run(evening).records[0]
    assert first.applied == {"heating": 1.0}
    assert set(first.measures) == {"temperature", "outside", "energy", "telemetry"}


@pytest.mark.slow
def test_a_chat_model_is_told_of_it_and_its_answers_are_guarded(helmsight, world, tmp_path):
    (tmp_path / "answers.txt").write_text('{"heating": 1}\n{"heating": 9}\n', encoding="utf-8")
    pilot = f"scripted:{tmp_path / 'answers.txt'}"
    status, out, _ = helmsight(
        "fly", WORLD, "--pilot", pilot, "--out", "chat", "--steps", 9, "--no-video", "--json"
    )
    assert status == 0
    assert json.loads(out)["repairs"] == {"reask": 8}
    assert all(record.applied == {"heating": 1.0} for record in load_run(tmp_path / "chat").records)


def test_its_briefing_is_what_a_model_reads(world):
    from helmsight.agents.decide import ModelPilot
    from helmsight.agents.models.scripted import ScriptedVLM
    from helmsight.agents.operator import Operator

    model = ScriptedVLM(answers=['{"heating": 0.5}'])
    env = gymnasium.make(WORLD, observation="frame+telemetry")
    operator = Operator(env, ModelPilot(model, "scripted"))
    operator.fly(seed=1, max_steps=2)
    system, question = model.calls[0][0].text, model.calls[1][-1].text
    assert system.startswith("You heat a room. Task: Keep the room at 21 degrees")
    assert '"heating"' in system
    assert "thermometer" in question
    assert not {"spacecraft", "navball", "burn"} & set(f"{system} {question}".lower().split())


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(helmsight):
    status, _, err = helmsight("fly", "thermostat/Evening-v1", "--pilot", "two-point")
    assert status == 2
    assert WORLD in err
    status, _, err = helmsight("fly", WORLD, "--pilot", "two-point", "--set", "walls=3")
    assert status == 2
    assert "walls" in err


def test_its_guard_speaks_and_can_be_set(world, helmsight):
    from helmsight.session import fly

    flight = fly(WORLD, "two-point", steps=4, operator={"limits": {"hottest": -50.0}})
    assert flight.summary["clamped"] == 4
    assert flight.records[0].applied == {"heating": 0.0}
    assert flight.records[0].clamped == ["the heater was switched off: the room is hot"]


def test_a_time_rule_that_it_does_not_keep_is_refused_with_those_that_it_does(helmsight):
    status, _, err = helmsight("fly", WORLD, "--pilot", "two-point", "--time", "runner")
    assert status == 2
    assert "cannot keep time=runner; it knows: paused, fixed, measured" in err


def test_a_pilot_of_another_world_is_refused(helmsight):
    status, _, err = helmsight("fly", WORLD, "--pilot", "naive")
    assert status == 2
    assert "answers BurnCommand" in err
    status, _, err = helmsight("fly", "PE1-E1-I1", "--pilot", "two-point")
    assert status == 2
    assert "answers Heat" in err


@pytest.mark.slow
def test_it_is_replayed_and_another_pilot_is_asked(helmsight, evening):
    status, out, err = helmsight("replay", evening, "--speed", 0)
    assert status == 0
    assert "temperature" in err
    assert "comfortable" in out
    status, out, _ = helmsight("replay", evening, "--pilot", "two-point", "--json")
    assert json.loads(out)["equal"] == 1.0


@pytest.mark.slow
def test_an_interrupted_evening_is_gone_on_with(helmsight, evening, tmp_path):
    helmsight("fly", WORLD, "--pilot", "two-point", "--seed", 3, "--steps", 100, "--out", "cut")
    (tmp_path / "cut" / "summary.json").unlink()  # as a killed process leaves it
    status, out, _ = helmsight("resume", tmp_path / "cut", "--steps", 400, "--json")
    assert status == 0
    assert json.loads(out)["steps"] == 240
    assert same_steps(tmp_path / "cut", evening)


@pytest.mark.slow
def test_it_is_evaluated(helmsight):
    status, out, err = helmsight(
        "latency", WORLD, "--pilot", "two-point", "--delays", "0,600", "--seeds", 2, "--markdown"
    )
    assert status == 0
    assert "energy, kWh" in out
    assert "comfortable" in out
    assert "Lower scores are better" in out
    assert err.count("thermostat/Evening-v0 two-point seed") == 4
