from __future__ import annotations

import numpy as np
import pytest

from helmsight.agents.errors import CannotBeAsked
from helmsight.agents.grounding.oracle import Oracle, truth_of
from helmsight.agents.grounding.verify import ground
from helmsight.prompts.orders import compose

IMAGE = np.zeros((0, 0, 3), np.uint8)
NAMES = ["sun", "moon", "star"]
PROMPT = compose("combined", NAMES)


def truth():
    return [
        (a, b, axis, sign)
        for a, b, sign in (("sun", "moon", 1), ("sun", "star", 1), ("moon", "star", 0))
        for axis in ("horizontal", "vertical", "depth")
    ]


def test_an_oracle_without_flips_tells_the_truth_in_the_asked_order():
    grounding = ground(Oracle(truth), IMAGE, PROMPT)
    assert len(grounding.first) == 12
    assert grounding.counts.contradictions == 0
    signs = {(claim.a, claim.b, claim.axis): claim.sign for claim in grounding.first}
    for a, b, axis, sign in truth():
        assert signs.get((a, b, axis), sign) == sign
        assert signs.get((b, a, axis), -sign) == -sign


@pytest.mark.slow
def test_flips_are_as_many_as_asked_for_and_the_same_for_the_same_seed():
    def wrong(seed):
        oracle, count = Oracle(truth, 0.15, seed), 0
        right = Oracle(truth).ask(IMAGE, PROMPT).splitlines()
        for _ in range(400):
            lines = oracle.ask(IMAGE, PROMPT).splitlines()
            count += sum(line != truth_line for line, truth_line in zip(lines, right, strict=True))
        return count

    assert wrong(3) == wrong(3)
    assert abs(wrong(3) / (400 * 12) - 0.15) < 0.02


def test_what_is_not_in_sight_is_not_spoken_of():
    assert "sun" not in Oracle(lambda: truth()[-3:]).ask(IMAGE, PROMPT)


@pytest.mark.slow
def test_verification_mends_most_of_what_was_flipped():
    wrong = {True: 0, False: 0}
    right = {(a, b, axis): sign for a, b, axis, sign in truth()}
    for verified in wrong:
        for seed in range(60):
            claims = ground(Oracle(truth, 0.15, seed), IMAGE, PROMPT, verified=verified).claims
            for claim in claims:
                if {claim.a, claim.b} == {"sun", "moon"}:
                    sign = claim.sign if claim.a == "sun" else -claim.sign
                    wrong[verified] += sign != right["sun", "moon", claim.axis]
    assert wrong[True] < 0.4 * wrong[False]


def test_a_world_that_tells_no_truth_is_refused():
    with pytest.raises(CannotBeAsked, match="true relations"):
        truth_of(object())
