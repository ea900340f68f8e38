"""Commands as one vector of numbers: which fields, over which bounds, and what is refused."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from helmsight.contract.errors import InvalidOption
from helmsight.envs.flat import FlatActions, bounds_of
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv


@pytest.fixture
def env():
    return PursuitEnv(observation="telemetry")


def test_the_vector_of_a_command_is_acted_with_and_the_rest_is_the_safe_default(env):
    flat = FlatActions(env)
    assert flat.fields == ("forward", "right", "down")
    burn = flat.action(np.array([1.0, -1.0, 0.5], dtype=np.float32))
    assert burn["burn"].tolist() == [1.0, -1.0, 0.5, 0.5]
    assert burn["frame"] == 0


def test_fields_go_over_their_bounds_and_others_can_be_fixed(env):
    flat = FlatActions(env, ["duration", "forward"], {"frame": "orbital"})
    assert bounds_of(BurnCommand)["duration"] == (0.0, 10.0)
    burn = flat.action(np.array([0.0, 7.0]))  # what is outside is clipped
    assert burn["burn"].tolist() == [1.0, 0.0, 0.0, 5.0]
    assert burn["frame"] == 2


@pytest.mark.parametrize(("fields", "fixed"), [(["frame"], None), (None, {"speed": 1})])
def test_what_is_no_number_with_bounds_is_refused_with_those_there_are(env, fields, fixed):
    with pytest.raises(InvalidOption, match="duration, forward, right, down"):
        FlatActions(env, fields, fixed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*(wrapper applied|infinity).*")
def test_gymnasiums_checks_pass(env):
    flat = FlatActions(env)
    check_env(flat, skip_render_check=True)
    assert flat.action_space.shape == (3,)


@pytest.mark.slow
@pytest.mark.uncounted
def test_stable_baselines_learns_in_it(env):
    baselines = pytest.importorskip(
        "stable_baselines3", reason="needs stable-baselines3: pip install -e .[test]"
    )
    learner = baselines.PPO("MultiInputPolicy", FlatActions(env), n_steps=16, batch_size=8, seed=0)
    before = [values.clone() for values in learner.policy.parameters()]
    learner.learn(total_timesteps=16)
    assert learner.num_timesteps == 16
    after = learner.policy.parameters()
    assert any((a != b).any() for a, b in zip(before, after, strict=True))
