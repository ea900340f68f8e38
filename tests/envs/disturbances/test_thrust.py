"""Thrust that is not what was asked, and telemetry that contradicts the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.disturbances.catalogue import Disturbance
from helmsight.envs.disturbances.wrapping import disturbed
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.registry import make_env

FIRE: dict[str, Any] = {"forward": 0.5, "right": -0.5, "down": 0.5, "duration": 0.5}


def applied(text: str, seed: int, **command) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the throttles that arrived, and the world's info before."""
    env = disturbed(make_env("PE1-E1-I2", observation="telemetry"), Disturbance.parse(text))
    _, before = env.reset(seed=seed)
    *_, info = env.step(BurnCommand(**{**FIRE, **command}).action())
    env.close()
    assert info["applied"]["frame"] == "body"
    return np.array([info["applied"][name] for name in ("forward", "right", "down")]), before


@pytest.mark.slow
def test_a_lost_thruster_gives_nothing_on_one_side_of_one_axis() -> None:
    asked = np.array([0.5, -0.5, 0.5])
    axes = set()
    for seed in range(12):
        one, _ = applied("thruster-loss", seed)
        other, _ = applied("thruster-loss", seed, forward=-0.5, right=0.5, down=-0.5)
        lost = [i for i in range(3) if (one[i] == 0.0) != (other[i] == 0.0)]
        assert len(lost) == 1  # on one side it is lost, on the other it is not
        kept = [i for i in range(3) if i != lost[0]]
        assert np.array_equal(one[kept], asked[kept])
        axes.add(lost[0])
    assert axes == {0, 1, 2}


@pytest.mark.slow
def test_a_weak_thruster_gives_the_rest() -> None:
    throttles = {tuple(np.abs(applied("thruster-loss:0.4", seed)[0])) for seed in range(12)}
    flat = {round(value, 9) for triple in throttles for value in triple}
    assert flat == {0.5, 0.3}


@pytest.mark.slow
def test_drifted_thrust_is_turned_by_its_angle_at_most_and_as_strong() -> None:
    asked = np.array([0.5, -0.5, 0.5])
    for seed in range(5):
        arrived, _ = applied("thrust-drift:10", seed)
        cosine = arrived @ asked / np.linalg.norm(arrived) / np.linalg.norm(asked)
        assert np.linalg.norm(arrived) == pytest.approx(np.linalg.norm(asked))
        assert 0.0 < np.rad2deg(np.arccos(min(1.0, cosine))) <= 10.0 + 1e-6
        assert np.array_equal(arrived, applied("thrust-drift:10", seed)[0])


def test_a_command_in_other_axes_is_disturbed_in_those_of_the_body() -> None:
    inertial, before = applied("thrust-drift:10", 3, frame="inertial")
    turned = np.array(before["rotations"]["inertial"]) @ [0.5, -0.5, 0.5]
    cosine = inertial @ turned / np.linalg.norm(inertial) / np.linalg.norm(turned)
    assert np.rad2deg(np.arccos(min(1.0, cosine))) <= 10.0 + 1e-6


def test_a_world_without_thrust_cannot_have_it_disturbed() -> None:
    import gymnasium
    from gymnasium.envs.classic_control import CartPoleEnv

    class Cart(CartPoleEnv):
        """A world whose commands hold no vector."""

        class task:  # noqa: N801  stands in for a Task
            name = "cart"
            command = type("Push", (), {"form": type("Form", (), {"vector": ()})})

    cart: gymnasium.Env = Cart()
    with pytest.raises(InvalidOption, match='"cart" has no thrust'):
        disturbed(cart, Disturbance.parse("thrust-drift"))


@pytest.mark.slow
def test_telemetry_that_contradicts_mirrors_what_changed_and_keeps_the_time() -> None:
    def told(text: str) -> list[np.ndarray]:
        env = make_env("PE1-E1-I2", observation="telemetry")
        env = disturbed(env, Disturbance.parse(text)) if text else env
        shown = [env.reset(seed=1)[0]["telemetry"]]
        shown += [env.step(BurnCommand(**FIRE).action())[0]["telemetry"] for _ in range(3)]
        env.close()
        return shown

    true, mirrored, doubled = told(""), told("contradicting"), told("contradicting:2")
    assert np.array_equal(true[0], mirrored[0])
    for real, other, twice in zip(true, mirrored, doubled, strict=True):
        assert other[0] == real[0]  # the mission's time
        assert np.allclose(other[1:] - true[0][1:], true[0][1:] - real[1:])
        assert np.allclose(twice[1:] - true[0][1:], 2 * (true[0][1:] - real[1:]))
    assert not np.array_equal(true[3], mirrored[3])
