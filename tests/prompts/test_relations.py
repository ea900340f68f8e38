from __future__ import annotations

import pytest

from helmsight.prompts.relations import Axis, Claim, Relation, RelationFrame, claim

H, V, D = Axis


def test_an_inverse_is_the_other_sign_and_neutral_is_its_own():
    assert Relation(H, -1).inverse == Relation(H, 1)
    assert Relation(V, 0).inverse == Relation(V, 0)
    assert claim("cup", D, 1, "plate").inverse.text() == "plate is in front of cup"


def test_in_the_frame_of_an_object_nothing_has_an_inverse():
    with pytest.raises(ValueError, match="no inverse"):
        _ = Claim("cup", "car", Relation(H, -1), RelationFrame.OBJECT).inverse
