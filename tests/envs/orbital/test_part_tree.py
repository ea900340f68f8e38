"""The craft of the saves, part by part."""

from __future__ import annotations

import numpy as np
import pytest

from helmsight.envs.orbital.part_tree import centre_of_mass, part_tree
from helmsight.envs.orbital.vehicles import DRONE, SCISAT, VEHICLES


@pytest.mark.parametrize(("vehicle", "parts"), [(DRONE, 31), (SCISAT, 14)])
def test_a_craft_has_the_parts_of_the_saves_and_their_mass(vehicle, parts) -> None:
    tree = part_tree(vehicle.name)
    assert len(tree) == parts
    assert sum(part.dry_mass for part in tree) == vehicle.dry_mass


def test_stores_are_those_of_the_vehicles() -> None:
    room = {
        name: {
            kind: sum(part.stores.get(kind, 0.0) for part in part_tree(name))
            for kind in ("MonoPropellant", "LiquidFuel", "Oxidizer", "ElectricCharge")
        }
        for name in VEHICLES
    }
    for vehicle in VEHICLES.values():
        engine = vehicle.engine
        fuels = (engine.fuel_units, engine.oxidizer_units) if engine else (0.0, 0.0)
        assert list(room[vehicle.name].values()) == [vehicle.propellant_units, *fuels, 2200.0]


@pytest.mark.parametrize("name", VEHICLES)
def test_it_is_a_tree_of_which_every_part_comes_after_its_parent(name) -> None:
    tree = part_tree(name)
    assert [number for number, part in enumerate(tree) if part.parent is None] == [0]
    for number, part in enumerate(tree[1:], 1):
        assert part.parent is not None
        assert part.parent < number
        assert number in tree[part.parent].children
    assert sum(len(part.children) for part in tree) == len(tree) - 1


@pytest.mark.parametrize("name", VEHICLES)
def test_rotations_are_unit_quaternions(name) -> None:
    for part in part_tree(name):
        assert sum(number**2 for number in part.rotation) == pytest.approx(1.0, abs=1e-6)


def test_the_centre_of_mass_is_where_the_saves_have_it_and_goes_to_the_nose_as_tanks_empty() -> (
    None
):
    """The saves say 1.613 m behind the root: KSP also shifts it by up to 2 mm within parts."""
    full = centre_of_mass(DRONE.name, {"MonoPropellant": 1.0})
    assert full == pytest.approx((0.0, -1.613, 0.0), abs=2e-3)
    assert centre_of_mass(SCISAT.name, {"LiquidFuel": 1.0, "Oxidizer": 1.0}) == pytest.approx(
        (0.0, -1.159, 0.0), abs=3e-3
    )
    assert centre_of_mass(DRONE.name, {"MonoPropellant": 0.0})[1] > full[1] + 0.4


@pytest.mark.parametrize("vehicle", VEHICLES.values(), ids=lambda vehicle: vehicle.name)
def test_a_crafts_moments_of_inertia_are_those_of_its_parts(vehicle):
    """As points, with full tanks; pitch and yaw of a drone are alike, which decides its roll."""
    full = {name: 1.0 for part in part_tree(vehicle.name) for name in part.stores}
    masses = np.array([part.mass(full) for part in part_tree(vehicle.name)])
    places = np.array([part.position for part in part_tree(vehicle.name)])
    places -= masses @ places / masses.sum()
    squares = masses @ places**2
    np.testing.assert_allclose(vehicle.inertia, squares.sum() - squares, atol=1.0)
