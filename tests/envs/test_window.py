"""The cockpit's window as an environment: looked at on a screen, operated with keys."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import CockpitLost, EpisodeOver, ScreenMissing
from helmsight.envs.orbital.cockpit.trial import try_key
from helmsight.envs.orbital.cockpit.window import title
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.task import REALTIME
from helmsight.envs.window import ScreenEnv
from helmsight.hardware.errors import WindowUnavailable
from helmsight.hardware.screen import Screen, find_window

NAME = "PE1-E1-I1"
EXTRA = {"throttle", "rcs", "sas", "paused", "missed", "seed", "over", "pictures", "hz", "keys"}


def burn(forward=0.0, right=0.0, down=0.0, seconds=0.1):
    return BurnCommand(forward=forward, right=right, down=down, duration=seconds).action()


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """The window, its pilot and tests go by the tests' own clock."""


@pytest.fixture(scope="module")
def shared(virtual_screen):
    """One window for all who leave it as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", virtual_screen)
        env = ScreenEnv(NAME, render_mode="rgb_array")
        env.reset()
        yield env
        env.close()


@pytest.fixture
def env(display, shared):
    return shared


@pytest.fixture
def fresh(display):
    env = ScreenEnv(NAME)
    yield env
    env.close()


@pytest.fixture(scope="module")
def cockpit(virtual_screen):
    """A cockpit that somebody else opened; its title."""
    name = f"{title(NAME)} for attaching"
    program = subprocess.Popen(
        [sys.executable, "-m", "helmsight.envs.orbital.cockpit.program", NAME, "--name", name],
        env={**os.environ, "DISPLAY": virtual_screen},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    program.stdout.readline()
    program.stdin.write('{"go": true}\n')
    program.stdin.flush()
    yield name
    program.communicate(timeout=600)


@pytest.fixture
def opened(display, cockpit):
    return cockpit


@pytest.mark.display
class TestOwnWindow:
    def test_the_first_picture_is_the_twins_own_to_the_last_pixel(self, env):
        twin = PursuitEnv(NAME, observation="frame")
        for seed in (0, 5):
            frame = env.reset(seed=seed)[0]["frame"]
            assert np.array_equal(frame, twin.reset(seed=seed)[0]["frame"])

    def test_info_is_that_of_the_twin_and_how_the_window_is(self, env):
        _, told = PursuitEnv(NAME, observation="frame").reset(seed=2)
        _, info = env.reset(seed=2)
        assert info.keys() == told.keys() - {"rotations"} | EXTRA
        for key in told.keys() - {"lag", "applied", "rotations"}:
            assert np.allclose(info[key], told[key]), key
        assert info["seed"] == 2

    def test_keys_push_the_craft_and_are_released_for_coasting(self, env):
        _, first = env.reset()
        *_, pushed = env.step(burn(forward=-1.0, seconds=0.4))
        assert pushed["closing"] < first["closing"]
        assert pushed["fuel_used"] > 0.0
        assert pushed["met"] > first["met"]
        assert pushed["applied"]["forward"] < -0.5
        assert pushed["keys"]["n"] >= 0.4
        assert env._cockpit.keyboard.down == ("n",)  # while the pilot thinks
        env.step(burn())
        assert env._cockpit.keyboard.down == ()

    def test_holding_coasts_releases_the_keys_while_the_pilot_thinks(self, env, monkeypatch):
        env.reset()
        monkeypatch.setattr(env, "hold", "coast")
        env.step(burn(right=1.0))
        assert env._cockpit.keyboard.down == ()

    def test_a_part_of_the_thrust_is_a_part_of_the_time(self, env):
        env.reset()
        *_, info = env.step(burn(forward=0.5, down=1.0, seconds=0.4))
        assert 0.2 <= info["keys"]["h"] < info["keys"]["i"]
        assert 0.0 < info["applied"]["forward"] < info["applied"]["down"] <= 1.0

    def test_the_picture_shows_what_was_pressed(self, env):
        start = env.reset()[0]["frame"]
        later = env.step(burn(right=1.0, seconds=0.3))[0]["frame"]
        assert not np.array_equal(start, later)
        assert later.shape == (720, 1280, 3)

    def test_a_seed_that_was_flown_before_begins_the_same(self, env):
        first, _ = env.reset(seed=7)
        env.step(burn(forward=1.0))
        again, info = env.reset(seed=7)
        assert np.array_equal(first["frame"], again["frame"])
        assert info["fuel_used"] == 0.0

    def test_a_smaller_window_is_found_and_scaled_up(self, display):
        env = ScreenEnv(NAME, scale=0.5, render_mode="rgb_array")
        try:
            frame = env.reset()[0]["frame"]
            twin = PursuitEnv(NAME, observation="frame").reset()[0]["frame"]
            assert frame.shape == (720, 1280, 3)
            assert np.abs(frame.astype(int) - twin).mean() < 3.0
            assert env.render().shape == (720, 1280, 3)
        finally:
            env.close()

    def test_closing_releases_the_keys_and_ends_the_window(self, fresh):
        env = fresh
        env.reset()
        env.step(burn(forward=1.0))
        process, keyboard = env._cockpit._process, env._cockpit.keyboard
        env.close()
        env.close()
        assert keyboard.down == ()
        assert process.returncode == 0
        with pytest.raises(WindowUnavailable, match="no window answers"):
            find_window(env._cockpit._title)

    def test_a_window_that_is_closed_while_it_is_flown_is_told_as_lost(self, fresh):
        env = fresh
        env.reset()
        env._cockpit._process.kill()
        env._cockpit._process.wait()
        with pytest.raises((CockpitLost, WindowUnavailable)):
            env.step(burn(forward=1.0, seconds=1.0))
        assert env._cockpit.keyboard.down == ()

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")
    def test_gymnasium_accepts_it(self, display):
        env = gym.make("helmsight/Screen-v0", scenario=NAME, rate=5.0)
        assert env.spec.nondeterministic  # real time never does the same twice
        try:
            check_env(env.unwrapped, skip_render_check=True)
        finally:
            env.close()


@pytest.mark.display
class TestOthersWindow:
    def test_a_window_that_others_cover_is_brought_to_the_front(self, opened, env):
        env.reset()  # that window is in front now
        other = ScreenEnv(NAME, capture=f"window:{opened}")
        try:
            other.reset()
            other.step(burn(forward=1.0))
        finally:
            other.close()
        frame = env.reset()[0]["frame"]  # refused while another window is in front
        assert frame.shape == (720, 1280, 3)

    def test_it_is_found_restarted_and_flown_knowing_only_what_is_seen(self, opened):
        env = ScreenEnv(NAME, capture=f"window:{opened}")
        try:
            _, info = env.reset()
            assert info.keys() == {"met", "lag", "applied", "keys"}
            observation, _, terminated, truncated, after = env.step(burn(forward=1.0))
            assert observation["frame"].shape == (720, 1280, 3)
            assert after["met"] > info["met"]
            assert not terminated
            assert not truncated
            with pytest.raises(InvalidOption, match="--seed 3"):
                env.reset(seed=3)
        finally:
            env.close()
        assert find_window(opened).title == opened  # it is still there

    def test_the_picture_can_be_named_by_its_place(self, opened, monkeypatch):
        with Screen.open(f"window:{opened}") as screen:
            place = screen.place()
        monkeypatch.setattr(
            "helmsight.envs.orbital.cockpit.operated.title", lambda scenario: opened
        )
        env = ScreenEnv(NAME, capture=f"region:{place.left},{place.top},1280,720")
        try:
            assert env.reset()[0]["frame"].shape == (720, 1280, 3)
        finally:
            env.close()

    def test_what_is_no_cockpit_is_refused_with_what_was_seen(self, opened, monkeypatch):
        monkeypatch.setattr("helmsight.envs.orbital.cockpit.trial.ANSWER_S", 0.3)
        monkeypatch.setattr(
            "helmsight.envs.orbital.cockpit.operated.title", lambda scenario: opened
        )
        env = ScreenEnv(NAME, capture="region:0,100,640,360")
        try:
            with pytest.raises(CockpitLost, match=r"RCS lamp at \d+,\d+.*RGB"):
                env.reset()
        finally:
            env.close()

    def test_a_window_that_is_not_there_is_refused_with_those_that_are(self, opened):
        env = ScreenEnv(NAME, capture="window:Kerbal Space Program")
        with pytest.raises(WindowUnavailable, match="for attaching"):
            env.reset()
        env.close()

    def test_a_window_that_comes_in_front_while_a_key_is_tried_is_put_behind(
        self, opened, monkeypatch
    ):
        from Xlib.display import Display  # type: ignore[import-untyped]

        env = ScreenEnv(NAME, capture=f"window:{opened}")
        cover = None
        try:
            env.reset()
            keyboard, display = env._cockpit.keyboard, Display()
            monkeypatch.setattr("helmsight.envs.orbital.cockpit.trial.ANSWER_S", 1.0)
            tap = keyboard.tap

            def tap_under_cover(key, seconds):
                nonlocal cover
                if cover is None:  # one that is not drawn yet: what was there stays to be seen
                    cover = display.screen().root.create_window(
                        0, 0, 1400, 900, 0, display.screen().root_depth, override_redirect=1
                    )
                    cover.map()
                    display.sync()
                return tap(key, seconds)

            monkeypatch.setattr(keyboard, "tap", tap_under_cover)
            assert try_key(env._cockpit.screen, keyboard) > 0.0
            assert cover is not None
        finally:
            env.close()
            if cover is not None:
                cover.destroy()
                display.close()

    def test_keys_that_do_not_arrive_are_told(self, opened, monkeypatch):
        env = ScreenEnv(NAME, capture=f"window:{opened}")
        try:
            env.reset()
            keyboard = env._cockpit.keyboard
            monkeypatch.setattr("helmsight.envs.orbital.cockpit.trial.ANSWER_S", 0.3)
            monkeypatch.setattr(keyboard, "tap", lambda key, seconds: 0.0)
            with pytest.raises(CockpitLost, match="key R was pressed"):
                try_key(env._cockpit.screen, keyboard)
        finally:
            env.close()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"time": "paused"}, "wall clock"),
        ({"time": "fixed:1"}, "wall clock"),
        ({"observation": "telemetry"}, "no numbers"),
        ({"observation": "frame+telemetry"}, "no numbers"),
        ({"hold": "sometimes"}, "repeat or coast"),
        ({"scale": 9.0}, "scale"),
        ({"rate": 0.0}, "rate"),
    ],
)
def test_what_a_screen_cannot_do_is_refused_with_the_reason(options, why):
    with pytest.raises(InvalidOption, match=why):
        ScreenEnv(NAME, **options)


def test_an_operator_is_told_the_same_as_on_the_twin():
    env = ScreenEnv(NAME)
    twin = PursuitEnv(NAME, observation="frame").task
    assert env.task == replace(twin, clock=REALTIME)
    with pytest.raises(EpisodeOver):
        env.step(burn())
    env.close()


@pytest.mark.slow
def test_without_a_screen_it_says_how_to_get_one(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    env = ScreenEnv(NAME)
    with pytest.raises(ScreenMissing, match="xvfb-run"):
        env.reset()
    env.close()
