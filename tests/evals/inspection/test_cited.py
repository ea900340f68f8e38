"""What a pilot cites of the file about the satellite is in the report, out of the record alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helmsight.contract.record import RunSpec
from helmsight.evals.inspection.cited import GONE, cited

TEXT = "# Dish\n\nIts rim is round.\n\n# Mast\n\nIt is straight.\n"


def spec(**more: Any) -> RunSpec:
    return RunSpec("helmsight/Inspection-v0", "inspector", **more)


def test_passages_are_found_by_the_numbers_in_reasons() -> None:
    options = {"knowledge": "satellite.md"}
    run = spec(pilot_options=options, texts={"knowledge": TEXT})
    found = cited(["not round [1]", "see [2] and [1]", "look 3"], run)
    assert [(one.number, one.heading, one.text) for one in found] == [
        (1, "Dish", "Its rim is round."),
        (2, "Mast", "It is straight."),
    ]
    assert [one.heading for one in cited(["see [9]"], run)] == [GONE]


def test_a_file_that_a_record_names_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "precious.md"
    file.write_text(TEXT, encoding="utf-8")
    (found,) = cited(["see [1]"], spec(pilot_options={"knowledge": str(file)}))
    assert (found.heading, found.text) == (GONE, "")


def test_numbers_in_brackets_are_no_citations_without_a_file() -> None:
    assert cited(["see [1]"], spec()) == ()
