"""Robot descriptions: nothing left out, nothing misspelt, and the line where it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from helmsight.hardware.errors import InvalidSpec, UnknownRobot
from helmsight.hardware.spec import load_spec, parse_spec, shipped

TEXT = """\
name = "slide"
driver = "grbl"
device = { rate = 3 }

[port]
baud = 115200

[[joint]]
name = "x"
kind = "prismatic"
lower = 0.0
upper = 0.2
speed = 0.05
acceleration = 0.5
axis = [1.0, 0.0, 0.0]

[[joint]]
name = "grip"
kind = "revolute"
lower = -0.5
upper = 1.0
speed = 1.0
acceleration = 5.0
device.id = 7

[workspace]
lower = [0.0, -0.1, -0.1]
upper = [0.2, 0.1, 0.1]

[tool]
kind = "joint"
joint = "grip"
open = 1.0
closed = -0.5
"""


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_description_loads_under_its_name(name: str) -> None:
    spec = load_spec(name)
    assert spec.name == name
    assert len(spec.home) == len(spec.names)
    assert spec.about


@pytest.mark.parametrize(
    ("given", "written", "line", "told"),
    [
        ("upper = 0.2\n", "", 8, "joint.0.upper: missing"),
        ("lower = -0.5", "lower = 1.5", 17, "lower (1.5) must be below upper (1)"),
        ("speed = 0.05", "sped = 0.05", 13, "joint.0.sped: unknown key"),
        ("speed = 0.05\n", "", 8, "joint.0.speed: missing"),
        ("speed = 0.05", "speed = 0.05\nsped = 1", 14, "joint.0.sped: unknown key"),
        ("speed = 0.05", "speed = 0", 13, "greater than 0"),
        ("speed = 0.05", "speed = inf", 13, "less than or equal to 100"),
        ("speed = 0.05", "speed = 1e300", 13, "less than or equal to 100"),
        ("lower = -0.5", "lower = -1e300", 20, "greater than or equal to -1000"),
        ("baud = 115200", "baud = 115200000", 6, "port.baud"),
        ("speed = 0.05", "speed = nan", 13, "joint.0.speed"),
        ("axis = [1.0, 0.0, 0.0]", "axis = [1.0, 1.0, 0.0]", 8, "unit vector"),
        ("baud = 115200", "baud = 'fast'", 6, "port.baud"),
        ('kind = "prismatic"', 'kind = "linear"', 10, "joint.0.kind"),
        ("upper = [0.2, 0.1, 0.1]", "upper = [0.2, -0.2, 0.1]", 26, "workspace"),
        ("closed = -0.5", "closed = -1.5", None, "tool.closed must lie within"),
        ('joint = "grip"', 'joint = "jaw"', None, "'jaw' is no joint"),
        ('name = "grip"', 'name = "x"', None, "two joints have one name"),
        ("[workspace]\n", "[space]\n", 26, "unknown key"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_line(
    given: str, written: str, line: int | None, told: str
) -> None:
    assert given in TEXT
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(TEXT.replace(given, written, 1), "slide.toml")
    message = str(caught.value)
    assert told in message
    assert message.startswith("slide.toml, line " if line else "slide.toml: ")
    if line:
        assert f"line {line}:" in message


def test_a_missing_workspace_is_an_error() -> None:
    with pytest.raises(InvalidSpec, match="workspace: missing"):
        parse_spec(TEXT.replace("[workspace]", "[tool.x]").partition("[tool.x]")[0], "slide.toml")


def test_the_tool_joint_is_not_in_the_chain() -> None:
    spec = parse_spec(TEXT)
    assert spec.chain == (0,)
    assert (spec.tool_target(True), spec.tool_target(False)) == (-0.5, 1.0)


class Rates(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rate: int = 0
    id: int = 0


class Ids(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: int


def test_the_tables_of_a_driver_are_checked_with_line_and_key() -> None:
    spec = parse_spec(TEXT, "slide.toml")
    assert spec.options(Rates).rate == 3
    with pytest.raises(InvalidSpec, match=r"line 8: joint\.0\.device\.id: missing"):
        spec.joint_options(Ids)
    wrong = parse_spec(TEXT.replace("device.id = 7", "device.id = 'a'"), "slide.toml")
    with pytest.raises(InvalidSpec, match=r"line 24: joint\.1\.device\.id"):
        wrong.joint_options(Rates)


def test_a_robot_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownRobot, match="gantry"):
        load_spec("gantri")
    with pytest.raises(UnknownRobot, match=r"none\.toml"):
        load_spec(tmp_path / "none.toml")


def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text('name = "x"\n[joint\n', encoding="utf-8")
    with pytest.raises(InvalidSpec, match="line 2"):
        load_spec(path)
