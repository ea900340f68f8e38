"""Which run it is: another text that its pilot read makes it another run, and is not told."""

from __future__ import annotations

from helmsight.contract.identity import differences, identity
from helmsight.contract.record import RunSpec

NOTES = {"knowledge": "the dish is dented"}


def run(texts: dict[str, str]) -> RunSpec:
    return RunSpec("helmsight/Inspection-v0", "inspector", texts=texts)


def test_a_run_with_the_same_text_is_the_same_run():
    assert differences(identity(run(NOTES)), identity(run(NOTES))) == ""


def test_another_text_is_another_run_and_neither_text_is_told():
    recorded, mine = run(NOTES), run({"knowledge": "my secret"})
    said = differences(identity(recorded), identity(mine))
    assert said.startswith("texts.knowledge is ")
    assert "secret" not in said
    assert "dented" not in said


def test_a_record_that_names_a_file_and_keeps_no_text_is_another_run():
    recorded, mine = run({}), run({"knowledge": "my secret"})
    assert differences(identity(recorded), identity(mine)) == "texts.knowledge was not recorded"
