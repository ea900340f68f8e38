"""Descriptions out of URDF files: the same frames as MuJoCo's, and nothing guessed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.hardware.describing import MARK, Given, describe
from helmsight.hardware.errors import InvalidSpec, UnknownRobot
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.spec import RobotSpec, load_spec, parse_spec
from helmsight.hardware.urdf import read_urdf

QUARTER = "1.5708"
# name, xyz, rpy, lower, upper: the numbers of the SO-101's public URDF (zeros in the middle of the
# ranges but for wrist_roll's), without meshes
SO101 = (
    ("shoulder_pan", "0.0388353 0 0.0624", "3.14159 0 -3.14159", -1.91986, 1.91986),
    ("shoulder_lift", "-0.0303992 -0.0182778 -0.0542", f"-{QUARTER} -{QUARTER} 0", -1.74533,
     1.74533),
    ("elbow_flex", "-0.11257 -0.028 0", f"0 0 {QUARTER}", -1.69, 1.69),
    ("wrist_flex", "-0.1349 0.0052 0", f"0 0 -{QUARTER}", -1.65806, 1.65806),
    ("wrist_roll", "0 -0.0611 0.0181", f"{QUARTER} 0.0486795 3.14159", -2.74385, 2.84121),
    ("gripper", "0.0202 0.0188 -0.0234", f"{QUARTER} 0 0", -0.174533, 1.74533),
)  # fmt: skip
TOOL = '<origin xyz="-0.0079 -0.000218121 -0.0981274" rpy="0 3.14159 0"/>'
ALL = Given(
    baud=1_000_000, speed=1.0, acceleration=10.0, ids=(1, 2, 3, 4, 5, 6),
    lower=(-1.0, -1.0, -1.0), upper=(1.0, 1.0, 1.0), open=1.2, closed=-0.17,
)  # fmt: skip


def joint(name: str, parent: str, child: str, inside: str, kind: str = "revolute") -> str:
    """Return a joint's element."""
    ends = f'<parent link="{parent}"/><child link="{child}"/>'
    return f'<joint name="{name}" type="{kind}">{ends}{inside}</joint>'


def so101(change: tuple[str, str] = ("", "")) -> str:
    """Return a URDF of the SO-101, its links as boxes, with something else in it."""
    parts = ['<link name="base"/>', '<link name="tool"/>']
    for index, (name, xyz, rpy, lower, upper) in enumerate(SO101):
        parent = "base" if index == 0 else SO101[index - 1][0]
        parts.append(f'<link name="{name}"><visual><geometry><mesh filename="none.stl"/></geometry>'
                     '</visual></link>')  # fmt: skip
        inside = (
            f'<origin xyz="{xyz}" rpy="{rpy}"/><axis xyz="0 0 1"/>'
            f'<limit effort="10" velocity="10" lower="{lower}" upper="{upper}"/>'
        )
        parts.append(joint(f"{name}", parent, name, inside))
    parts.append(joint("tool_fixed", "wrist_roll", "tool", TOOL, "fixed"))
    text = f'<robot name="so101_facts">{"".join(parts)}</robot>'
    assert change[0] in text
    return text.replace(*change, 1)


def described(tmp_path: Path, text: str, tool: str | None, **how: Any) -> RobotSpec:
    """Return the description of a URDF, everything given."""
    path = tmp_path / "arm.urdf"
    path.write_text(text, encoding="utf-8")
    arm = read_urdf(path, tool, how.pop("centred", False))
    made = describe(arm, "feetech", None, how.pop("given", ALL), path.name)
    assert made.missing == ()
    return parse_spec(made.text)


def mujoco_of(text: str, tool: str) -> tuple[mujoco.MjModel, mujoco.MjData, int]:
    """Return MuJoCo's own model of a URDF without meshes, and the tool's body."""
    bare = text.replace('<visual><geometry><mesh filename="none.stl"/></geometry></visual>', "")
    compiler = '<compiler fusestatic="false" boundmass="0.1" boundinertia="0.001"/>'
    model = mujoco.MjModel.from_xml_string(
        bare.replace("</robot>", f"<mujoco>{compiler}</mujoco></robot>")
    )
    return model, mujoco.MjData(model), model.body(tool).id


