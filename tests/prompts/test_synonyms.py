from __future__ import annotations

import pytest

from helmsight.prompts.errors import UnreadableRelation
from helmsight.prompts.relations import Axis, Relation, relations
from helmsight.prompts.synonyms import relation, scan

H, V, D = Axis


@pytest.mark.parametrize(
    ("words", "axis", "sign"),
    [
        ("left", H, -1), ("to the left of", H, -1), ("on the left side of", H, -1),
        ("right", H, 1), ("at the right of", H, 1), ("on the right-hand side of", H, 1),
        ("above", V, -1), ("over", V, -1), ("on", V, -1), ("on top of", V, -1),
        ("higher up than", V, -1), ("below", V, 1), ("underneath", V, 1), ("lower than", V, 1),
        ("front of", D, -1), ("in front of", D, -1), ("closer to the camera than", D, -1),
        ("behind", D, 1), ("in the back of", D, 1), ("further away than", D, 1),
        ("level with", V, 0), ("at the same depth as", D, 0), ("right above", V, -1),
        ("directly behind", D, 1), ("RIGHT OF", H, 1), ("neither left nor right of", H, 0),
    ],
)  # fmt: skip
def test_the_words_of_the_public_data_and_their_synonyms_are_known(words, axis, sign):
    assert relation(words) == Relation(axis, sign)


@pytest.mark.parametrize(
    "words", ["", "near", "not left of", "left of or above", "left and above", "aligned with"]
)
def test_what_names_no_relation_or_several_is_refused(words):
    with pytest.raises(UnreadableRelation):
        relation(words)


def test_canonical_words_mean_what_they_say_except_the_one_that_fits_two_axes():
    for known in relations():
        scanned = scan(known.phrase)
        assert scanned is not None
        (only,) = scanned
        assert only.sign == known.sign
        assert only.axis == (None if known.phrase == "aligned with" else known.axis)
