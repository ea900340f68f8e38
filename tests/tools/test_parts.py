"""What breaks in a recording, and what a signal looks like there."""

from __future__ import annotations

from pathlib import Path

import pytest

from helmsight.tools.parts import Parts


def test_a_part_that_broke_is_written_no_more(tmp_path: Path) -> None:
    parts, tried = Parts(tmp_path / "reserve", ()), []

    def breaks() -> None:
        tried.append(1)
        raise ValueError("no picture")

    for _ in range(2):
        parts.attempt("page", breaks, 12)
    assert (len(tried), parts.problems) == (1, {"page": "ValueError: no picture"})
    assert list(parts.told()) == ["page stopped after 12 steps (ValueError: no picture)"]


def test_a_signal_is_no_fault_of_the_part_whatever_a_library_makes_of_it(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "reserve", ())

    def hit() -> None:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        parts.attempt("page", hit, 12)
    assert parts.problems == {}
