from __future__ import annotations

from contextlib import suppress

import cv2
import numpy as np
import pytest

from helmsight.agents.inspection.drawing import drawing
from helmsight.agents.inspection.likeness import Likenesses, part_like, renders
from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.cell import Cell
from helmsight.envs.inspection.sites import SITES, Sight


def picture(draw, grey: int = 200) -> np.ndarray:
    image = np.full((80, 80, 3), grey, np.uint8)
    draw(image)
    return image


def disc(image, at=(40, 40)):
    cv2.circle(image, at, 24, (60, 60, 160), -1)


def bar(image, at=40):
    cv2.rectangle(image, (at - 4, 8), (at + 4, 72), (60, 60, 160), -1)


def known(**parts) -> Likenesses:
    return Likenesses({part: [picture(draw)] * 3 for part, draw in parts.items()})


def test_the_part_with_the_same_edges_is_named_and_how_sure_that_is():
    found = known(dish=disc, mast=bar).of(picture(disc, grey=120))
    assert found.part == "dish"
    assert sum(found.sure.values()) == pytest.approx(1.0)
    assert next(iter(found.sure)) == "dish"


def test_a_line_drawing_names_it_too():
    sketch = cv2.cvtColor(255 - cv2.Canny(picture(disc), 40, 100), cv2.COLOR_GRAY2RGB)
    assert known(dish=disc, mast=bar).of(sketch).part == "dish"


def test_an_ambiguous_picture_is_refused_with_the_two_that_it_may_show():
    found = known(**{"panel A": disc, "panel B": disc, "mast": bar}).of(picture(disc))
    with pytest.raises(InvalidOption, match=r"panel A \(\d+%\) or panel B \(\d+%\).*--parts"):
        assert found.part


@pytest.mark.parametrize(("name", "data"), [("no.png", None), ("a.png", b""), ("b.png", b"text")])
def test_what_is_no_picture_is_refused(tmp_path, name, data):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidOption, match=f"{name}.*of one part"):
        part_like(tmp_path / name, 0)


@pytest.mark.slow
def test_crops_of_a_held_out_cell_name_their_parts():
    """In its own light and colours, against the drawing in nominal ones."""
    with drawing(31) as clean:
        all_of_it = Likenesses.drawn(clean)
    right = named = asked = 0
    with Cell(31, shadows=False) as cell:
        rng, sight = np.random.default_rng(5), Sight(cell)
        for site in SITES:
            for crop in renders(cell, sight, site, rng, 2):
                asked += 1
                with suppress(InvalidOption):
                    right += all_of_it.of(crop).part == site.part
                    named += 1
    assert named > 0.4 * asked
    assert right > 0.75 * named
