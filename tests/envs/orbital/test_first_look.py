"""An episode that is over before its first observation is told so, with what to change."""

from __future__ import annotations

from typing import Any

import gymnasium
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import ScenarioBroken
from helmsight.envs.orbital.env import DescribedEnv, TwinEnv

SWIFT = {"beside": "target", "position": [0.0, -20.0, 0.0], "velocity": [0.0, 10.0, 0.0]}


def swift(family: str, target: str, agent: str, **others: Any) -> dict[str, Any]:
    """Return a scenario in which the agent meets its target after 1.5 s."""
    vessels = {target: {"orbit": {"sma": 750_000}}, agent: {**SWIFT, "beside": target}, **others}
    bot = "LG0" if others else "E1"
    return {"name": "swift", "family": family, "bot": bot, "vessels": vessels}


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["PE1-E1-I1", "LBG1-LG1-I1"])
def test_a_start_after_a_capture_is_refused_with_the_time_of_it(scenario):
    told = rf"start_met=150 is not possible: the target is captured at 121\.\d+ s in {scenario}"
    with pytest.raises(InvalidOption, match=told):
        TwinEnv(scenario, "telemetry", start_met=150.0).reset()
    _, info = TwinEnv(scenario, "telemetry", start_met=121.0).reset()
    assert 5.0 < info["range"] < 40.0


def test_a_scenario_in_which_all_is_over_at_once_is_refused():
    env = DescribedEnv(described=swift("PE1", "evader", "pursuer"), observation="telemetry")
    with pytest.raises(ScenarioBroken, match=r"captured at 1\.5\d s in PE1-E1-swift with seed 0"):
        env.reset()
    _, info = DescribedEnv(
        described=swift("SB1", "evader", "pursuer"), observation="telemetry"
    ).reset()
    assert info["met"] == pytest.approx(3.0)  # nobody is captured in sun blocking


def test_so_is_one_whose_agent_is_caught_by_the_guard():
    guard = {"beside": "bandit", "position": [0.0, 8.0, 0.0], "velocity": [0.0, -5.0, 0.0]}
    told = swift("LBG1", "lady", "bandit", guard=guard)
    told["vessels"]["bandit"] = {"beside": "lady", "position": [0.0, -500.0, 0.0]}
    with pytest.raises(ScenarioBroken, match=r"the agent is caught at 0\.\d+ s in LBG1-LG0-swift"):
        DescribedEnv(described=told, observation="telemetry").reset()


@pytest.mark.slow
def test_a_batch_tells_it_too_and_can_begin_again():
    name = "helmsight.envs:helmsight/Scenario-v0"
    described = swift("PE1", "evader", "pursuer")
    envs = gymnasium.make_vec(name, 2, "sync", described=described, observation="telemetry")
    with pytest.raises(ScenarioBroken, match="before its first observation"):
        envs.reset(seed=0)
    batch = gymnasium.make_vec(
        "helmsight.envs:helmsight/PE1-E1-I1-v0", 2, observation="telemetry", start_met=130.0
    )
    with pytest.raises(InvalidOption, match=r"with seed 0 .* give less"):
        batch.reset(seed=0)
    observation, _ = batch.reset(seed=5)
    assert observation["telemetry"][:, 0] == pytest.approx(130.0)
