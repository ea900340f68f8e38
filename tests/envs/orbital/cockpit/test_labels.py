"""Labels and pointers in the view outside: where they stand, and what they say."""

from __future__ import annotations

from itertools import combinations
from unittest.mock import patch

import numpy as np
import pytest

from helmsight.envs.orbital.cockpit import craft, labels, navball
from helmsight.envs.orbital.cockpit.hulls import DRONE, SCISAT, hull, model
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH, Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.state import Contact

AHEAD = np.array([1.0, 0.0, 0.0])


def contact(place, velocity=(0.0, 0.0, 0.0)):
    return Contact("Guard", np.array(place, float), np.array(velocity, float), np.eye(3))


def written(state):
    """Return (spot, words) of every label of a state."""
    found: list[tuple[tuple[float, float], str]] = []

    class Kept(labels.Labels):
        def _write(self, spot, words, colour):
            found.append((spot, words))
            super()._write(spot, words, colour)

    with patch.object(craft, "Labels", Kept):
        craft.draw(np.zeros((HEIGHT, WIDTH, 3), np.uint8), state, Layout())
    return found


def three(make_state, place, speed=(0.0, 0.0, 0.0), **changes):
    told = {"target": 2000.0 * AHEAD, "velocity": 7.5 * AHEAD, "target_name": "Lady"}
    told["contacts"] = (contact(place, speed),)
    return make_state(1, **(told | changes))


def test_labels_tell_name_distance_and_how_it_changes(make_state):
    state = three(make_state, (900.0, 200.0, 0.0), (4.0, 0.0, 0.0))
    assert [words for _, words in written(state)] == [
        "Lady 2.0 km, closing 7.5 m/s",
        f"Guard 922 m, closing {4.0 * 900.0 / np.hypot(900.0, 200.0):.1f} m/s",
    ]
    away = three(make_state, (90.0, 0.0, 0.0), (-3.0, 0.0, 0.0), velocity=0.01 * AHEAD)
    assert [words for _, words in written(away)] == [
        "Lady 2.0 km, steady", "Guard 90.0 m, opening 3.0 m/s",
    ]  # fmt: skip


def test_a_pursuit_has_the_label_it_always_had(make_state):
    state = make_state(1, target=2000.0 * AHEAD)
    assert written(state) == [((640.0, 360.0 + 13.0 + 20.0), "Evader 2.0 km")]
    assert written(make_state(1, target=-2000.0 * AHEAD)) == []


@pytest.mark.slow
def test_every_craft_is_named_inside_the_view_and_no_label_is_on_another(make_state):
    rng = np.random.default_rng(5)
    for _ in range(60):
        way = rng.standard_normal(3) * (1.0, 0.6, 0.4)
        far = float(np.exp(rng.uniform(np.log(12.0), np.log(4000.0))))
        state = three(make_state, far * way / np.linalg.norm(way))
        boxes = [labels._box(spot, words) for spot, words in written(state)]
        assert len(boxes) == 2
        for left, top, right, bottom in boxes:
            assert (left >= 0, right <= WIDTH, top >= 50, bottom <= 480) == (True,) * 4
        for one, other in combinations(boxes, 2):
            apart = [one[2] < other[0], other[2] < one[0], one[3] < other[1], other[3] < one[1]]
            assert any(apart)


@pytest.mark.parametrize(
    ("place", "left", "top"),
    [((-900.0, 500.0, 0.0), False, None), ((-900.0, -500.0, 0.0), True, None),
     ((-100.0, 0.0, -700.0), None, True), ((-900.0, 0.0, 0.0), None, False)],
)  # fmt: skip
def test_a_pointer_stands_on_the_side_where_the_craft_is(make_state, place, left, top):
    layout = Layout()
    state = three(make_state, place)
    hidden = three(make_state, place, contacts=())
    changed = (render(state)[:460] != render(hidden)[:460]).any(axis=2)
    red = np.abs(render(state)[:460].astype(int) - layout.contact).max(axis=2) < 30
    rows, columns = np.nonzero(changed & red)
    assert rows.size > 100
    if left is not None:
        assert (columns.mean() < WIDTH / 2) == left
    if top is not None:
        assert (rows.mean() < 250) == top