@pytest.mark.parametrize("centred", [False, True])
def test_frames_are_mujoco_s_on_the_same_urdf_at_200_poses(tmp_path: Path, centred: bool) -> None:
    spec = described(tmp_path, so101(), "tool", centred=centred)
    model, data, tool = mujoco_of(so101(), "tool")
    kinematics, random = Kinematics(spec), np.random.default_rng(14)
    middles = [(low + high) / 2 if centred else 0.0 for *_, low, high in SO101[:5]]
    worst = 0.0
    for _ in range(200):
        q = [random.uniform(j.lower, j.upper) for j in spec.joint]
        for j, value, middle in zip(spec.joint[:5], q, middles, strict=False):
            data.qpos[model.joint(j.name).qposadr[0]] = value + middle
        mujoco.mj_kinematics(model, data)
        point, _ = kinematics.pose(q)
        worst = max(worst, float(np.abs(point - data.xpos[tool]).max()))
    assert worst < 2e-5  # m: the URDF writes quarter turns with four decimals


def test_the_shipped_so101_is_what_describe_makes_of_it(tmp_path: Path) -> None:
    made = described(tmp_path, so101(), "tool", centred=True)
    shipped = load_spec("so101")
    for mine, theirs in zip(made.joint, shipped.joint, strict=True):
        assert (mine.name, mine.lower, mine.upper) == (theirs.name, theirs.lower, theirs.upper)
        for key in ("origin", "rpy", "axis"):
            assert getattr(mine, key) == pytest.approx(getattr(theirs, key), abs=1e-6)
    assert (made.tool.kind, made.tool.joint) == ("joint", "gripper")
    assert made.tool.offset == shipped.tool.offset
    roll = shipped.joint[4]
    assert (roll.lower, roll.upper) == (-2.79253, 2.79253)
    assert shipped.device["calibration"] == made.device["calibration"] == "servos"


def test_the_zero_of_a_gripper_stays_where_it_is(tmp_path: Path) -> None:
    spec = described(tmp_path, so101(), "tool", centred=True)
    assert (spec.joint[5].lower, spec.joint[5].upper) == (-0.174533, 1.74533)


def test_what_a_urdf_does_not_say_is_left_for_a_person(tmp_path: Path) -> None:
    path = tmp_path / "arm.urdf"
    path.write_text(so101(), encoding="utf-8")
    made = describe(read_urdf(path, "tool"), "feetech", "mine", Given(), path.name)
    assert {"port.baud", "gripper.speed", "elbow_flex.device", "workspace.lower", "tool.closed"} < {
        *made.missing
    }
    assert made.text.count(MARK) == len(made.missing) == 1 + 3 * 6 + 2 + 2
    assert any("10 rad/s, is none that" in note for note in made.notes)
    with pytest.raises(InvalidSpec, match="missing; limits and lines are never guessed"):
        parse_spec(made.text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((' lower="-1.69" upper="1.69"', ""), r"joint elbow_flex: limit\.lower: missing; .*rad"),
        ((' upper="1.69"', ""), r"joint elbow_flex: limit\.upper: missing"),
        (('lower="-1.69"', 'lower="1.7"'), r"limit\.lower 1\.7 must be below limit\.upper 1\.69"),
        (('lower="-1.69"', 'lower="nan"'), r"elbow_flex: limit\.lower: 'nan'; expected a finite"),
        (('lower="-1.69"', 'lower="much"'), r"limit\.lower: 'much'"),
        (('lower="-1.69" upper="1.69"', 'lower="-1e+16" upper="1e+16"'),
         r"elbow_flex: limit\.lower: -1e\+16; expected an end stop, at most 12\.57 rad away"),
        (('name="elbow_flex" type', 'name="wrist_flex" type'), "'wrist_flex': .* each .* once"),
        (('name="elbow_flex" type="revolute"', 'name="elbow_flex" type="continuous"'),
         r"joint elbow_flex: type 'continuous'; expected revolute or prismatic"),
        (('<child link="elbow_flex"/>', ""), r"joint elbow_flex: child: missing"),
        (("<robot", "<model"), "not XML"),
        (('<parent link="elbow_flex"/>', '<parent link="nowhere"/>'), r"arm\.urdf: "),
        (('<parent link="shoulder_pan"/>', '<parent link="wrist_flex"/>'), r"arm\.urdf: "),
        (('<parent link="wrist_roll"/><child link="gripper"/>',
          '<parent link="elbow_flex"/><child link="gripper"/>'), "gripper beside .*one chain"),
    ],
)  # fmt: skip
def test_a_urdf_that_says_too_little_names_file_joint_and_key(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(InvalidSpec, match=told) as refused:
        described(tmp_path, so101(change), "tool")
    assert "arm.urdf" in str(refused.value)


@pytest.mark.parametrize("ids", [(1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 5)])
def test_each_joint_has_a_servo_of_its_own(tmp_path: Path, ids: tuple[int, ...]) -> None:
    with pytest.raises(InvalidSpec, match=r"3, 4, 5.* another one for each joint"):
        described(tmp_path, so101(), "tool", given=replace(ALL, ids=ids))


@pytest.mark.parametrize(
    ("tool", "told"),
    [(None, r"ends in tool, gripper: .*--tool-frame"), ("jaw", "no link 'jaw'; there are base")],
)
def test_a_tool_frame_is_never_guessed(tmp_path: Path, tool: str | None, told: str) -> None:
    with pytest.raises(InvalidSpec, match=told):
        described(tmp_path, so101(), tool)


XACRO = '<robot xmlns:x="http://www.ros.org/wiki/xacro"><x:include filename="a"/></robot>'


@pytest.mark.parametrize("text", ["", "nothing", "<sdf/>", XACRO, "<robot/>"])
def test_what_is_no_urdf_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidSpec, match=r"arm\.urdf: .*(XML|URDF|xacro|no link)"):
        described(tmp_path, text, None)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSpec, match=r"none\.urdf cannot be read"):
        read_urdf(tmp_path / "none.urdf")


