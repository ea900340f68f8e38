from __future__ import annotations

import pytest

from helmsight.agents.config import OperatorConfig
from helmsight.agents.operator import Operator
from helmsight.agents.scripted import make
from helmsight.agents.scripted.relations import AHEAD_S
from helmsight.contract.pilot import Sighting
from helmsight.envs.orbital.env import PursuitEnv, TwinEnv
from helmsight.prompts.relations import relations

LATER = 100.0


def told(*lines, stamps=(0.0, LATER)):
    """Return the throttles after a look at time 0 and one at each of the other `stamps`."""
    pilot = make("relations")
    pilot.reset(PursuitEnv("PE1-E1-I3").task, seed=0)
    for stamp in stamps:
        command = pilot.decide(Sighting({}, stamp, lines)).command
    return command.forward, command.right, command.down


def line(relation, a="prograde marker", b="target marker"):
    return f"{a} is {relation} {b}"


@pytest.mark.parametrize(
    ("lines", "burn"),
    [
        ((line("right of"),), (0, -1, 0)),
        ((line("left of"), line("above")), (0, 1, 1)),
        ((line("aligned with"), line("below")), (0, 0, -1)),
        ((line("left of", "target marker", "prograde marker"),), (0, -1, 0)),
        ((line("left of"), line("right of")), (0, -1, 0)),
        ((line("at the same depth as"), line("level with")), (0, 0, 0)),
        ((line("at the same depth as"),), (1, 0, 0)),  # tells nothing of a drift
    ],
)
def test_a_drift_is_burnt_away_and_the_last_word_counts(lines, burn):
    assert told(*lines) == burn


def test_it_burns_ahead_until_it_moves_to_the_target_and_some_more():
    assert told() == (1, 0, 0)
    assert told(line("level with"), stamps=(0.0, AHEAD_S - 1)) == (1, 0, 0)
    assert told(line("level with"), stamps=(0.0, AHEAD_S + 1)) == (0, 0, 0)


def test_it_flies_past_what_stands_between_it_and_the_lady():
    pilot = make("relations")
    pilot.reset(TwinEnv("LBG1-LG0-I2").task, seed=0)
    drift = ("prograde marker is right of lady", "prograde marker is above lady")
    pilot.decide(Sighting({}, 0.0, drift))
    for more, burn in (
        ((), (-1, 1)),
        (("guard does not stand between you and lady",), (-1, 1)),
        (("guard stands between you and lady",), (1, 0)),
    ):
        command = pilot.decide(Sighting({}, LATER, (*drift, *more))).command
        assert (command.right, command.down) == burn


def test_it_coasts_when_what_it_saw_is_in_doubt():
    pilot = make("relations")
    pilot.reset(PursuitEnv("PE1-E1-I3").task, seed=0)
    looks = [((line("left of"),), 0.0), ((), LATER)]
    commands = [pilot.decide(Sighting({}, stamp, lines)).command for lines, stamp in looks]
    assert [one.forward for one in commands] == [1, 0]


def test_every_relation_between_the_markers_is_understood():
    burns = {one: told(line(one.phrase)) for one in relations()}
    for one, burn in burns.items():
        assert any(burn[1:]) == (one.sign != 0 and one.axis != "depth")


@pytest.mark.slow
@pytest.mark.uncounted
def test_verification_gives_back_what_flipped_relations_cost():
    def score(grounding):
        env = PursuitEnv("PE1-E1-I4", observation="frame")
        config = OperatorConfig(grounding=grounding)
        return Operator(env, make("relations"), config).fly(seed=1).summary["score"]

    true = score("oracle:combined")
    wrong = score("oracle:combined,flips=0.15")
    mended = score("oracle:combined+verified,flips=0.15")
    assert true < mended < wrong
    assert wrong - mended > 0.8 * (wrong - true)
