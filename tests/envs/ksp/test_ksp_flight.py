"""Flights over the wire: what is seen, what a burn does, how an episode ends, what breaks it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.ksp import env as ksp
from helmsight.envs.ksp import picture, streams
from helmsight.envs.ksp.connection import GameConnection, ServerAddress
from helmsight.envs.ksp.errors import BotLost, GameLost, GameRefused, GameUnfit, PictureMissing
from helmsight.envs.ksp.scene import check
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.dynamics import propagate, track_axes, unit
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.krpc.serving import all_services
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, find_scenario

if TYPE_CHECKING:
    from tests.envs.ksp.conftest import Game

pytestmark = pytest.mark.slow  # many short flights: together they are long

COAST = BurnCommand.null()
STOPPED = [0.0, 0.0, 0.0]


def burn(forward: float = 0.0, right: float = 0.0, down: float = 0.0, **rest: Any) -> Any:
    return BurnCommand(forward=forward, right=right, down=down, **rest).action()


def test_a_reset_shows_the_public_start_and_the_keys_of_the_twin(game: Game) -> None:
    env = game.env("PE1-E1-I4")
    shown, info = env.reset(seed=0)
    twin = PursuitEnv("PE1-E1-I4", observation="telemetry")
    assert info.keys() - twin.reset(seed=0)[1].keys() == {"about"}
    assert env.observation_space.contains(shown)
    assert info["about"]["world"] == f"kRPC 0.5.4 at {game.at}, the twin"
    assert info["about"]["evader"] == "passive"
    telemetry, scenario = shown["telemetry"], find_scenario("PE1-E1-I4")
    assert 3.1 <= telemetry[0] - scenario.load_time < 20.0
    assert telemetry[1:3] == pytest.approx([6685.0, 1200.0])
    for vessel, first in ((PURSUER, 3), (EVADER, 9)):
        position, velocity = scenario.initial_state()
        there = propagate(position[vessel], velocity[vessel], telemetry[0] - scenario.load_time)
        np.testing.assert_allclose(telemetry[first : first + 3], there[0], atol=0.1)
        np.testing.assert_allclose(telemetry[first + 3 : first + 6], there[1], atol=1e-3)


def test_the_nose_points_at_the_evader_with_the_thrusters_on(game: Game) -> None:
    game.env().reset()

    def attitude(fleet: Any) -> tuple[float, bool]:
        sight = unit(fleet.position[0, EVADER] - fleet.position[0, PURSUER])
        return float(fleet.axes[0, PURSUER, 0] @ sight), bool(fleet.rcs[0, PURSUER])

    assert game.fleet(attitude) == (pytest.approx(1.0, abs=1e-4), True)


def test_every_sample_is_of_one_tick(game: Game) -> None:
    env = game.env()
    samples = [env.reset()[0]["telemetry"]]
    samples += [env.step(burn(duration=0.1))[0]["telemetry"] for _ in range(8)]
    for before, after in pairwise(samples):
        for first in (3, 9):
            there = propagate(
                before[first : first + 3], before[first + 3 : first + 6], after[0] - before[0]
            )
            np.testing.assert_allclose(after[first : first + 3], there[0], atol=1e-2)


@pytest.mark.parametrize("frame", ["body", "inertial", "orbital"])
def test_a_burn_pushes_along_the_axes_that_it_names(game: Game, frame: str) -> None:
    env = game.env(hold="coast")
    before = env.reset()[0]["telemetry"]
    wanted = np.array([0.6, -0.4, 0.3])
    shown, _, _, _, info = env.step(burn(*wanted, duration=3.0, frame=frame))
    after = shown["telemetry"]
    axes = {
        "body": game.fleet(lambda fleet: fleet.axes[0, PURSUER]),
        "inertial": np.eye(3),
        "orbital": track_axes(before[3:6], before[6:9]),
    }[frame]
    coasting = propagate(before[3:6], before[6:9], after[0] - before[0])[1]
    push = after[6:9] - coasting
    body = game.fleet(lambda fleet: fleet.axes[0, PURSUER])
    thrust = body @ (wanted @ axes) * np.array([8.0, 4.0, 4.0])  # kN, stronger ahead than sideways
    assert unit(push) @ unit(thrust @ body) > 0.999
    assert info["applied"]["duration"] == 3.0
    assert info["fuel_used"] == pytest.approx(before[1] - after[1])


def test_a_burn_lasts_as_long_as_it_was_asked_to_in_the_games_time(game: Game) -> None:
    env = game.env(hold="coast")
    before = env.reset()[1]
    game.slow_to(2.0)
    after = env.step(burn(forward=1.0, duration=3.0))[4]
    passed = after["met"] - before["met"]
    assert passed >= 3.0 - 1e-6
    assert 1200.0 - after["propellant"] == pytest.approx(passed * 0.8497, abs=0.5)


@pytest.mark.parametrize(("hold", "left"), [("repeat", [0.5, 0.0, -0.25]), ("coast", STOPPED)])
def test_while_the_pilot_thinks_the_last_burn_goes_on_or_not(
    game: Game, hold: str, left: list[float]
) -> None:
    env = game.env(hold=hold)
    env.reset()
    env.step(burn(forward=0.5, down=-0.25, duration=0.1))
    assert game.throttle(PURSUER) == left
    env.close()
    assert game.throttle(PURSUER) == STOPPED


def test_a_capture_ends_a_burn_at_once_and_scores_it(game: Game) -> None:
    env = game.env()
    env.reset()
    game.meet(7.0, closing=1.0)
    _, reward, terminated, truncated, info = env.step(burn(duration=10.0))
    assert (terminated, truncated, info["captured"]) == (True, False, True)
    assert info["closest_approach"] == info["range"] <= 5.0
    assert info["speed"] == pytest.approx(1.0, abs=0.1)
    assert reward == -info["score"] < 0.0
    assert game.throttle(PURSUER) == STOPPED
    with pytest.raises(EpisodeOver):
        env.step(COAST.action())


def test_a_capture_while_the_pilot_thinks_leaves_nothing_to_apply(game: Game) -> None:
    env = game.env()
    env.reset()
    game.meet(6.0, closing=1.0)
    recorder = env._recorder
    assert recorder is not None
    recorder.wait(recorder.latest().met[0] + 3.0, stop=False)
    _, _, terminated, _, info = env.step(burn(forward=1.0))
    assert terminated
    assert info["applied"] == COAST.model_dump()
    assert info["range"] <= 5.0


def test_the_time_limit_truncates(game: Game) -> None:
    env = game.env()
    env.reset()
    game.fleet(lambda fleet: fleet.met.__setitem__(0, 239.0))
    env.step(burn(duration=0.02))  # the jump
    _, reward, terminated, truncated, info = env.step(burn(duration=2.0))
    assert (terminated, truncated) == (False, True)
    assert 240.0 < info["met"] < 245.0
    assert info["time_left"] == 0.0
    assert reward == -info["score"]


def test_a_second_reset_begins_anew(game: Game) -> None:
    env = game.env()
    first = env.reset()[1]
    env.step(burn(forward=1.0, duration=1.0))
    again = env.reset()[1]
    assert again["propellant"] == 1200.0
    assert again["met"] == pytest.approx(first["met"], abs=10.0)
    assert env.step(COAST.action())[4]["met"] > again["met"]


def test_a_reset_connects_again_after_the_connection_broke(game: Game) -> None:
    env = game.env()
    env.reset()
    game.cut("Helmsight")
    assert env.reset()[1]["propellant"] == 1200.0


def test_ctrl_c_in_a_burn_shuts_the_thrusters(game: Game) -> None:
    env = game.env()
    env.reset()
    game.slow_to(1.0)
    game.once_it_pushes(os.kill, os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        env.step(burn(forward=1.0, duration=10.0))
    assert game.throttle(PURSUER) == STOPPED


def test_a_server_that_dies_in_a_burn_ends_the_flight(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ksp, "RELEASE", 0.2)
    env = game.env()
    env.reset()
    game.slow_to(1.0)
    game.once_it_pushes(game.die)
    with pytest.raises(GameLost, match=r"broke|no new telemetry"):
        env.step(burn(forward=1.0, duration=10.0))
    with pytest.raises(EpisodeOver):
        env.step(COAST.action())


def test_a_connection_that_breaks_in_a_burn_leaves_no_thrust(game: Game) -> None:
    env = game.env("PE1-E4-I3")  # its bot's connection stays: the game lets go of nothing by itself
    env.reset()
    game.slow_to(1.0)
    game.once_it_pushes(game.cut, "Helmsight")
    with pytest.raises((GameLost, BotLost)):
        env.step(burn(forward=1.0, duration=10.0))
    assert game.throttle(PURSUER) == game.throttle(EVADER) == STOPPED


def test_a_game_that_stands_still_is_refused_with_what_was_seen(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = game.env()
    env.reset()
    monkeypatch.setattr(streams, "STILL", 0.3)
    game.served.run(lambda server: setattr(server.game, "paused", True))
    with pytest.raises(GameLost, match=r"the last at T\+.*is the game paused"):
        env.step(burn(forward=1.0, duration=5.0))
    assert game.throttle(PURSUER) == STOPPED


def test_a_game_that_somebody_else_loads_is_refused(game: Game) -> None:
    env = game.env()
    env.reset()
    env.step(burn(duration=4.0))
    game.served.run(lambda server: server.game.load("pe1_i3_init"))
    with pytest.raises(GameLost, match=r"went back|ended"):
        env.step(burn(duration=4.0))


def test_a_save_with_other_vessels_is_refused_by_name(game: Game) -> None:
    def swap(server: Any) -> None:
        server.game.load("lbg1_i1_init")
        server.game.save("pe1_i3_init")

    game.served.run(swap)
    with pytest.raises(GameUnfit, match=r"pe1_i3_init holds .*Evader, Pursuer"):
        game.env().reset()


def test_what_the_game_refuses_is_told_in_its_words(game: Game) -> None:
    address = ServerAddress.parse(game.at)
    refusal = pytest.raises(GameRefused, match="pe1_i9_init")
    with GameConnection(address) as connected, refusal:
        connected.call(lambda connection: connection.space_center.load("pe1_i9_init"))


def test_the_check_names_versions_scene_and_vessels(game: Game) -> None:
    game.env("PE1-E3-I1").reset()
    summary = check(game.at)
    assert (summary.server, summary.scene, summary.vessels) == (
        "0.5.4", "flight", ("Evader", "Pursuer"),
    )  # fmt: skip
    assert summary.twin
    assert summary.client.startswith("0.7.")


def test_a_perturbed_start_needs_the_twin(game: Game, serve_game: Callable[..., Game]) -> None:
    env = game.env("PE1-E4-I2")
    shown, info = env.reset(seed=5)
    assert info["about"]["evader"] == "server"
    telemetry = shown["telemetry"]
    native = PursuitEnv("PE1-E4-I2", observation="telemetry").reset(seed=5)[0]["telemetry"]
    coasted = propagate(native[3:6], native[6:9], telemetry[0] - native[0])
    np.testing.assert_allclose(telemetry[3:6], coasted[0], atol=0.1)
    assert env.step(COAST.action())[4]["met"] > info["met"]
    plain = serve_game(
        services=[service for service in all_services() if service.name != "Helmsight"]
    )
    with pytest.raises(InvalidOption, match="seed=5 is not possible in the game"):
        plain.env().reset(seed=5)


def test_screenshots_are_the_cockpits_frames(game: Game) -> None:
    env = game.env(capture="screenshot", observation="frame+telemetry")
    frame = env.reset()[0]["frame"]
    assert (frame.shape, frame.dtype) == ((720, 1280, 3), np.uint8)
    later = env.step(burn(duration=2.0))[0]["frame"]
    assert not np.array_equal(frame, later)


def test_a_screenshot_that_nobody_can_read_is_missed(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "DEVELOPED", 0.0)  # as if it were written on another disk
    with pytest.raises(PictureMissing, match="game on another machine"):
        game.env(capture="screenshot", observation="frame").reset()
