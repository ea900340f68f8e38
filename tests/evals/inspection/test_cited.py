"""What a pilot cites of the file about the satellite is in the report."""

from __future__ import annotations

from pathlib import Path

from helmsight.evals.inspection.cited import GONE, cited

TEXT = "# Dish\n\nIts rim is round.\n\n# Mast\n\nIt is straight.\n"


def test_passages_are_found_by_the_numbers_in_reasons(tmp_path: Path) -> None:
    file = tmp_path / "satellite.md"
    file.write_text(TEXT, encoding="utf-8")
    found = cited(["not round [1]", "see [2] and [1]", "look 3"], {"knowledge": str(file)})
    assert [(one.number, one.heading, one.text) for one in found] == [
        (1, "Dish", "Its rim is round."),
        (2, "Mast", "It is straight."),
    ]


def test_what_is_not_there_any_more_is_said_to_be_gone(tmp_path: Path) -> None:
    file = tmp_path / "satellite.md"
    assert [one.heading for one in cited(["see [1]"], {"knowledge": str(file)})] == [GONE]
    file.write_text(TEXT, encoding="utf-8")
    assert [one.heading for one in cited(["see [9]"], {"knowledge": str(file)})] == [GONE]


def test_numbers_in_brackets_are_no_citations_without_a_file() -> None:
    assert cited(["see [1]"], {}) == ()
