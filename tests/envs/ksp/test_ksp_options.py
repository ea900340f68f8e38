"""What the game's environment can be asked for, before anything connects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium as gym
import pytest

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import EpisodeOver, UnknownScenario
from helmsight.envs.ksp.env import KspEnv
from helmsight.envs.ksp.errors import NobodyListens
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.task import REALTIME


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"observation": "pixels"}, InvalidOption, "frame, frame.telemetry, telemetry"),
        ({"time": "fast"}, InvalidOption, "realtime or fixed:SECONDS"),
        ({"time": "paused"}, InvalidOption, "does not wait for its pilot"),
        ({"time": "fixed:0.5"}, InvalidOption, "--world twin"),
        ({"hold": "keep"}, InvalidOption, "repeat or coast"),
        ({"scenario": "PE1-E9-I1"}, UnknownScenario, "Did you mean PE1-E"),
        ({"scenario": "PE1-E1-R"}, InvalidOption, "drawn by its seed.*I1 to I4"),
        ({"scenario": "LBG1-LG0-I1"}, UnknownScenario, "only pursuits.*helmsight fly LBG1-LG0-I1"),
        ({"krpc": "50000"}, InvalidOption, "HOST:RPC_PORT"),
        ({"capture": "webcam"}, InvalidOption, "window:TITLE"),
        ({"observation": "frame"}, InvalidOption, "--capture"),
        ({"regions": {"navball": [1, 2]}}, InvalidOption, "navball"),
    ],
)
def test_a_wrong_option_says_what_there_is(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        gym.make("helmsight/KSP-v0", **options)


@pytest.mark.slow
def test_it_has_the_spaces_and_the_task_of_the_twin() -> None:
    options: dict[str, Any] = {"observation": "frame+telemetry"}
    game, twin = KspEnv("PE1-E3-I3", capture="screenshot", **options), PursuitEnv(**options)
    assert game.observation_space == twin.observation_space
    assert game.action_space == twin.action_space
    task = PursuitEnv("PE1-E3-I3").task
    assert game.task == replace(task, clock=REALTIME, note="")


def test_the_regions_are_those_of_the_captured_window() -> None:
    box = [500, 450, 780, 720]
    env = KspEnv(capture="window:Kerbal Space Program", regions={"navball": box})
    assert env.task.regions == {"navball": tuple(box)}
    assert KspEnv().task.regions == {}


def test_nothing_connects_before_a_reset(closed_port: int) -> None:
    env = KspEnv(krpc=f"127.0.0.1:{closed_port}:{closed_port}")
    with pytest.raises(EpisodeOver, match="reset"):
        env.step(BurnCommand.null().action())
    with pytest.raises(NobodyListens, match="serve-krpc"):
        env.reset(seed=0)
    env.close()
    env.close()
