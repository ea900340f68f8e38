"""Poses by name, news told once, pictures fitted, turns read: the parts of a robot's world."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.robot.eyes import dark, fitted
from helmsight.envs.robot.motion import rotation_vector
from helmsight.envs.robot.news import News
from helmsight.envs.robot.poses import named_poses, read_poses, write_pose
from helmsight.envs.robot.task import roll_pitch_yaw
from helmsight.hardware.spec import load_spec
from helmsight.hardware.supervision.interventions import Intervention, Rule

SPEC = load_spec("so101")


def event(rule: Rule, text: str) -> Intervention:
    return Intervention(0.0, rule, None, None, text)


def test_poses_are_lists_or_tables_beside_home(tmp_path: Path) -> None:
    path = tmp_path / "poses.toml"
    path.write_bytes(
        b"\xef\xbb\xbfrest = [0, 0.1, 0.2, 0.3, 0.4, 0.5]\r\n[look]\r\ngripper = 1\r\n"
    )
    poses = named_poses(SPEC, read_poses(path))
    assert list(poses) == ["home", "rest", "look"]
    assert poses["rest"] == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert poses["look"] == (None, None, None, None, None, 1.0)
    assert poses["home"] == SPEC.home


def test_a_kept_pose_is_read_back_and_changes_nothing_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "poses.toml"
    path.write_text("# mine\n[look]\ngripper = 1\n", encoding="utf-8")
    places = [0.1, -0.2, 0.3, -0.4, 0.5, 0.6]
    assert write_pose(path, "look", SPEC.names, places) == "look-2"
    assert path.read_text(encoding="utf-8").startswith("# mine\n[look]\ngripper = 1\n")
    assert named_poses(SPEC, read_poses(path))["look-2"] == pytest.approx(places)


@pytest.mark.parametrize("name", ["", "a b", "x]", "ä"])
def test_a_name_that_would_not_be_read_back_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidOption, match="letters, digits"):
        write_pose(tmp_path / "poses.toml", name, SPEC.names, [0.0] * 6)
    assert not (tmp_path / "poses.toml").exists()


@pytest.mark.parametrize("text", ["rest = [", "\xff"])
def test_a_file_that_is_none_is_told_with_its_path(tmp_path: Path, text: str) -> None:
    path = tmp_path / "poses.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidOption, match=r"poses\.toml"):
        read_poses(path)


@pytest.mark.parametrize("place", [True, "0.1", math.inf, 9.0])
def test_a_place_that_is_none_is_told_with_its_joint(place: object) -> None:
    with pytest.raises(InvalidOption, match="elbow_flex"):
        named_poses(SPEC, {"bad": {"elbow_flex": place}})


def test_news_that_differ_in_numbers_only_are_told_once() -> None:
    news = News()
    for way in (0.3, 0.25, -1e-3):
        news.heard(event(Rule.joint_limit, f"elbow was to go to {way:g} rad"))
    news.heard(event(Rule.joint_limit, "wrist was to go to 1 rad"))
    news.add("wrist was to go to 1 rad")  # the supervisor told it already
    assert news.take() == ("elbow was to go to 0.3 rad (3 times)", "wrist was to go to 1 rad")
    assert news.take() == ()
    assert news.count == 2


def test_what_the_world_says_itself_is_no_intervention() -> None:
    news = News()
    news.say("the 0 s are over: no look")
    news.add("nobody answers")
    news.heard(event(Rule.joint_limit, "elbow was to go to 1 rad"))
    assert len(news.take()) == 3
    assert news.count == 1


def test_steps_of_a_long_way_and_holds_of_a_robot_at_rest_are_no_news() -> None:
    news = News()
    news.heard(event(Rule.watchdog, "held at rest"))
    news.resting, news.stepwise = False, True
    news.heard(event(Rule.step, "too far for one step"))
    news.heard(event(Rule.watchdog, "held on its way"))
    news.heard(event(Rule.workspace, "out of the box"))
    assert news.take() == ("held on its way", "out of the box")


def test_pictures_keep_their_shape_and_are_edged_with_dark() -> None:
    wide = np.full((20, 80, 3), 200, np.uint8)
    whole = fitted(wide, (40, 40))
    assert whole.shape == (40, 40, 3)
    assert (whole[15:25] == 200).all()
    assert not whole[:14].any()
    assert fitted(wide, (80, 20)) is wide
    assert fitted(wide, (160, 40)).shape == (40, 160, 3)
    assert dark((64, 48)).shape == (48, 64, 3)


@pytest.mark.parametrize("angles", [(0.3, -0.4, 1.0), (0.0, math.pi / 2, 0.0), (-3.0, 0.1, 2.0)])
def test_turns_are_read_as_urdf_writes_them(angles: tuple[float, float, float]) -> None:
    def about(axis: int, angle: float) -> np.ndarray:
        turned = np.eye(3)
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        turned[i, i] = turned[j, j] = math.cos(angle)
        turned[i, j], turned[j, i] = -math.sin(angle), math.sin(angle)
        return turned

    roll, pitch, yaw = angles
    R = about(2, yaw) @ about(1, pitch) @ about(0, roll)
    back = roll_pitch_yaw(R)
    again = about(2, back[2]) @ about(1, back[1]) @ about(0, back[0])
    assert again == pytest.approx(R, abs=1e-9)
    assert rotation_vector(about(1, 0.7)) == pytest.approx([0.0, 0.7, 0.0])
    assert rotation_vector(np.eye(3)) == pytest.approx([0.0, 0.0, 0.0])
