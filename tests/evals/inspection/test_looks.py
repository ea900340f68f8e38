"""Looks out of records: which picture counts, what was in it, where the camera stood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helmsight.envs.inspection.cell import START, Cell
from helmsight.evals.inspection.looks import looks_of, places_of
from helmsight.tools.player import load_run


def test_a_look_is_the_first_usable_picture_after_it_was_asked_for(whole: Path) -> None:
    looks = looks_of(load_run(whole).records, "so101")
    assert [look.number for look in looks] == [0, 1, 2, 3]
    assert [look.view for look in looks] == [
        "",
        "dish: bowl",
        "panel A: cells",
        "mast: mast, closer",
    ]
    assert [look.asked_at for look in looks] == [None, 0, 1, 4]
    assert [look.step for look in looks] == [0, 1, 3, 5]  # step 2 showed a dark picture
    assert all(look.usable for look in looks)


def test_a_look_whose_pictures_were_all_refused_is_kept_and_said_to_be_unusable(story: Any) -> None:
    told = story()
    told.look("dish: bowl")
    told.blind()
    told.blind()
    looks = looks_of(load_run(told.end("error: CameraUnavailable: gone")).records, "so101")
    assert [(look.number, look.step, look.usable) for look in looks] == [
        (0, 0, True),
        (1, 1, False),
    ]


def test_only_what_is_in_the_picture_is_in_the_look(whole: Path) -> None:
    first = looks_of(load_run(whole).records, "so101")[1]
    assert set(first.sites) == {"dish: bowl", "mast: mast", "connector: plug"}
    assert first.sites["connector: plug"].share == 0.3
    assert first.best_of("dish") == "dish: bowl"
    assert first.best_of("foil") is None


@pytest.mark.slow
def test_the_camera_stands_where_the_cell_has_it(story: Any) -> None:
    places = places_of("so101")
    assert places is not None
    with Cell(0) as cell:
        pose = cell.camera_pose()
    assert places.eye(START).at == pytest.approx(pose.at, abs=1e-6)
    assert places.eye(START).rotation == pytest.approx(pose.rotation, abs=1e-6)
    told = story()
    told.look("dish: bowl")
    start = looks_of(load_run(told.end("steps")).records, "so101")[0]
    assert start.eye == pytest.approx(tuple(pose.at), abs=1e-6)


def test_without_the_robots_description_looks_have_no_places(whole: Path) -> None:
    looks = looks_of(load_run(whole).records, "a robot that nobody described")
    assert len(looks) == 4
    assert {look.eye for look in looks} == {None}
