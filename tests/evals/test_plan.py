"""From suites to episodes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from helmsight.evals.errors import InvalidPlan
from helmsight.evals.plan import plan
from helmsight.evals.suite import read_suite, suite_of, suites

SOURCE = Path("mine.yaml")


def planned(limit: int | None = None, source: Path = SOURCE, **changed):
    data = {"name": "mine", "pilots": ["naive"], "scenarios": ["PE1-E1-I2"], **changed}
    if data.get("kind") != "questions":
        data.setdefault("times", ["fixed:1"])
    return plan(suite_of(data, str(source)), source, limit)


@pytest.mark.slow
def test_a_pattern_finds_what_a_seed_alone_builds_and_no_machine() -> None:
    episodes = planned(scenarios=["pe1-e?-i?"], pilots=["naive", "rendezvous"], seeds=2).episodes
    assert len({episode.scenario for episode in episodes}) == 16
    assert len(episodes) == 64
    assert [episode.seed for episode in episodes] == [0] * 32 + [1] * 32
    assert {episode.scenario[:3] for episode in planned(scenarios=["*"]).episodes} == {
        "LBG",
        "PE1",
        "SB1",
    }
    with pytest.raises(InvalidPlan, match=r'mine.yaml: scenarios.0: robot="": name a robot'):
        planned(scenarios=["Robot"], times=["realtime"])


def test_a_model_that_would_be_shown_nothing_that_it_knows_is_left_out_and_told() -> None:
    shown = [{"pilot": "bundled", "observation": mode} for mode in ("frame", "telemetry")]
    made = planned(pilots=shown)
    assert {episode.observation for episode in made.episodes} == {"frame"}
    assert ["trained on the frame alone" in line for line in made.left_out] == [True]


def test_a_disturbance_of_what_a_pilot_is_not_shown_is_left_out_and_told() -> None:
    made = planned(
        pilots=["naive", "bundled"], observations=["frame+telemetry"],
        disturbances=["", "frozen", "contradicting", "provider-fails", "thruster-loss:1"],
    )  # fmt: skip
    disturbed = Counter((episode.pilot, episode.disturbance) for episode in made.episodes)
    assert set(disturbed) == {
        ("naive", ""), ("naive", "contradicting"), ("naive", "thruster-loss"),
        ("bundled", ""), ("bundled", "frozen"), ("bundled", "provider-fails"),
        ("bundled", "thruster-loss"),
    }  # fmt: skip
    assert len(made.left_out) == 3
    keys = {episode.key for episode in made.episodes}
    assert all(episode.pair in keys for episode in made.episodes if episode.disturbance)


def test_seeds_of_a_file_that_is_not_in_the_suite(tmp_path: Path) -> None:
    (tmp_path / "hidden.txt").write_text("7, 9  # of the referee\n7\n31\n", encoding="utf-8")
    source = tmp_path / "mine.yaml"
    episodes = planned(source=source, seeds={"file": "hidden.txt"}).episodes
    assert [episode.seed for episode in episodes] == [7, 9, 31]
    with pytest.raises(InvalidPlan, match=r"mine.yaml: seeds.file: .*gone.txt holds no seeds"):
        planned(source=source, seeds={"file": "gone.txt"})


def test_a_limit_takes_the_first_episodes() -> None:
    assert planned(3, seeds=9).episodes == planned(seeds=9).episodes[:3]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pilots": ["naive", "navbal"]}, r'pilots.1: no pilot is called "navbal".*"navball"'),
        ({"scenarios": ["PE1-E1-I7"]}, r"scenarios.0: unknown scenario .*PE1-E1-I"),
        (
            {"scenarios": [{"scenario": "Scenario", "options": {"described": {"name": "a"}}}]},
            r"scenarios.0: a scenario of one's own is in no evaluation.*fly --scenario FILE\.yaml",
        ),
        ({"scenarios": ["PE7-*"]}, r"scenarios.0: 'PE7-\*' matches no world"),
        ({"times": ["paused", "fixd:1"]}, r"times.1: time='fixd:1' is not known"),
        ({"disturbances": ["frozn"]}, r'disturbances.0: no disturbance .*"frozen"'),
        ({"disturbances": ["noisy:0"]}, r"disturbances.0: .*above 0, at most 255 \(grey"),
        ({"metrics": ["fuel"]}, r"metrics.0: no metric 'fuel': did you mean \"fuel_kg\""),
        ({"limits": {"fule": 1}}, r"limits: .*fule"),
        ({"observations": ["picture"]}, r"pilots.0: observation='picture'"),
        ({"observations": ["frame"]}, r'pilots.0: .*naive.*needs'),
        ({"pilots": [{"pilot": "openai:x", "options": {"api_key": "s"}}]}, r"api_key: .*environ"),
        ({"disturbances": ["frozen"]}, r"nothing to run: naive is shown no frame"),
        ({"pilots": [{"pilot": "naive", "observation": "frame"}]}, "naive is shown telemetry"),
        ({"pilots": [{"pilot": "bundled", "options": {"beams": 1}}]}, "pilots.0: .*beams"),
        ({"pilots": [{"pilot": "bundled", "options": {"few_shot": -1}}]}, "pilots.0: .*few_shot"),
        ({"scenarios": [{"scenario": "PE1-E1-I2", "options": {"randomise": 1}}]},
         r'scenarios.0.options: PE1-E1-I2 has no option .*"randomize"'),
        ({"options": {"start_met": -1}}, "options: .*start_met=-1"),
        ({"hold": "forever"}, "hold: .*forever"),
        ({"disturbances": ["dropped-packets"]}, "nothing to run: PE1-E1-I2 has no emulated line"),
        ({"disturbances": ["covered:3"], "pilots": ["bundled"]},
         "nothing to run: disturbance covered:3: the regions .* are 1: navball, 2: readouts"),
        ({"disturbances": ["covered:1.5"], "pilots": ["bundled"]}, "covered:1.5: the regions"),
        ({"kind": "questions", "pilots": ["bundled-relations"]},
         r"scenarios.0: no data set 'PE1-E1-I2'"),
        ({"kind": "questions"}, "pilots.0: naive has no model that could answer"),
        ({"kind": "questions", "times": ["fixed:1"], "record": "all"}, "times, record: of flights"),
        ({"kind": "questions", "scenarios": ["generated"], "pilots": ["oracle:flip=1"]},
         "the oracle takes flips"),
        ({"kind": "questions", "scenarios": ["generated"], "pilots": ["oracle"],
          "options": {"refrence": "a"}},
         'options.refrence: .*"reference"'),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_named_with_file_and_key_before_anything_runs(wrong, said) -> None:
    with pytest.raises(InvalidPlan, match=said) as refused:
        planned(**wrong)
    assert str(refused.value).startswith("mine.yaml: ")


def test_a_region_is_covered_where_there_is_one_and_told_where_there_is_none() -> None:
    both = ["PE1-E1-I2", "LBG1-LG1-I1"]
    made = planned(scenarios=both, pilots=["bundled"], disturbances=["covered:2", "covered:3"])
    flown = {(episode.scenario, episode.disturbance) for episode in made.episodes}
    assert flown == {(both[0], "covered:2"), (both[1], "covered:2"), (both[1], "covered:3")}
    assert [line.endswith("it is left out in PE1-E1-I2") for line in made.left_out] == [True]


@pytest.mark.slow
def test_every_shipped_suite_has_a_plan() -> None:
    for name in set(suites()) - {"prompts"}:  # which has no pilot before one is named
        suite, source = read_suite(name)
        if name == "inspection":  # the inspector's weights may not be made yet
            suite = suite.model_copy(update={"pilots": ["coverage"]})
        episodes = plan(suite, source).episodes
        assert len({episode.key for episode in episodes}) == len(episodes) > 0
