"""Text on pictures that several threads draw at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from helmsight.envs.orbital.cockpit.lettering import figures, write


def sheet(number: int):
    """A picture full of words and figures in several sizes and weights."""
    picture = np.zeros((240, 320, 3), np.uint8)
    for row in range(12):
        words = f"flight {number} row {row} RCS SAS"
        write(picture, words, (4, 18 + 19 * row), (255, 255, 255), 12 + row, weight=300 + 40 * row)
        figures(picture, f"{number * 37 + row}.5", (316, 18 + 19 * row), (90, 200, 90), 7 + row % 4)
    return picture


@pytest.mark.slow
def test_threads_that_write_at_once_write_as_each_does_alone():
    alone = [sheet(number) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(6):
            together = list(threads.map(sheet, range(8)))
            assert all(map(np.array_equal, together, alone))
