from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from helmsight.envs.orbital.cockpit.drawn import drawn_state
from helmsight.envs.orbital.sights import marker_relations
from helmsight.evals.spatial import cockpit
from helmsight.evals.spatial.bodies import (
    COLOURS,
    HELD_OUT,
    NAMES,
    REACH,
    SHAPES,
    ConvexBody,
    block,
    body,
)
from helmsight.evals.spatial.drawing import Light, PinholeCamera, draw
from helmsight.evals.spatial.generator import Split, ask
from helmsight.evals.spatial.scenes import BANDS, EDGE, HELD_OUT_LAYOUTS, LAYOUTS, SEEN, scene
from helmsight.prompts.constraints import check
from helmsight.prompts.relations import Axis

LOOK = PinholeCamera(
    np.array([0.0, -8.0, 1.5]), np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), 1.2
)
LIGHT = Light(np.array([0.0, 0, 1]), ((90, 90, 90), (90, 90, 90)), ((0, 0, 0), (0, 0, 0)), 0.0)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def where(picture: np.ndarray, colour: str) -> np.ndarray:
    """Return the middle (right, down) of the pixels whose hue is that of `colour`, in sides."""
    wanted = np.array(COLOURS[colour], float)
    pixels = picture.astype(float)
    cosine = (pixels @ wanted) / (np.linalg.norm(pixels, axis=2) + 1e-9) / np.linalg.norm(wanted)
    rows, columns = np.nonzero(cosine > 0.99)
    return np.array([columns.mean(), rows.mean()]) / len(picture) - 0.5


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_drawn_where_the_camera_sees_its_centre(shape):
    centre = np.array([0.9, 1.0, 1.2])
    picture, seen, _ = draw(LOOK, [[body(f"red {shape}", centre, 0.6, 0.7)]], LIGHT, 128, rng())
    assert seen.tolist() == [1.0]
    assert where(picture, "red") == pytest.approx(LOOK.seen(centre[None])[0, :2], abs=0.03)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_stays_within_its_reach_and_stands_on_its_half_height(shape):
    made = body(f"red {shape}", np.zeros(3), 1.0, 0.3)
    ways = rng().standard_normal((4000, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    if made.planes is None:
        low = -made.radius
    else:
        facing = ways @ made.planes[:, :3].T
        reach = np.where(facing > 1e-9, made.planes[:, 3] / np.maximum(facing, 1e-9), np.inf)
        points = ways * reach.min(axis=1, keepdims=True)
        assert np.linalg.norm(points, axis=1).max() <= REACH
        low = points[:, 2].min()
    assert low == pytest.approx(-SHAPES[shape].half, abs=0.06)


def test_the_nearer_thing_covers_the_farther_one_whichever_is_drawn_first():
    near = body("red cube", np.array([0.0, -2.0, 1.5]), 0.6, 0.0)
    far = body("blue ball", np.array([0.0, 2.0, 1.5]), 0.6, 0.0)
    first, shares, _ = draw(LOOK, [[near], [far]], LIGHT, 96, rng())
    second, again, _ = draw(LOOK, [[far], [near]], LIGHT, 96, rng())
    assert np.array_equal(first, second)
    assert shares.tolist() == again[::-1].tolist()
    assert shares[0] == 1.0
    assert shares[1] < 0.1


def test_a_box_through_the_drawing_has_the_outline_that_projecting_its_corners_gives():
    turn = 0.4
    box = body("green cube", np.array([0.3, 0.5, 1.0]), 0.8, turn)
    picture, *_ = draw(LOOK, [[box]], LIGHT, 200, rng())
    half = 0.75 * 0.8
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    c, s = np.cos(turn), np.sin(turn)
    corners = corners @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + box.centre
    spots = (LOOK.seen(corners)[:, :2] + 0.5) * 200
    mask = np.zeros((200, 200), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(spots).astype(np.int32)), 255)
    bare, *_ = draw(LOOK, [], LIGHT, 200, rng())
    shadowless = picture[..., 1] > picture[..., 0].astype(int) + 20
    assert np.mean(shadowless != (mask > 0)) < 0.02
    assert not (bare[..., 1] > bare[..., 0].astype(int) + 20).any()


def test_what_is_behind_the_camera_is_not_drawn():
    behind = ConvexBody(np.array([0.0, -12.0, 1.5]), (255, 0, 0), 0.5, radius=0.5)
    picture, seen, _ = draw(LOOK, [[behind]], LIGHT, 64, rng())
    assert seen.tolist() == [0.0]
    assert np.isnan(LOOK.seen(behind.centre[None])[0, 0])
    assert (picture[..., 0] == picture[..., 1]).all()


def test_a_box_is_the_points_within_its_sides():
    planes = block(1.0, 2.0, 3.0)
    inside = np.array([0.9, -1.9, 2.9])
    assert (planes[:, :3] @ inside <= planes[:, 3]).all()
    assert not (planes[:, :3] @ (inside * 1.2) <= planes[:, 3]).all()


@pytest.mark.parametrize("held_out", [False, True])
def test_a_scene_keeps_to_its_split_and_shows_all_of_its_things(held_out):
    draws = rng(7)
    counts = set()
    for _ in range(40):
        placed = scene(draws, held_out=held_out)
        names = placed.truth.names
        counts.add(len(names))
        kept = [name for name in names if name in HELD_OUT]
        assert (len(kept) >= 2) if held_out else not kept
        assert placed.layout in (HELD_OUT_LAYOUTS if held_out else LAYOUTS)
        assert len(set(names)) == len(names)
        assert np.abs(placed.truth.places[:, :2] * BANDS[:2]).max() <= EDGE
    assert counts == {2, 3, 4, 5, 6}


def test_things_huddle_in_pictures_to_learn_from_alone():
    seen = {
        split: {
            ask(split, 4, number, size=48).picture.details.get("layout") for number in range(30)
        }
        for split in Split
    }
    assert seen[Split.TRAIN] == {*LAYOUTS, "huddle", None}  # of a cockpit it is not told
    assert seen[Split.VALID] == {*LAYOUTS, None}
    assert seen[Split.TEST] == {*HELD_OUT_LAYOUTS, None}


@pytest.mark.slow
def test_half_of_the_cameras_are_rolled_and_all_are_upright_frames():
    draws = rng(3)
    scenes = [scene(draws, held_out=False) for _ in range(60)]
    rolled = sum(abs(placed.tilt[0]) > 0.1 for placed in scenes)
    assert 15 < rolled < 45
    for placed in scenes:
        assert placed.camera.axes @ placed.camera.axes.T == pytest.approx(np.eye(3), abs=1e-12)
        assert np.linalg.det(placed.camera.axes) == pytest.approx(1.0)
        if placed.tilt[0] == 0:  # level: the horizon is
            assert placed.camera.axes[0, 2] == pytest.approx(0.0, abs=1e-12)


def test_the_held_out_names_leave_every_colour_and_every_shape_to_training():
    common = [name.split() for name in NAMES if name not in HELD_OUT]
    assert {colour for colour, _ in common} == set(COLOURS)
    assert {shape for _, shape in common} == set(SHAPES)
    assert 10 <= len(HELD_OUT) <= 16


def test_in_a_picture_every_thing_can_be_seen_and_the_same_seed_draws_the_same():
    drawn: list[Any] = []
    for _ in range(2):
        draws = rng(11)
        picture = None
        while picture is None:
            picture = scene(draws, held_out=False).drawn(96, draws)
        drawn.append(picture)
    assert np.array_equal(drawn[0].image, drawn[1].image)
    assert drawn[0].image.shape == (96, 96, 3)
    assert min(drawn[0].details["seen"].values()) >= SEEN


def test_the_relations_of_a_scene_never_contradict_each_other():
    draws = rng(5)
    for _ in range(20):
        claims = list(scene(draws, held_out=False).truth.claims())
        assert check(claims).consistent


@pytest.mark.slow
def test_the_navball_says_what_the_twin_says_of_its_markers():
    draws = rng(9)
    signs = set()
    for _ in range(300):
        shown = drawn_state(draws)
        truth = cockpit.truth(shown)
        for a, b, axis, sign in marker_relations(shown):
            assert truth.sign(a, b, Axis(axis)) == sign
            signs.add((axis, sign))
        assert len(truth.names) == 3
    assert signs == {(a, s) for a in ("horizontal", "vertical") for s in (-1, 0, 1)} | {
        ("depth", 0)
    }


def test_a_navball_picture_is_the_region_that_a_pilot_sees_enlarged():
    shown = drawn_state(rng(1))
    close = cockpit.drawn(shown, rng(2))
    whole = cockpit.drawn(shown, rng(2), whole=True)
    x0, y0, x1, y1 = whole.regions["navball"]
    assert np.array_equal(close.image, whole.image[y0:y1, x0:x1])
    assert whole.image.shape == (720, 1280, 3)
    assert cockpit.drawn(shown, rng(2), 100).image.shape == (100, 100, 3)