def test_the_sun_is_named_where_it_is_and_pointed_to_where_it_is_not(make_state):
    seen = make_state(1, target=900.0 * AHEAD, sun=np.array([0.96, 0.28, 0.0]), sunlit=True)
    away = make_state(1, target=900.0 * AHEAD, sun=-AHEAD, sunlit=True)
    assert written(seen)[1][1] == "Sun 16° off the nose"
    assert written(away)[1][1] == "Sun 180° off the nose"


def test_the_lady_has_a_hull_of_her_own():
    assert hull("SciSat") is SCISAT
    assert hull("GrapplerDrone") is hull("anything") is DRONE
    for look in (DRONE, SCISAT):
        corners, normals, paints = model(look, 8)
        assert len(look.paints) == len(look.stations) - 1
        assert len(corners) == len(normals) == len(paints)
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0)
        assert np.linalg.norm(corners, axis=2).max() < 3.3


def marked(state, colour):
    """Return how many pixels of the ball have a colour, and their middle in radii."""
    layout = Layout()
    picture = render(state)
    x0, y0, x1, y1 = layout.regions()["navball"]
    ball = picture[y0:y1, x0:x1].astype(int)
    rows, columns = np.nonzero(np.abs(ball - colour).max(axis=2) < 40)
    x, y = layout.navball_centre
    return rows.size, (columns.mean() + x0 - x) / 100, (rows.mean() + y0 - y) / 100


def test_the_guard_is_on_the_ball_ahead_or_behind(make_state):
    place = np.array([0.8, 0.48, -0.36]) * 700.0
    count, right, down = marked(three(make_state, place), Layout().contact)
    assert (right, down) == (pytest.approx(0.48, abs=0.02), pytest.approx(-0.36, abs=0.02))
    behind, right, down = marked(three(make_state, -place), Layout().contact)
    assert (right, down) == (pytest.approx(0.48, abs=0.02), pytest.approx(-0.36, abs=0.02))
    assert behind != count


def test_the_corona_is_around_the_target_of_who_stands_in_the_sun(make_state):
    def at(sun):
        state = make_state(4, target=100.0 * AHEAD, velocity=np.zeros(3), sun=sun, sunlit=True)
        return marked(state, Layout().sun)

    _, right, down = at(-AHEAD)
    assert (right, down) == (pytest.approx(0.0, abs=0.03), pytest.approx(0.0, abs=0.03))
    _, right, down = at(np.array([-0.8, -0.6, 0.0]))
    assert (right, down) == (pytest.approx(0.6, abs=0.03), pytest.approx(0.0, abs=0.03))
    _, right, _ = at(np.array([0.8, 0.6, 0.0]))
    assert right == pytest.approx(0.6, abs=0.03)
    ahead, behind = (render(make_state(4, sun=way * AHEAD, sunlit=True)) for way in (1, -1))
    assert (ahead[592, 640] == Layout().sun).all()  # a disc; a ring leaves its middle free
    assert (behind[592, 640] != Layout().sun).any()


def test_contacts_and_sun_leave_the_other_markers_readable(make_state):
    way = np.array([0.95, 0.31, 0.0]) * 40.0
    plain = make_state(1, target=900.0 * AHEAD, velocity=way)
    told = three(make_state, 500.0 * AHEAD, target=900.0 * AHEAD, velocity=way)
    for colour in (Layout().target, Layout().prograde):
        np.testing.assert_allclose(marked(told, colour)[1:], marked(plain, colour)[1:], atol=0.02)
    assert navball.place(way, Layout()) is not None
