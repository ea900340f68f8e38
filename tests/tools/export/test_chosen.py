from __future__ import annotations

from collections import Counter

import pytest

from helmsight.tools.errors import NothingToExport
from helmsight.tools.export.chosen import Wanted, choose, found
from helmsight.tools.export.target import begin


def test_folders_of_runs_and_folders_of_folders_are_found_once(fly, tmp_path):
    a, b = fly("x/a", steps=1), fly("x/b", steps=1)
    assert found([tmp_path / "x", a]) == [a, b]
    with pytest.raises(NothingToExport, match=r"is no run and holds none.*run\.json"):
        found([a / "plots"])


def test_runs_are_chosen_by_outcome_and_score(fly):
    folders = [fly("a", steps=1), fly("b", steps=1, finish=False), fly("c", steps=0)]
    runs, left_out = choose(folders, Wanted(most=4.0))  # the score of all is pi
    assert [run.folder.name for run in runs] == ["a"]
    assert left_out == Counter({"no score": 1, "no steps": 1})
    with pytest.raises(NothingToExport, match=r"none of 3 runs.*1: score below 4"):
        choose(folders, Wanted(least=4.0))
    with pytest.raises(NothingToExport, match="no success"):
        choose(folders, Wanted(success=True))


def test_nothing_is_written_over(tmp_path):
    begin(tmp_path / "new")
    begin(tmp_path / "new")  # nothing is in it yet
    (tmp_path / "new" / "file").touch()
    with pytest.raises(NothingToExport, match="nothing in it is written over"):
        begin(tmp_path / "new")
