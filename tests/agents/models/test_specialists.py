"""Models that answer in the tasks that they were taught for, under the name of another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.memory import style_of
from helmsight.agents.models.cards import specialists_in, style_in
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.models.sources import BUNDLED, WIDE
from helmsight.agents.models.specialists import Specialist, fitting
from helmsight.agents.weights import weights_of
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.families import FAMILIES
from helmsight.session import fly

FLIES = '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}'


def never() -> Any:
    raise AssertionError("a model was loaded that nobody asks")


def test_the_longest_beginning_of_a_task_decides() -> None:
    one, other = (Specialist(AskingStyle(), never) for _ in range(2))
    known = {"PE1": one, "PE1-E3": other}
    assert fitting(known, "PE1-E3-I2") is fitting(known, "PE1-E3") is other
    assert fitting(known, "PE1-E4-I2") is fitting(known, "PE1") is one
    assert fitting(known, "PE12-E3-I2") is fitting(known, "thermostat/Evening-v0") is None


def test_a_model_is_loaded_once_and_where_it_is_asked(world: Any) -> None:
    made: list[ScriptedVLM] = []

    def load() -> ScriptedVLM:
        made.append(ScriptedVLM(answers=[FLIES]))
        return made[-1]

    task = world("frame").task
    style = AskingStyle(few_shot=1)
    special = Specialist(style, load)
    own = ScriptedVLM(answers=[FLIES])
    pilot = ModelPilot(own, "ours", specialists={task.name: special})
    shared = pilot.through(lambda model: model)
    assert style_of(pilot, task) == style.model_dump(mode="json")
    assert not made
    for one in (pilot, shared):
        one.reset(task, 0)
        assert one.model is made[0]
        assert one.style == style
        assert one.name == "ours"
    assert len(made) == 1
    elsewhere = ModelPilot(own, "ours", specialists={"SB1": special})
    elsewhere.reset(task, 0)
    assert elsewhere.model is own


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Return a copy of the bundled model whose card names a copy of the other one."""
    for source, name in ((BUNDLED, "first"), (WIDE, "second")):
        shutil.copytree(source, tmp_path / name)
    say(tmp_path / "first", {"LBG1": "second"})
    return tmp_path / "first"


def say(folder: Path, specialists: dict[str, str]) -> None:
    card = json.loads((BUNDLED / "helmsight.json").read_text("utf-8"))
    text = json.dumps(card | {"specialists": specialists})
    (folder / "helmsight.json").write_text(text, "utf-8")


def test_a_card_names_folders_beside_its_own(beside: Path) -> None:
    assert specialists_in(beside) == {"LBG1": beside.parent / "second"}
    assert style_in(beside) == style_in(BUNDLED)
    before = weights_of(str(beside))
    (beside.parent / "second" / "README.md").write_text("changed", "utf-8")
    assert weights_of(str(beside)) != before


@pytest.mark.parametrize("name", ["../second", "/etc", "", "a/b"])
def test_no_other_folder_is_named(beside: Path, name: str) -> None:
    say(beside, {"LBG1": name})
    with pytest.raises(ModelUnavailable, match=r"specialists\.LBG1"):
        specialists_in(beside)


def test_what_is_not_there_is_told_before_anything_is_loaded(beside: Path) -> None:
    say(beside, {"LBG1": "third"})
    with pytest.raises(ModelUnavailable, match='"third" for LBG1, and there is none'):
        load_pilot(str(beside))


@pytest.mark.slow
def test_who_wants_the_model_itself_gets_it_everywhere(beside: Path) -> None:
    task = FAMILIES["LBG1"].told("LBG1-LG1-I1", Layout())
    told: dict[str, Any] = {"specialists": False}
    for options, style in (({}, style_in(WIDE)), (told, style_in(BUNDLED))):
        pilot: Any = load_pilot(str(beside), **options)
        assert pilot.asked_in(task).style == style
        assert pilot.options.get("specialists") is options.get("specialists")


@pytest.mark.slow
def test_a_specialist_writes_as_long_as_its_own_card_says(beside: Path) -> None:
    second = beside.parent / "second" / "helmsight.json"
    card = json.loads(second.read_text("utf-8"))
    second.write_text(json.dumps(card | {"max_new_tokens": 7}), "utf-8")
    pilot: Any = load_pilot(str(beside))
    special = pilot.asked_in(FAMILIES["LBG1"].told("LBG1-LG1-I1", Layout()))
    assert (pilot.model.max_new_tokens, special.model.max_new_tokens) == (32, 7)


@pytest.mark.slow
def test_the_bundled_name_flies_every_family_with_who_was_taught_it() -> None:
    named, taught = (
        fly("LBG1-LG1-I1", pilot, steps=4, time="fixed:0.04")
        for pilot in ("bundled", "bundled-wide")
    )
    assert [r.raw for r in named.records] == [r.raw for r in taught.records]
    assert [r.prompt_hash for r in named.records] == [r.prompt_hash for r in taught.records]
