"""A run goes on where numbers are rounded otherwise, and nowhere that they are others."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import helmsight
from helmsight.agents.errors import CannotResume
from helmsight.agents.resume import alike
from helmsight.envs.orbital.stepping import NUMPY, VARIABLE, C, step_code

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def rounded(data, share):
    """Return `data` with its numbers off by a share."""
    if isinstance(data, dict):
        return {key: rounded(value, share) for key, value in data.items()}
    if isinstance(data, list):
        return [rounded(value, share) for value in data]
    return data * (1 + share) if isinstance(data, float) else data


@given(PLAIN)
def test_what_is_rounded_otherwise_is_alike(data):
    assert alike(data, data)
    assert alike(rounded(data, 1e-12), data)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (1.0, 1.001), (0.0, 1e-3), (True, 1), (1, True), ("1", 1), (None, 0.0), (math.nan, 0.0),
        (math.inf, -math.inf), ([1.0], [1.0, 1.0]), ({"a": 1.0}, {"b": 1.0}), ({"a": 1.0}, [1.0]),
        ({"a": [0.5, {"b": 0.2}]}, {"a": [0.5, {"b": 0.5}]}),
    ],
)  # fmt: skip
def test_what_is_something_else_is_not(now, then):
    assert not alike(now, then)


def test_what_is_no_number_in_both_is_alike():
    assert alike({"a": math.nan, "b": math.inf}, {"a": math.nan, "b": math.inf})


@pytest.mark.slow
def test_a_run_of_one_step_code_is_gone_on_with_by_the_other(tmp_path, monkeypatch):
    if step_code() != C:
        pytest.skip("the twin's step was not compiled here")
    monkeypatch.setenv(VARIABLE, NUMPY)
    run = helmsight.fly(
        "PE1-E3-I3", "rendezvous", out=tmp_path / "run", time="paused", video=False, steps=30
    )
    assert run.reason == "steps"
    monkeypatch.setenv(VARIABLE, C)
    more = helmsight.resume(tmp_path / "run", steps=40)
    assert len(more.records) == 40
    spec = tmp_path / "run" / "run.json"
    spec.write_text(spec.read_text("utf-8").replace('"seed": 0', '"seed": 1'), "utf-8")
    with pytest.raises(CannotResume, match="goes another way"):
        helmsight.resume(tmp_path / "run", steps=50)
