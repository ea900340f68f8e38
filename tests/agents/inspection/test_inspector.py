from __future__ import annotations

import json

import pytest

from helmsight.agents.inspection.inspector import Inspector
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.sites import SITES

TRUTH = {
    "panel A": "cracked cell",
    "dish": "dent",
    "foil: left": "tear",
    "thruster 3": "missing cap",
    "mast": "absent",
}
STATES = {part: {**TRUTH, "foil": "tear"}.get(part, "sound") for part in PARTS}


def test_it_looks_at_every_site_reports_every_part_and_ends(paper, truthful):
    world = paper().run(Inspector(truthful(TRUTH)))
    assert world.states == STATES
    assert {view.split(",")[0] for view in world.views} == {site.label for site in SITES}
    assert world.done[-1].verdict == (
        "7 of 12 parts sound; panel A: cracked cell; dish: dent; mast: absent; foil: tear; "
        "thruster 3: missing cap"
    )


def test_a_report_names_the_look_that_shows_it_and_says_why(paper, truthful):
    world = paper().run(Inspector(truthful(TRUTH)))
    report = world.reports["foil"]
    assert world.views[report.view - 1].startswith("foil: left")
    assert report.why.startswith(f"tear: look {report.view} left 90%")
    assert report.confidence > 0.9


def test_a_site_that_was_seen_by_luck_is_not_looked_at_again(paper, truthful):
    beside = {"bus: top": [site.label for site in SITES]}
    world = paper(beside=beside).run(Inspector(truthful({})))
    assert world.views == ["bus: top"]
    assert set(world.states.values()) == {"sound"}


def test_what_errs_is_looked_at_more_closely_and_from_the_other_side(paper, truthful):
    world = paper(["dish"]).run(Inspector(truthful({"dish": "dent"}, sure=0.5)))
    assert world.views == ["dish: bowl", "dish: bowl, closer", "dish: bowl, other side"]


def test_what_stays_in_doubt_is_reported_as_unsure(paper, truthful):
    eyes = truthful({})
    eyes.fits = lambda crop, size: {"not seen": 0.02, "sound": 0.1, "dent": 0.44, "scorch": 0.44}
    world = paper(["dish"]).run(Inspector(eyes))
    assert len(world.views) == 3
    assert world.states == {"dish": "unsure"}
    assert world.reports["dish"].why.startswith("most likely ")


def test_what_cannot_be_reached_is_reported_as_not_seen(paper, truthful):
    out_of_reach = [f"dish: bowl{way}" for way in ("", ", closer", ", other side")]
    world = paper(["dish", "mast"], unreachable=out_of_reach).run(Inspector(truthful({})))
    assert world.states == {"dish": "not seen", "mast": "sound"}
    assert sorted(view for view in world.views if "dish" in view) == sorted(out_of_reach)  # once
    assert world.reports["dish"].view is None
    assert world.done[-1].verdict == "1 of 2 parts sound; dish: not seen"


@pytest.mark.parametrize("look", ["adaptive", "fixed"])
def test_a_look_that_the_arm_failed_to_make_is_made_after_all(paper, truthful, look):
    usual = paper(["dish", "mast"]).run(Inspector(truthful({}), look=look))
    failing = [view for view in usual.views if "mast" in view]
    world = paper(["dish", "mast"], failing=failing).run(Inspector(truthful({}), look=look))
    assert world.failing == []
    assert world.looks == usual.looks
    assert sorted(world.views) == sorted([*usual.views, *failing])  # each of them asked for twice
    assert world.states == usual.states


def test_another_view_is_tried_where_the_frame_is_dark(paper, truthful):
    world = paper(["dish"], dark=[1]).run(Inspector(truthful({"dish": "dent"})))
    assert world.views[:2] == ["dish: bowl", "dish: bowl, other side"]
    assert world.states == {"dish": "dent"}


def test_a_camera_that_stays_dark_ends_in_not_seen(paper, truthful):
    world = paper(["dish", "bus"], dark=range(1, 99)).run(Inspector(truthful({})))
    assert set(world.states.values()) == {"not seen"}


@pytest.mark.parametrize("budget", [0, 1, 5, 24])
@pytest.mark.parametrize("look", ["adaptive", "fixed"])
def test_it_stays_within_its_looks(paper, truthful, budget, look):
    eyes = truthful({}, wrong=0.5)
    world = paper(budget=budget).run(Inspector(eyes, look=look))
    assert len(world.views) <= budget
    assert set(world.states) == set(PARTS)


@pytest.mark.parametrize("kinds", [["look"], ["report"], ["look", "report"]])
def test_whoever_refuses_its_commands_does_not_make_it_hang(paper, truthful, kinds):
    world = paper(["dish", "bus"], refusing=kinds).run(Inspector(truthful({})))
    assert world.done[-1].do == "done"


def test_adaptive_looking_asks_less_and_finds_the_same(paper, truthful):
    beside = {"bus: top": ["dish: bowl", "mast: mast"], "panel A: cells": ["bus: top"]}
    asked, found = {}, {}
    for look in ("adaptive", "fixed"):
        eyes = truthful(TRUTH, sure=0.98)
        found[look] = paper(beside=beside).run(Inspector(eyes, look=look)).states
        asked[look] = len(eyes.asked)
    assert found["adaptive"] == found["fixed"] == STATES
    assert asked["adaptive"] <= 0.7 * asked["fixed"]


def test_small_crops_come_first_and_large_ones_where_these_do_not_settle_it(paper, truthful):
    eyes = truthful({"dish": "dent"}, sizes=(96, 224))
    paper(["dish"]).run(Inspector(eyes))
    assert [size for _, size in eyes.asked][:2] == [96, 224]
    eyes = truthful({"dish": "dent"}, sizes=(96, 224))
    paper(["dish"]).run(Inspector(eyes, look="fixed"))
    assert {size for _, size in eyes.asked} == {224}


def test_the_record_tells_what_was_seen_and_what_it_cost(paper, truthful):
    world = paper(["dish"]).run(Inspector(truthful({"dish": "dent"})))
    seen = [entry for raw in world.raw for entry in json.loads(raw).get("seen", [])]
    assert seen[0]["site"] == "dish: bowl"
    assert seen[0]["fits"]["dent"] == 0.9
    assert json.loads(world.raw[-1])["spent"]["crops"] == len(seen)


def test_after_a_resume_it_goes_on_where_it_was(paper, truthful):
    """As agents.resume does it: a new pilot is shown what was shown; its answers are dropped."""
    whole = paper().run(Inspector(truthful(TRUTH)))
    for cut in (3, 9, len(whole.done) - 4):
        pilot = Inspector(truthful(TRUTH))
        pilot.reset(whole.task, 7)
        for shown in whole.shown[:cut]:
            pilot.decide(shown)
        assert [pilot.decide(shown).command for shown in whole.shown[cut:]] == whole.done[cut:]


def test_without_anyone_to_ask_it_does_not_relate(truthful):
    assert not Inspector(truthful({})).relates
