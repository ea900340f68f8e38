"""Scenarios in files: what they mean, what of them is refused, and that they are flown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import ScenarioBroken
from helmsight.envs.orbital.described import LOWEST, described, json_schema, read_description
from helmsight.envs.orbital.dynamics import MU, RADIUS, norm, orbital_axes
from helmsight.envs.orbital.env import DescribedEnv
from helmsight.envs.orbital.scenarios import SCENARIOS

DOCS = Path(__file__).parents[3] / "docs"
TRIO: dict[str, Any] = {
    "name": "over-the-top",
    "family": "LBG1",
    "bot": "LG1",
    "met": 2.0,
    "vessels": {
        "lady": {"orbit": {"sma": 750_000, "mna": 160.0}},
        "bandit": {"beside": "lady", "position": [0, -2500, 300], "velocity": [1.0, 2.0, 0.0]},
        "guard": {"beside": "lady", "position": [0, -600, 0]},
    },
}


def changed(path: str, value: Any = None, *, gone: bool = False) -> dict[str, Any]:
    """Return TRIO with one field set, or without it."""
    data = json.loads(json.dumps(TRIO))
    *way, last = path.split(".")
    place = data
    for part in way:
        place = place[part]
    if gone:
        del place[last]
    else:
        place[last] = value
    return data


def test_vessels_begin_where_the_file_says():
    scenario = described(TRIO, "test")
    position, velocity = scenario.initial_state()
    assert norm(position[0]) == pytest.approx(750_000.0)
    assert norm(velocity[0]) == pytest.approx(np.sqrt(MU / 750_000.0))
    axes = orbital_axes(position[0], velocity[0])
    np.testing.assert_allclose(axes @ (position[1] - position[0]), [0.0, -2500.0, 300.0], atol=1e-6)
    # the axes turn: who rests in them moves with them
    turning = np.array([0.0, 0.0, np.sqrt(MU / 750_000.0**3)])
    seen = axes @ (velocity[2] - velocity[0]) - np.cross(turning, [0.0, -600.0, 0.0])
    np.testing.assert_allclose(seen, 0.0, atol=1e-9)
    moved = scenario.initial_state(4)[0]
    assert 0.0 < norm(moved[1] - position[1]) < 300.0
    np.testing.assert_array_equal(moved[[0, 2]], position[[0, 2]])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed("bot", "LG7"), r"bot='LG7': LBG1 has LG0, LG1, LG2, PN"),
        (changed("family", "PE2"), r"family='PE2'.*'PE1', 'LBG1' or 'SB1'"),
        (changed("vessels.guard", gone=True), r"vessels\.guard: is missing.*lady, bandit, guard"),
        (changed("vessels.evader", {"position": [1, 2, 3]}), r"vessels\.evader: LBG1 has no such"),
        (changed("vessels.lady.orbit.sma", 500_000), r"lady\.orbit: lies 100,000 m below the surf"),
        (
            changed("vessels.lady.orbit.ecc", 0.3),
            r"lady\.orbit: the orbit comes down to 75,000 m b",
        ),
        (changed("vessels.lady.orbit.ecc", 1.0), r"lady\.orbit\.ecc=1\.0: .*less than 1"),
        (changed("vessels.lady.orbit.smb", 1), r"orbit\.smb: no such field.*sma"),
        (changed("vessels.lady.orbit.sma", float("nan")), r"sma=nan"),
        (changed("vessels.bandit.beside", "guard"), r"bandit\.beside='guard': allowed here: lady"),
        (changed("vessels.bandit.position", [0, 3, 0]), r"bandit: begins 3 m from the lady"),
        (changed("vessels.bandit.velocity", [0, 3000, 0]), r"bandit\.position: leaves Kerbin"),
        (changed("vessels.bandit.position", [0, 3]), r"vessels\.bandit\.position\.2: is missing"),
        (changed("vessels.bandit", {}), r"vessels\.bandit.*give either orbit, or position"),
        (changed("met", -1.0), r"met=-1\.0: .*greater than or equal to 0"),
        (changed("name", gone=True), r"name: is missing"),
        ([1, 2], r"a mapping of fields: name, family, bot, met, vessels"),
    ],
)
def test_what_cannot_be_flown_is_named_with_its_value_and_what_is_allowed(data, words):
    with pytest.raises(ScenarioBroken, match=words):
        described(data, "mine.yaml")


@settings(max_examples=20, deadline=None)
@given(
    height=st.floats(-6e5, 5e6),
    ecc=st.floats(0.0, 0.99),
    angles=st.lists(st.floats(-360.0, 360.0), min_size=3, max_size=3),
)
def test_an_orbit_is_flown_if_and_only_if_it_stays_above_the_air(height, ecc, angles):
    lowest = (RADIUS + height) * (1 - ecc) - RADIUS
    orbit = {
        "sma": RADIUS + height + 1.0,
        "ecc": ecc,
        **dict(zip(("lan", "lpe", "mna"), angles, strict=True)),
    }
    data = changed("vessels.lady.orbit", orbit)
    if lowest < LOWEST - 10.0:
        with pytest.raises(ScenarioBroken, match=r"vessels\.lady\.orbit"):
            described(data, "test")
    elif lowest > LOWEST + 5000.0:  # the others are up to 2.5 km away
        assert described(data, "test").name == "over-the-top"


@pytest.mark.slow
def test_a_file_is_read_and_flown_as_its_text_says(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(TRIO), encoding="utf-8")
    told = read_description(path)
    env = DescribedEnv(described=told, time="paused")
    shown, info = env.reset(seed=0)
    assert env.task.name == "over-the-top"
    assert shown["telemetry"].shape == (21,)
    assert info["met"] == pytest.approx(2.0 + 1.1)
    assert info["guard_range"] == pytest.approx(np.hypot(1900.0, 300.0), abs=20.0)
    again = DescribedEnv(described=json.loads(json.dumps(told)))
    np.testing.assert_array_equal(again.reset(seed=0)[0]["telemetry"], shown["telemetry"])


def test_a_public_scenario_can_be_written_down():
    position, velocity = SCENARIOS["PE1-E3-I3"].initial_state()
    names = ("evader", "pursuer")
    vessels = {
        name: {"position": position[k].tolist(), "velocity": velocity[k].tolist()}
        for k, name in enumerate(names)
    }
    data = {"name": "same", "family": "PE1", "bot": "E3", "vessels": vessels}
    same = described(data, "test")
    np.testing.assert_array_equal(same.initial_state()[0], position)
    assert same.evader == 3


def test_a_file_that_would_unfold_to_gigabytes_is_told_in_short(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 12)]
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text("\n".join([*lines, "name: *a11"]), encoding="utf-8")
    with pytest.raises(ScenarioBroken, match="its aliases multiply") as told:
        read_description(bomb)
    assert len(str(told.value)) < 10_000


def test_files_that_are_none_are_told(tmp_path):
    with pytest.raises(ScenarioBroken, match=r"nothing\.yaml cannot be read: No such file"):
        read_description(tmp_path / "nothing.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [", encoding="utf-8")
    with pytest.raises(ScenarioBroken, match=r"bad\.yaml is no YAML"):
        read_description(bad)
    with pytest.raises(InvalidOption, match=r"--scenario FILE\.yaml"):
        DescribedEnv()


def test_the_schema_in_the_documentation_is_this_one():
    assert (DOCS / "scenario.schema.json").read_text(encoding="utf-8") == json_schema()
