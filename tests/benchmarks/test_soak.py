"""The fault soak: its judgement, and short soaks of every driver."""

from __future__ import annotations

import json

import numpy as np
import pytest

from helmsight.hardware.emulators import DEVICES
from helmsight.hardware.emulators.device import JournalEntry
from helmsight.hardware.emulators.simavr import missing
from helmsight.hardware.spec import load_spec, shipped

AT_ONCE = 2  # more of them in one process answer each other too late on a busy machine
NEAR = np.array([0.1, 0.1])


@pytest.fixture(scope="module")
def soak(load):
    return load("soak")


def told(soak, *outcomes):
    return [
        soak.IssuedCommand((float(i), -float(i)), 10.0 * i, outcome, 10.0 * i + 5.0)
        for i, outcome in enumerate(outcomes)
    ]


def done(*entries):
    return [JournalEntry(at_s, "move", (float(i), -float(i))) for at_s, i in entries]


def test_what_was_said_and_done_in_order_is_clean(soak):
    said = told(soak, "plain", "retried", "NoReply", "plain")
    verdict = soak.audit(said, done((1.0, 0), (11.0, 1), (31.0, 3)), NEAR)
    assert verdict == soak.Audit(0, 0, 0, 0, 0)
    verdict = soak.audit(said, done((1.0, 0), (11.0, 1), (21.0, 2), (31.0, 3)), NEAR)
    assert verdict == soak.Audit(0, 0, 0, 0, 0)


def test_an_acknowledged_command_that_was_never_in_force_is_lost(soak):
    verdict = soak.audit(told(soak, "plain", "retried"), done((1.0, 0)), NEAR)
    assert verdict.lost == 1
    assert "lost: 1" in verdict.examples[0]
    assert soak.audit(told(soak, "plain", "NoReply"), done((1.0, 0)), NEAR).lost == 0


def test_a_command_for_what_is_in_force_already_is_not_lost(soak):
    cut = [
        soak.IssuedCommand((0.0, 0.0), 0.0, "plain", 5.0),
        soak.IssuedCommand((0.05, 0.0), 10.0, "plain", 15.0, wanted=(3.0, 3.0)),
        soak.IssuedCommand((5.0, 5.0), 20.0, "plain", 25.0),
        soak.IssuedCommand((0.0, 0.0), 30.0, "plain", 35.0),
    ]
    verdict = soak.audit(cut, [JournalEntry(1.0, "move", (0.0, 0.0))], NEAR)
    assert (verdict.lost, verdict.examples[0][:7]) == (1, "lost: 2")
    gone_on = [JournalEntry(1.0, "move", (0.0, 0.0)), JournalEntry(21.0, "move", (5.0, 5.0))]
    assert soak.audit(cut, gone_on, NEAR).lost == 1  # the last one asks for what was in force once


def test_a_target_that_comes_back_after_another_is_twice(soak):
    said = told(soak, "plain", "retried")
    verdict = soak.audit(said, done((1.0, 0), (11.0, 1), (12.0, 0)), NEAR)
    assert (verdict.twice, verdict.late) == (1, 0)


def test_a_target_in_force_after_the_next_command_was_given_is_late(soak):
    said = told(soak, "NoReply", "plain")
    verdict = soak.audit(said, done((10.5, 0), (11.0, 1)), NEAR)
    assert (verdict.late, verdict.twice, verdict.lost) == (1, 0, 0)


def test_a_target_in_force_as_the_next_command_is_given_is_in_time(soak):
    verdict = soak.audit(told(soak, "plain", "plain"), done((10.0, 0), (10.0, 1)), NEAR)
    assert verdict == soak.Audit(0, 0, 0, 0, 0)


def test_a_target_that_nobody_asked_for_is_strange_and_perhaps_noticed(soak):
    said = told(soak, "plain", "retried")
    verdict = soak.audit(said, done((1.0, 0), (2.0, 7), (11.0, 8), (12.0, 1)), NEAR)
    assert (verdict.strange, verdict.noticed) == (2, 1)


def test_a_part_of_the_way_that_is_tried_again_is_nothing_strange(soak):
    said = [
        soak.IssuedCommand((0.0, 0.0), 0.0, "plain", 5.0),
        soak.IssuedCommand((8.0, 8.0), 10.0, "retried", 15.0, wanted=(8.0, 8.0)),
    ]
    ways = [
        JournalEntry(1.0, "move", (0.0, 0.0), (0.0, 0.0)),
        JournalEntry(11.0, "move", (5.0, 5.0), (2.0, 2.0)),  # cut, from where it was
        JournalEntry(12.0, "move", (8.0, 8.0), (3.0, 3.0)),
    ]
    assert soak.audit(said, ways, NEAR) == soak.Audit(0, 0, 0, 0, 0)
    aside = [ways[0], JournalEntry(11.0, "move", (5.0, 4.0), (2.0, 2.0)), ways[2]]
    assert soak.audit(said, aside, NEAR).strange == 1
    plain = [said[0], soak.IssuedCommand((8.0, 8.0), 10.0, "plain", 15.0, wanted=(8.0, 8.0))]
    assert soak.audit(plain, ways, NEAR).strange == 1


