"""A region of a task's frame is covered, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.disturbances.catalogue import Disturbance
from helmsight.envs.disturbances.wrapping import disturbed
from helmsight.envs.registry import make_env


@pytest.mark.parametrize(("number", "name"), [(1, "navball"), (2, "readouts")])
def test_the_region_is_black_and_the_rest_is_as_it_was(number: int, name: str) -> None:
    plain = make_env("PE1-E1-I2", observation="frame")
    env = disturbed(plain, Disturbance.parse(f"covered:{number}"))
    shown = env.reset(seed=0)[0]["frame"].copy()
    true = plain.reset(seed=0)[0]["frame"].copy()
    task = plain.unwrapped.task  # type: ignore[attr-defined]
    x0, y0, x1, y1 = task.regions[name]
    assert true[y0:y1, x0:x1].any()
    true[y0:y1, x0:x1] = 0
    assert np.array_equal(shown, true)


@pytest.mark.parametrize("number", ["3", "1.5"])
def test_a_region_that_there_is_not_is_refused_with_those_there_are(number: str) -> None:
    env = make_env("PE1-E1-I2", observation="frame")
    with pytest.raises(InvalidOption, match="1: navball, 2: readouts"):
        disturbed(env, Disturbance.parse(f"covered:{number}"))
