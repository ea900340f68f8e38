"""The service's procedures: loads, targets, saves, pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from helmsight.envs.orbital.krpc.errors import ArgumentException, InvalidOperationException
from helmsight.envs.orbital.krpc.space_center import procedures
from helmsight.envs.orbital.krpc.space_center.sas import SASMode
from helmsight.envs.orbital.saves import find_save, save_names


@pytest.mark.parametrize("name", save_names())
def test_every_public_save_loads_with_exactly_its_vessels_in_its_order(game, name):
    procedures.load(game, name)
    vessels = procedures.vessels(game)
    save = find_save(name)
    assert tuple(vessel.name for vessel in vessels) == save.names
    assert len(vessels) == (3 if name.startswith("lbg1") else 2)
    assert procedures.active_vessel(game) == vessels[0]
    assert procedures.target_vessel(game) is None
    assert procedures.ut(game) == save.ut
    frame = procedures.bodies(game)["Kerbin"].non_rotating_reference_frame
    for vessel, position in zip(vessels, save.position, strict=True):
        assert vessel.position(frame) == pytest.approx(tuple(position[[0, 2, 1]]))


def test_there_are_eleven_public_saves():
    assert len(save_names()) == 11


def test_a_save_that_is_not_there_is_refused_with_the_nearest_and_nothing_is_lost(game, pursuer):
    with pytest.raises(ArgumentException, match="pe1_i3_init"):
        procedures.load(game, "pe1_i3")
    assert pursuer.met == game.ut


def test_targets_are_vessels_bodies_or_nothing(game, vessels):
    evader, pursuer = vessels
    procedures.set_active_vessel(game, pursuer)
    procedures.set_target_vessel(game, evader)
    assert procedures.target_vessel(game) == evader
    mun = procedures.bodies(game)["Mun"]
    procedures.set_target_body(game, mun)
    assert procedures.target_body(game) == mun
    assert procedures.target_vessel(game) is None
    procedures.set_target_vessel(game, evader)
    assert procedures.target_body(game) is None
    procedures.clear_target(game)
    assert procedures.target_vessel(game) is procedures.target_body(game) is None


def test_each_vessel_keeps_its_own_target(game, vessels):
    evader, pursuer = vessels
    procedures.set_target_vessel(game, pursuer)
    procedures.set_active_vessel(game, pursuer)
    assert procedures.target_vessel(game) is None
    procedures.set_active_vessel(game, evader)
    assert procedures.target_vessel(game) == pursuer


def test_a_vessel_is_not_its_own_target(game, vessels):
    with pytest.raises(InvalidOperationException, match="its own target"):
        procedures.set_target_vessel(game, vessels[0])


def test_quickload_brings_back_the_state_but_not_the_hands_on_the_stick(game, pursuer, put):
    with pytest.raises(InvalidOperationException, match="no quicksave"):
        procedures.quickload(game)
    put(pursuer.control, sas=True, sas_mode=SASMode.TARGET, rcs=True, forward=1.0, lights=True)
    game.step(2.0)
    procedures.quicksave(game)
    ut, mass, place = game.ut, pursuer.mass, game.fleet.position.copy()
    game.step(3.0)
    put(pursuer.control, lights=False)
    assert pursuer.mass < mass
    procedures.quickload(game)
    assert (game.ut, pursuer.mass) == (ut, mass)
    np.testing.assert_array_equal(game.fleet.position, place)
    control = pursuer.control
    assert [control.sas, control.rcs, control.lights] == [True] * 3
    assert control.sas_mode is SASMode.TARGET
    assert control.forward == 0.0
    assert procedures.active_vessel(game) == pursuer


def test_a_game_saved_under_a_name_is_loaded_by_it_again_and_again(game, pursuer):
    procedures.save(game, "before the burn")
    for _ in range(2):
        game.step(1.0)
        procedures.load(game, "before the burn")
        assert game.ut == pytest.approx(0.06)


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", "a\\b", "nul\0", "x" * 201])
def test_a_save_has_a_files_name(game, name):
    with pytest.raises(ArgumentException, match="name"):
        procedures.save(game, name)


def test_saves_have_an_end(game):
    for number in range(200):
        game.save(f"save {number}")
    with pytest.raises(ArgumentException, match="200 saves"):
        procedures.save(game, "one more")
    procedures.save(game, "save 7")


def test_nothing_is_launched_or_reverted(game):
    assert not procedures.can_revert_to_launch(game)
    for use in (procedures.revert_to_launch, lambda g: procedures.launchable_vessels(g, "VAB")):
        with pytest.raises(InvalidOperationException, match=r"SpaceCenter\.Load"):
            use(game)


def test_a_rotation_of_no_length_cannot_be_transformed(game, pursuer):
    frame = pursuer.reference_frame
    with pytest.raises(ArgumentException, match="no rotation"):
        procedures.transform_rotation(game, (0.0, 0.0, 0.0, 0.0), frame, frame)


def shoot(game, path, **options):
    """Run a Screenshot to its end."""
    for _ in procedures.screenshot(game, str(path), **options):
        pass


@pytest.mark.slow
def test_a_screenshot_is_the_cockpit_picture_as_a_png_file(game, pursuer, tmp_path):
    path = tmp_path / "shot.png"
    shoot(game, path)
    assert cv2.imread(str(path)).shape == (720, 1280, 3)
    shoot(game, path, scale=2)  # replaces it
    assert cv2.imread(str(path)).shape == (1440, 2560, 3)


def test_a_screenshot_writes_nothing_but_png_files_into_folders_that_exist(game, tmp_path):
    notes = tmp_path / "notes.png"
    notes.write_text("no picture")
    for path in (tmp_path / "shot.jpg", tmp_path / "none" / "shot.png", notes):
        with pytest.raises((ArgumentException, InvalidOperationException), match=path.name):
            shoot(game, path)
    assert notes.read_text() == "no picture"
    with pytest.raises(ArgumentException, match="1 to 4"):
        shoot(game, tmp_path / "shot.png", scale=9)