@pytest.mark.parametrize("name", list(shipped()))
def test_targets_are_near_within_the_limits_and_all_different(soak, name):
    spec = load_spec(name)
    n = 300 if len(spec.joint) > 1 else 60  # one joint has no more places apart from each other
    targets, here, drawn = soak.Targets(spec, 1, n), spec.home, []
    for _ in range(n):
        here = targets.draw(here)
        drawn.append(here)
        assert all(j.lower <= value <= j.upper for j, value in zip(spec.joint, here, strict=True))
    apart = np.abs(np.array(drawn)[:, None] - np.array(drawn)[None])
    closest = (apart < 2.0 * soak.apart(spec)).all(axis=2)
    assert closest.sum() == len(drawn)  # each with itself


def test_one_motion_against_a_person_spoils_the_verdict(soak):
    def verdict(**people):
        audit = soak.Audit(0, 0, 0, 0, 0)
        obeyed = soak.Obeyed({"stops": 3}, **people)
        counts = {"plain": 9, "retried": 0}
        return soak.Soak("arm", "both", 9, counts, audit, 0, (), 0, 1.0, 0, people=obeyed)

    assert verdict().clean
    assert not verdict(against=1).clean
    assert not verdict(failed=["stops: not confirmed"]).clean
    row = dict(zip(soak.COLUMNS, verdict(against=1).words(), strict=True))
    assert (row["people"], row["against"], row["clean"]) == ("3", "1", "NO")


def test_too_few_commands_for_the_unplugs_are_refused(soak, capsys):
    assert soak.main(["--commands", "5"]) == 2
    assert "expected two an unplug" in capsys.readouterr().err


def soaked(folder, name, soak):
    lines_of_text = load_spec(name).driver in soak.NO_CHECKSUM
    damage, n = ("replies", 100) if lines_of_text else ("both", 400)
    return soak.soak(name, n, unplugs=1, damage=damage, seed=7, people=1, quiet=True), n


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.beside(work=soaked, using=["soak"])
@pytest.mark.parametrize("name", [robot for _, robot in DEVICES.values()] + ["uarm"])
def test_a_driver_loses_doubles_and_invents_nothing(name, done):
    found, n = done
    verdict = found.verdict
    assert found.ended == ""
    assert found.commands == n
    assert (verdict.lost, verdict.twice, verdict.late, verdict.strange, found.outside) == (
        (0,) * 5
    ), verdict.examples
    assert (found.people.against, found.people.failed) == (0, [])
    assert "stops" in found.people.acts
    assert len(found.back_s) == 1
    assert found.outcomes["plain"] > n / 2
    assert found.outcomes["retried"] > 0
    assert found.faults["dropped"] > 0
    assert found.faults["flipped"] > 0


def soaked_firmware(folder, soak):
    if lack := missing():
        pytest.skip(lack)
    return soak.soak("helm_arm", 400, unplugs=1, seed=7, quiet=True, simavr=True)


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.beside(work=soaked_firmware, using=["soak"])
def test_the_firmware_in_simavr_loses_and_doubles_nothing(done):
    found = done
    verdict = found.verdict
    assert (verdict.lost, verdict.twice, verdict.late, verdict.strange, found.outside) == (
        (0,) * 5
    ), verdict.examples
    assert (found.ended, found.commands, len(found.back_s)) == ("", 400, 1)
    assert found.outcomes["retried"] > 0
    assert found.faults["dropped"] > 0


def test_only_helm_has_a_firmware_to_soak(soak, capsys):
    assert soak.main(["--on", "simavr", "--robots", "so101"]) == 2
    assert "expected --robots helm_arm" in capsys.readouterr().err


@pytest.mark.serial
@pytest.mark.slow
@pytest.mark.uncounted
def test_the_command_prints_and_writes_every_soak(soak, tmp_path, capsys):
    path = tmp_path / "soak.json"
    arguments = ["--robots", "community_arm", "--commands", "6", "--unplugs", "1", "--people", "1"]
    assert soak.main([*arguments, "--json", str(path)]) == 0
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert [one["damage"] for one in kept["soaks"]] == ["replies", "both"]
    assert all(one["commands"] == 6 for one in kept["soaks"])
    assert "community_arm" in capsys.readouterr().out
