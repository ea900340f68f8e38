"""What a training goes on from and writes to, looked at before anything is flown or drawn."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial

import numpy as np
import pytest

from helmsight.agents.errors import DataUnusable, EngineUnfit, ModelUnavailable
from helmsight.agents.models import sources
from helmsight.agents.models.sources import BUNDLED, INSPECTOR, RELATIONS
from helmsight.agents.training.flights import FlightBatch
from helmsight.agents.training.folder import asking_style
from helmsight.agents.training.gather import crews, named
from helmsight.agents.training.inspector.recipe import train as train_inspector
from helmsight.agents.training.ready import made_ready
from helmsight.agents.training.recipe import train as train_pilot
from helmsight.agents.training.relations import recipe
from helmsight.agents.training.starts import draw_start
from helmsight.contract.errors import InvalidOption
from helmsight.contract.timing import Timing
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.families import FAMILIES
from helmsight.evals.spatial.course import SpatialCourse
from helmsight.prompts.templates import render

pytestmark = pytest.mark.slow  # torch is loaded
TRAIN = [train_pilot, partial(recipe.train, SpatialCourse(0)), train_inspector]


@pytest.mark.parametrize(
    ("name", "folder"),
    [("bundled", BUNDLED), ("bundled-relations", RELATIONS), ("inspector", INSPECTOR)],
)
def test_every_training_goes_on_from_a_model_of_ours_by_its_name(tmp_path, name, folder):
    assert made_ready(name, tmp_path / "out") == made_ready(folder, tmp_path / "out") == folder
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("bundeld", '; did you mean "bundled"?'),
        ("{here}/mode", '; did you mean "{here}/model"?'),
        ("{here}/nothing/like/it", "; check the path"),
        ("some/hub-model", 'there is no model folder "some/hub-model"'),
        ("{here}/empty", "there is no config.json in it"),
    ],
)
@pytest.mark.parametrize("train", TRAIN)
def test_a_model_that_is_not_there_is_told_before_anything_is_made(
    tmp_path, monkeypatch, train, start, said
):
    monkeypatch.setattr(sources, "_from_hub", lambda name: pytest.fail("the hub was asked"))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    start, said = (text.format(here=tmp_path) for text in (start, said))
    with pytest.raises(ModelUnavailable, match=re.escape(said)):
        train(tmp_path / "out", start=start, say=lambda line: pytest.fail(line))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("train", TRAIN)
def test_a_folder_of_other_things_is_not_trained_over(tmp_path, train):
    (tmp_path / "thesis.txt").write_text("years", encoding="utf-8")
    with pytest.raises(DataUnusable, match="holds other things than a model"):
        train(tmp_path, say=lambda line: pytest.fail(line))
    with pytest.raises(DataUnusable, match="no folder"):
        train(tmp_path / "thesis.txt", say=lambda line: pytest.fail(line))
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years"


@pytest.mark.parametrize("train", TRAIN[:2])  # the inspector's is fitted on the processor
@pytest.mark.parametrize("device", ["tpu", "cuda:99", "meta"])
def test_a_device_that_is_not_there_is_told_before_anything_is_made(tmp_path, train, device):
    with pytest.raises(EngineUnfit, match=f'no device "{device}" here; choose one of: cpu'):
        train(tmp_path / "out", device=device, say=lambda line: pytest.fail(line))
    assert not (tmp_path / "out").exists()


def test_a_family_that_nobody_has_heard_of_is_told_before_anything_is_made(tmp_path):
    with pytest.raises(InvalidOption, match='no family is called "PE2"; choose some of: PE1, LBG1'):
        train_pilot(tmp_path / "out", families=["LBG1", "PE2"], say=lambda line: pytest.fail(line))
    assert not (tmp_path / "out").exists()


def shares(families):
    return {family: crew.share for family, crew in crews(families).items()}


def test_the_families_that_are_flown_share_the_worlds_as_among_all():
    assert shares([]) == pytest.approx({"PE1": 0.4, "LBG1": 0.18, "SB1": 0.42})
    assert shares(["SB1", "LBG1"]) == pytest.approx({"LBG1": 0.3, "SB1": 0.7})


def test_of_a_family_some_bots_alone_are_flown():
    chosen = crews(["PE1-E3", "PE1-E4"])
    assert chosen["PE1"].codes == {"E3", "E4"}
    assert chosen.keys() == {"PE1"}
    assert crews(["PE1-E3", "PE1"])["PE1"].codes == {"E1", "E2", "E3", "E4"}
    rng = np.random.default_rng(0)
    drawn = Counter(draw_start(rng, "PE1", chosen["PE1"].codes).bot for _ in range(200))
    assert drawn.keys() == {3, 4}
    assert drawn[3] > drawn[4]
    with pytest.raises(InvalidOption, match=r'"PE1-PN".* such as PE1-E3'):
        crews(["PE1-PN"])


@pytest.mark.parametrize(
    ("families", "told", "prompt"),
    [(["PE1-E4"], False, "bundled"), (["PE1-E3", "PE1-E4"], True, "fly"), ([], True, "fly")],
)
def test_a_bot_that_is_flown_alone_is_not_named(families, told, prompt):
    flown = crews(families)
    assert named(flown) is told
    assert asking_style(named=told)["prompt"] == prompt
    rng = np.random.default_rng(0)
    batch = FlightBatch(1, rng, plain=True, codes=["E4"], named=told)
    assert ("E4" in batch.question(0)) is told
    task = FAMILIES["PE1"].told("PE1-E4-I1", Layout()).name
    assert render(prompt, timing=Timing(), task=task).strip() == batch.question(0)
