"""Disturbed pictures: by the seed, as strong as asked, around any world that shows frames."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.disturbances.catalogue import KINDS, Disturbance
from helmsight.envs.disturbances.pictures import WAYS
from helmsight.envs.disturbances.wrapping import disturbed, line_options
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.registry import make_env

FRAME = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
FLAT = np.full((60, 80, 3), 100, np.uint8)


def way(name: str, strength: float, seed: int = 0):
    return WAYS[name](strength, np.random.default_rng(seed))


def test_every_picture_keeps_its_shape_and_leaves_the_true_one_alone() -> None:
    for name in WAYS:
        true = FRAME.copy()
        shown = [way(name, KINDS[name].default)(true) for _ in range(2)]
        assert shown[0].shape == FRAME.shape, name
        assert shown[0].dtype == np.uint8
        assert np.array_equal(shown[0], shown[1]), name  # the same seed, the same picture
        assert np.array_equal(true, FRAME)


def test_a_frozen_picture_is_the_last_one_that_came() -> None:
    frames = [np.full((4, 4, 3), i, np.uint8) for i in range(250)]
    half = way("frozen", 0.5)
    shown = [int(half(frame)[0, 0, 0]) for frame in frames]
    assert shown[0] == 0
    assert all(s == i or s == shown[i - 1] for i, s in enumerate(shown) if i)
    assert 95 < sum(s == i for i, s in enumerate(shown)) < 155
    stuck = way("frozen", 1.0)
    assert {int(stuck(frame)[0, 0, 0]) for frame in frames} == {0}


def test_noise_is_as_strong_as_asked() -> None:
    noise = way("noisy", 10.0)(FLAT).astype(float) - 100.0
    assert noise.std() == pytest.approx(10.0, rel=0.05)
    assert noise.mean() == pytest.approx(-0.5, abs=0.5)  # cut down to whole grey levels


def test_a_share_of_the_picture_is_covered_at_the_same_place_all_episode() -> None:
    cover = way("occluded", 0.25, seed=3)
    first, second = cover(FLAT), cover(FLAT)
    assert (first == 0).all(axis=2).mean() == pytest.approx(0.25, abs=0.02)
    assert np.array_equal(first, second)
    places = {way("occluded", 0.25, seed)(FLAT).tobytes() for seed in range(5)}
    assert len(places) == 5


def test_a_shift_moves_every_pixel_as_far_as_asked() -> None:
    point = np.zeros((60, 80, 3), np.uint8)
    point[30, 40] = 255
    rows, columns = np.nonzero(way("shifted", 0.1)(point)[..., 0])
    moved = np.hypot(rows[0] - 30, columns[0] - 40)
    assert moved == pytest.approx(0.1 * np.hypot(60, 80), abs=1.0)


def test_a_zoom_enlarges_about_the_centre() -> None:
    bar = np.zeros((60, 80, 3), np.uint8)
    bar[25:35, 30:50] = 255
    area = (way("zoomed", 2.0)(bar)[..., 0] > 127).sum()
    assert area == pytest.approx(4 * 200, rel=0.1)


def test_a_smaller_screen_keeps_what_is_large_and_loses_what_is_small() -> None:
    columns = np.zeros((60, 80, 3), np.uint8)
    columns[:, ::2] = 255
    assert np.allclose(way("shrunk", 2.0)(columns), 127.5, atol=1)
    half = np.zeros((60, 80, 3), np.uint8)
    half[:, 40:] = 255
    seen = way("shrunk", 2.0)(half)
    assert seen.shape == half.shape
    assert not seen[:, :38].any()
    assert (seen[:, 42:] == 255).all()
    assert np.array_equal(way("shrunk", 0.5)(half), half)


def test_colours_are_turned_and_greys_stay() -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 255
    assert np.array_equal(way("recoloured", 120.0)(red)[0, 0], [0, 255, 0])
    assert np.array_equal(way("recoloured", 120.0)(FLAT), FLAT)


@pytest.mark.slow
def test_a_world_shows_disturbed_frames_and_goes_its_own_way() -> None:
    def frames(text: str, seed: int) -> tuple[np.ndarray, list[float]]:
        env = make_env("PE1-E1-I2", observation="frame")
        env = disturbed(env, Disturbance.parse(text)) if text else env
        shown, info = env.reset(seed=seed)
        met = [info["met"]]
        for _ in range(2):
            shown, *_, info = env.step(BurnCommand.null().action())
            met.append(info["met"])
        env.close()
        return shown["frame"], met

    clean, met = frames("", 1)
    noisy, same = frames("noisy:40", 1)
    assert met == same
    assert np.abs(clean.astype(int) - noisy).mean() > 10
    assert np.array_equal(noisy, frames("noisy:40", 1)[0])
    assert not np.array_equal(noisy, frames("noisy:40", 2)[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("frozn", "no disturbance 'frozn': did you mean \"frozen\""),
        ("noisy:loud", "strength is a number above 0, at most 255"),
        ("frozen:1.5", "at most 1"),
        ("noisy:-1", "above 0"),
        ("", "no disturbance ''"),
    ],
)
def test_what_is_no_disturbance_is_told_with_what_there_is(text: str, said: str) -> None:
    with pytest.raises(InvalidOption, match=said):
        Disturbance.parse(text)


def test_a_disturbance_is_written_as_short_as_it_can_be() -> None:
    assert str(Disturbance.parse("frozen:0.5")) == "frozen"
    assert str(Disturbance.parse("frozen:0.25")) == "frozen:0.25"


def test_a_world_that_shows_no_frame_cannot_have_it_disturbed() -> None:
    env = make_env("PE1-E1-I2", observation="telemetry")
    with pytest.raises(InvalidOption, match="is of the frame, and this world shows telemetry"):
        disturbed(env, Disturbance.parse("noisy"))
    assert isinstance(disturbed(env, Disturbance.parse("provider-fails")), gym.Env)


def test_dropped_packets_are_an_option_of_the_emulated_line() -> None:
    from helmsight.hardware.emulators.faults import Faults

    options = line_options(Disturbance.parse("dropped-packets:0.2"))
    assert Faults.parse(options["faults"]).drop == 0.2
    assert line_options(Disturbance.parse("noisy")) == line_options(None) == {}
