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
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import ScenarioBroken
from helmsight.envs.orbital.described import LOWEST, described, read_description
from helmsight.envs.orbital.dynamics import MU, RADIUS, norm, orbital_axes
from helmsight.envs.orbital.env import DescribedEnv
from helmsight.envs.orbital.scenario_file import json_schema
from helmsight.envs.orbital.scenarios import SCENARIOS

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = Draft202012Validator(json.loads(json_schema()))
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
        (
            changed("vessels.guard", {"beside": "bandit", "position": [0, 3, 0]}),
            r"vessels\.guard: begins 3 m from the bandit; give more than 5 m",
        ),
        (changed("vessels.lady.orbit.sma", "750000"), r"orbit\.sma='750000': .*valid number"),
        (changed("met", True), r"met=True: .*valid number"),
        (
            changed("vessels.bandit.position", [0, 1e200, 0]),
            r"position\.1=1e\+200: .*less than or equal to 100000000",
        ),
        (changed("name", "x" * 101), r"name='x.*at most 100 characters"),
        (changed("name", "I2"), r"name='I2': LBG1-LG1-I2 is a scenario that is there already"),
        (changed("name", "LBG1-LG1-i2_V1"), r"name='LBG1-LG1-i2_V1': .* there already"),
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
        assert described(data, "test").name == "LBG1-LG1-over-the-top"


@pytest.mark.parametrize("family", ["orbit", "position"])
def test_the_lowest_orbit_that_is_allowed_is_flown(family):
    sma = RADIUS + LOWEST
    speed = np.sqrt(MU / sma)
    for angle in np.linspace(0.0, 350.0, 36):
        there = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle)), 0.0])
        along = np.array([-there[1], there[0], 0.0])
        told = {
            "orbit": {"orbit": {"sma": sma, "mna": angle}},
            "position": {"position": list(sma * there), "velocity": list(speed * along)},
        }[family]
        data = changed("vessels.lady", told)
        data["vessels"]["bandit"] = {"orbit": {"sma": 750_000}}
        data["vessels"]["guard"] = {"orbit": {"sma": 750_000, "mna": 3}}
        assert described(data, "test").family == "LBG1"


def test_pilots_that_know_bots_by_the_name_know_those_of_a_file():
    assert described(TRIO, "test").name == "LBG1-LG1-over-the-top"
    assert described(changed("name", "LBG1-LG1-mine"), "test").name == "LBG1-LG1-mine"
    assert described(changed("name", "PE1-E1-I1"), "test").name == "LBG1-LG1-PE1-E1-I1"


VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 2.5, 1e9, 7.5e5, "", "lady", "bandit", "guard", "evader"]),
    st.sampled_from(["E1", "PN", "LG0", "PE1", "SB1", "LBG1", "a b", [], {}, [0, 0, 0], [0, 0]]),
    st.sampled_from([["a", 0, 0], [0, 0, 0, 0], {"sma": 7.6e5}, {"orbit": {"sma": 7.6e5}}]),
)
PLACES = [
    "name", "family", "bot", "met", "vessels", "more", "vessels.lady", "vessels.evader",
    "vessels.guard.orbit", "vessels.guard.position", "vessels.guard.beside", "vessels.lady.orbit",
    "vessels.lady.beside", "vessels.lady.velocity", "vessels.lady.position",
    "vessels.lady.orbit.sma", "vessels.lady.orbit.ecc", "vessels.lady.orbit.inc",
    "vessels.lady.orbit.mna", "vessels.lady.orbit.smb", "vessels.bandit.velocity",
    "vessels.bandit.beside",
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(edits=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_what_the_schema_takes_is_read_and_the_other_way_round(edits):
    data = json.loads(json.dumps(TRIO))
    for path, value in edits:
        *way, last = path.split(".")
        place = data
        for part in way:
            place = place.get(part) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[last] = value
    try:
        described(data, "test")
        said = ""
    except ScenarioBroken as error:
        said = str(error)
    # where craft are and go no schema can tell
    beyond = ("surface", "leaves Kerbin", "so near they have met", "there already")
    taken = not said or any(words in said for words in beyond)
    assert SCHEMA.is_valid(data) == taken, said


@pytest.mark.slow
def test_a_file_is_read_and_flown_as_its_text_says(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(TRIO), encoding="utf-8")
    told = read_description(path)
    env = DescribedEnv(described=told, time="paused")
    shown, info = env.reset(seed=0)
    assert env.task.name == "LBG1-LG1-over-the-top"
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