def test_a_driver_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "arm.urdf"
    path.write_text(so101(), encoding="utf-8")
    with pytest.raises(UnknownRobot, match=r"no driver 'fetech'.*feetech"):
        describe(read_urdf(path, "tool"), "fetech", None, ALL, path.name)


def test_a_finger_that_follows_another_is_left_out(tmp_path: Path) -> None:
    mimic = '<limit lower="-1" upper="1"/><mimic joint="gripper"/>'
    more = '<link name="finger"/>' + joint("follower", "wrist_roll", "finger", mimic)
    text = so101(("</robot>", more + "</robot>"))
    path = tmp_path / "arm.urdf"
    path.write_text(text, encoding="utf-8")
    arm = read_urdf(path, "tool")
    assert arm.left_out == ("follower",)
    notes = describe(arm, "feetech", None, ALL, path.name).notes
    assert notes == ("follower follows another joint and was left out",)


numbers = st.floats(-0.5, 0.5).map(lambda value: round(value, 6))
angles = st.floats(-math.pi, math.pi).map(lambda value: round(value, 6)) | st.sampled_from(
    [0.0, 1.5708, -1.5708, 3.14159, math.pi / 2]
)
triples = st.tuples(numbers, numbers, numbers)
axes = triples.filter(lambda axis: math.hypot(*axis) > 0.05)
links = st.tuples(
    triples, st.tuples(angles, angles, angles), axes, st.sampled_from(["revolute", "prismatic"]),
    st.floats(-2.0, -0.1), st.floats(0.1, 2.0),
)  # fmt: skip


def written(values: tuple[float, ...]) -> str:
    """Return numbers as an attribute of a URDF."""
    return " ".join(f"{value:.9g}" for value in values)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    chain=st.lists(links, min_size=1, max_size=6),
    shares=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    centred=st.booleans(),
)
def test_any_chain_keeps_its_frames(
    tmp_path_factory: pytest.TempPathFactory,
    chain: list[tuple[Any, ...]],
    shares: list[float],
    centred: bool,
) -> None:
    parts = ['<link name="l0"/>']
    for index, (xyz, rpy, axis, kind, lower, upper) in enumerate(chain):
        inside = (
            f'<origin xyz="{written(xyz)}" rpy="{written(rpy)}"/><axis xyz="{written(axis)}"/>'
            f'<limit lower="{lower}" upper="{upper}" velocity="1"/>'
        )
        parts.append(f'<link name="l{index + 1}"/>')
        parts.append(joint(f"j{index}", f"l{index}", f"l{index + 1}", inside, kind))
    text = f'<robot name="chain">{"".join(parts)}</robot>'
    path = tmp_path_factory.getbasetemp() / "arm.urdf"
    path.write_text(text, encoding="utf-8")
    arm = read_urdf(path, centred=centred)
    everything = Given(baud=9600, acceleration=1.0, lower=(-9, -9, -9), upper=(9, 9, 9))
    spec = parse_spec(describe(arm, "grbl", None, everything, path.name).text)
    model, data, tool = mujoco_of(text, f"l{len(chain)}")
    q = []
    for index, (*_, lower, upper) in enumerate(chain):
        value = lower + shares[index] * (upper - lower)
        middle = (lower + upper) / 2 if centred else 0.0
        q.append(value - middle)
        data.qpos[model.joint(f"j{index}").qposadr[0]] = value
        assert spec.joint[index].lower == pytest.approx(lower - middle, abs=1e-6)
    mujoco.mj_kinematics(model, data)
    point, turned = Kinematics(spec).pose(q)
    reach = 1.0 + sum(math.hypot(*xyz) for xyz, *_ in chain) + 2.0 * len(chain)
    assert point == pytest.approx(data.xpos[tool], abs=5e-5 * reach)
    assert turned == pytest.approx(data.xmat[tool].reshape(3, 3), abs=1e-4)
