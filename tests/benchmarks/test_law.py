"""The benchmark of the training's law flies it, and what it is told wrongly costs."""

from __future__ import annotations

from typing import Any

import pytest

from helmsight.envs.orbital.scenarios import Scenario


@pytest.fixture(scope="module")
def law(load: Any) -> Any:
    return load("law")


@pytest.mark.slow
def test_the_law_captures_what_flees_and_errors_cost_it_score(law: Any) -> None:
    told, captured = law.flown(Scenario(3, 3), 4, 0.0, 0.0)
    wrongly, _ = law.flown(Scenario(3, 3), 4, 0.0, 0.05)
    assert captured == 4
    assert told.max() < 60.0 < wrongly.max()


@pytest.mark.slow
def test_a_line_for_each_scenario(law: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert law.main(["--scenarios", "PE1-E1-I3,PE1-E4-I4", "--seeds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split()[0] for line in lines] == ["PE1-E1-I3", "PE1-E4-I4"]
    assert all(line.endswith("1/1 captured") for line in lines)


def test_other_families_are_one_line(law: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert law.main(["--scenarios", "SB1-E1-I1"]) == 2
    assert "only pursuits can be flown" in capsys.readouterr().err
