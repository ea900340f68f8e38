"""The player's camera, which keeps what is set."""

from __future__ import annotations

import pytest

from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.space_center import procedures, scene
from helmsight.envs.orbital.krpc.space_center.camera import CameraMode
from helmsight.envs.orbital.krpc.space_center.scene import MapFilterType


def test_the_camera_keeps_what_is_set_within_its_limits(game, put):
    camera = scene.camera(game)
    assert camera.mode is CameraMode.AUTOMATIC
    assert camera.distance == camera.default_distance
    put(camera, mode=CameraMode.CHASE, pitch=-30.0, heading=270.0, distance=12.5)
    assert (camera.mode, camera.pitch, camera.heading, camera.distance) == (
        CameraMode.CHASE, -30.0, 270.0, 12.5,
    )  # fmt: skip
    put(camera, pitch=1000.0, distance=0.0)
    assert (camera.pitch, camera.distance) == (camera.max_pitch, camera.min_distance)
    put(camera, pitch=-1000.0, distance=1e30)
    assert (camera.pitch, camera.distance) == (camera.min_pitch, camera.max_distance)
    with pytest.raises(ArgumentException, match="NaN"):
        put(camera, heading=float("nan"))


def test_the_map_has_a_camera_of_its_own_with_something_in_the_middle(game, pursuer, put):
    camera = scene.camera(game)
    put(camera, distance=20.0)
    with pytest.raises(InvalidOperationException, match="map"):
        _ = camera.focussed_vessel
    put(camera, mode=CameraMode.MAP)
    assert camera.distance > 60_000.0
    assert camera.focussed_vessel == pursuer
    put(camera, focussed_body=procedures.bodies(game)["Kerbin"])
    assert (camera.focussed_body.name, camera.focussed_vessel, camera.focussed_node) == (
        "Kerbin", None, None,
    )  # fmt: skip
    with pytest.raises(ArgumentNullException):
        put(camera, focussed_vessel=None)
    put(camera, mode=CameraMode.FREE)
    assert camera.distance == 20.0


def test_there_is_nobody_inside_to_look_through(game, put):
    with pytest.raises(InvalidOperationException, match="nobody"):
        put(scene.camera(game), mode=CameraMode.IVA)


def test_a_load_sets_the_screen_back(game, put):
    put(scene.camera(game), mode=CameraMode.ORBITAL)
    scene.set_ui_visible(game, False)
    scene.set_navball(game, False)
    scene.set_map_filter(game, MapFilterType.SHIPS)
    assert (scene.ui_visible(game), scene.navball(game)) == (False, False)
    assert scene.map_filter(game) is MapFilterType.SHIPS
    game.load("pe1_i4_init")
    assert scene.camera(game).mode is CameraMode.AUTOMATIC
    assert (scene.ui_visible(game), scene.navball(game)) == (True, True)
