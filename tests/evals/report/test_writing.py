from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.report.formats import csv_text, latex
from helmsight.evals.report.judged import judge, judged
from helmsight.evals.report.measures import measures
from helmsight.evals.report.notes import headline, notes
from helmsight.evals.report.sheet import Sheet
from helmsight.evals.report.sheets import sheets
from helmsight.evals.report.writing import FORMATS, forms, write_report
from helmsight.evals.store import Store


class Page(HTMLParser):
    """What a page refers to, and the text that it shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def results(row, tmp_path):
    """Return a results folder: two pilots, seven seeds, two time rules, a fault, a recording."""
    folder = tmp_path / "results"
    run = folder / "runs" / "one"
    run.mkdir(parents=True)
    (run / "index.html").write_text("a page", encoding="utf-8")
    with Store(folder) as store:
        for seed in range(7):
            for pilot, score in (("quick", 30.0 + seed), ("<slow>", 60.0 + seed)):
                store.add(row(pilot, seed, score))
                store.add(row(pilot, seed, 1.5 * score, time="fixed:2"))
                store.add(row(pilot, seed, 3 * score, disturbance="frozen"))
        store.add(row("quick", 7, 99.0, success=False, reason="timeout", run="runs/one", decided=4))
        store.add(row("quick", 8, None, status="crashed", error="died: 50 % & more"))
    return folder


@pytest.mark.slow
def test_the_page_needs_nothing_else_and_leads_to_the_step_that_decided(results):
    (path,) = write_report(judged(results, results / "report"), results / "report", ["html"])
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert [address for address in page.addresses if not address.startswith("#")] == [
        "../runs/one/index.html#step-4"
    ]
    assert (path.parent / "../runs/one/index.html").resolve().is_file()
    assert not re.search(r"url\((?!#)|@import|<script|https?://(?!www\.w3\.org)", text)
    assert "<slow>" not in text
    words = " ".join(page.words)
    assert "quick beats <slow>" in words
    for title in ("Leaderboard", "Paired differences", "Fault matrix", "Failures", "Scenarios"):
        assert title in words
    assert text.count("<svg") == 5  # runs and differences of two time rules, one curve


@pytest.mark.slow
def test_ids_of_the_figures_are_there_once(results):
    (path,) = write_report(judged(results, results), results / "report", ["html"])
    ids = re.findall(r'\bid="([^"]+)"', path.read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_all_forms_are_written_and_say_the_same(results):
    found = judged(results, results / "report")
    files = {path.name for path in write_report(found, results / "report")}
    names = {sheet.name for sheet in sheets(found)}
    assert names == {"leaderboard", "differences", "scenarios", "faults", "failures"}
    assert files == {"index.html", "report.md"} | {
        f"{name}.{end}" for name in names for end in ("tex", "csv")
    }
    text = (results / "report" / "report.md").read_text(encoding="utf-8")
    lines = (results / "report" / "differences.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(lines)))
    assert [row["verdict"] for row in rows] == ["quick beats <slow>"] * 2
    for row in rows:
        assert row["difference"] in text


@pytest.mark.slow
def test_the_same_rows_give_the_same_bytes(results, tmp_path):
    for folder in (tmp_path / "a", tmp_path / "b"):
        write_report(judged(results, tmp_path / "a"), folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_parquet_file_alone_is_judged_alike(results):
    whole = judged(results, results / "report")
    assert judged(results / "results.parquet", results / "report").boards == whole.boards


@pytest.mark.slow
def test_one_pilot_at_one_seed_has_a_report_without_intervals(row, tmp_path):
    found = judge([row("only", 0, 40.0)], tmp_path, tmp_path, {"keys": ["a", "b", "c"]})
    assert headline(found) == ("One pilot: nothing to compare", "warn")
    assert any(note.startswith("2 of 3 episodes have not been run") for note in notes(found))
    paths = write_report(found, tmp_path / "report")
    text = (tmp_path / "report" / "leaderboard.csv").read_text(encoding="utf-8")
    assert "56.0 (n = 1)" in text
    assert "1/1 (n = 1)" in text
    assert {path.name for path in paths} == {
        "index.html", "report.md", "leaderboard.csv", "leaderboard.tex", "scenarios.csv",
        "scenarios.tex",
    }  # fmt: skip


def test_where_nothing_is_shown_the_seeds_that_would_show_it_are_said(row, tmp_path):
    rows = [row(pilot, seed, score + seed) for pilot, score in (("a", 30.0), ("b", 60.0))
            for seed in range(4)]  # fmt: skip
    said, mood = headline(judge(rows, tmp_path, tmp_path, {}))
    assert said == (
        "No difference between pilots is shown (1 pair compared; "
        "about 6 seeds would show the clearest)"
    )
    assert mood == "warn"


def test_what_else_a_world_measures_has_a_table_of_its_own(row, tmp_path):
    rows = [
        row("a", seed, 30.0, terms=json.dumps({"fuel_kg": 80.0 + seed, "contacts": 0.0}))
        for seed in range(3)
    ]
    rows.append(row("a", 3, None, status="crashed"))
    write_report(judge(rows, tmp_path, tmp_path, {}), tmp_path / "report")
    text = (tmp_path / "report" / "measures.csv").read_text(encoding="utf-8")
    assert text.splitlines() == [
        'condition,scenario,disturbance,pilot,"propellant used, kg",contacts',
        "time rule fixed:0.5,PE1-E1-I1,-,a,81 (n = 3),0 (n = 3)",
    ]


def test_the_metrics_that_a_suite_names_are_those_of_the_table(row, tmp_path):
    asked = ["score", "late", "think_ms", "repairs", "fuel_kg", "cost"]
    clean = row("a", 0, 30.0, late=2, terms='{"fuel_kg": 80.0}')
    hurt = row("a", 0, 30.0, disturbance="frozen", repairs='{"local": 3, "constrained": 9}')
    found = judge([clean, hurt], tmp_path, tmp_path, {"suite": {"metrics": asked}})
    sheet = measures(found)
    assert sheet.columns[4:] == (
        "late", "think time, ms", "repaired", "propellant used, kg", "cost",
    )  # fmt: skip
    assert [line[4:] for line in sheet.lines] == [
        ("2 (n = 1)", "30 (n = 1)", "0 (n = 1)", "80 (n = 1)", "-"),
        ("0 (n = 1)", "30 (n = 1)", "3 (n = 1)", "-", "-"),
    ]


def test_a_table_on_the_page_leaves_out_what_holds_nothing_and_says_once_what_all_share():
    lines = (("fixed:1", "a", "1", "-"), ("fixed:1", "b", "2", "-"))
    narrow = Sheet("s", "Board", ("condition", "pilot", "n", "cost"), lines).narrowed()
    assert (narrow.title, narrow.columns) == ("Board, fixed:1", ("pilot", "n"))
    assert narrow.lines == (("a", "1"), ("b", "2"))
    two = Sheet("s", "Board", ("condition", "pilot"), (("x", "a"), ("y", "a")))
    assert two.narrowed() == two


def test_where_the_numbers_come_from_is_on_the_page_once(row, tmp_path):
    session = {"commit": "abc123", "machine": {"cores": 2}, "made_with": {"a": "d1"}}
    about = {"sessions": [session, session | {"commit": "def456"}], "suite": {"name": "mine"}}
    found = judge([row("a", 0, 30.0)], tmp_path, tmp_path, about)
    write_report(found, tmp_path / "report", ["html"])
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "<h1>mine</h1>" in text
    assert "abc123; def456" in text
    assert text.count("machine · cores") == 1


def test_flights_that_are_all_disturbed_have_a_report(row, tmp_path):
    rows = [row(pilot, seed, 30.0, disturbance="frozen") for pilot in "ab" for seed in range(3)]
    found = judge(rows, tmp_path, tmp_path, {})
    write_report(found, tmp_path / "report")
    page = Page((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))
    assert "frozen" in page.words
    assert "Leaderboard" not in " ".join(page.words)


def test_nothing_but_failures_has_a_report(row, tmp_path):
    rows = [row("a", seed, None, status="crashed", error="died") for seed in range(3)]
    found = judge(rows, tmp_path, tmp_path, {})
    assert any("3 of 3 episodes failed" in note for note in notes(found))
    assert write_report(found, tmp_path / "report")


def test_latex_is_escaped_and_every_line_is_one_row():
    sheet = Sheet("s", "A table", ("p_1", "what"), (("50 %", "a & b\nc"), ("{x}", "\\^~<>|#$")))
    lines = latex(sheet).splitlines()
    assert lines[1] == r"\begin{tabular}{ll}"
    assert lines[3] == r"p\_1 & what \\"
    assert lines[5] == r"50 \% & a \& b c \\"
    assert lines[6] == (
        r"\{x\} & \textbackslash{}\textasciicircum{}\textasciitilde{}\textless{}\textgreater{}"
        r"\textbar{}\#\$ \\"
    )


def test_csv_keeps_commas_quotes_and_lines():
    sheet = Sheet("s", "t", ("a", "b"), (("x, y", 'say "z"\nagain'),))
    assert list(csv.reader(io.StringIO(csv_text(sheet)))) == [
        ["a", "b"],
        ["x, y", 'say "z"\nagain'],
    ]


def test_a_form_that_is_none_is_named_with_the_nearest():
    assert forms("md, csv,md") == ["md", "csv"]
    assert forms(",".join(FORMATS)) == list(FORMATS)
    with pytest.raises(InvalidPlan, match='did you mean "latex"'):
        forms("html,latx")
    with pytest.raises(InvalidPlan, match="empty; choose from html"):
        forms(" ,")


@pytest.mark.slow
def test_a_folder_without_results_and_one_that_cannot_be_written_are_told(results, tmp_path):
    with pytest.raises(ResultsUnusable, match="helmsight evaluate"):
        judged(tmp_path / "results" / "runs", tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "rows.jsonl").touch()
    with pytest.raises(ResultsUnusable, match="no episode that has ended"):
        judged(tmp_path / "empty", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ResultsUnusable, match="--out"):
        write_report(judged(results, tmp_path), tmp_path / "file")


@pytest.mark.parametrize("theirs", ["index.html", "thesis.docx"])
def test_a_report_is_written_over_nothing_but_a_report(results, tmp_path, theirs):
    found = judged(results, tmp_path / "site")
    write_report(found, tmp_path / "site", ["md", "csv"])
    write_report(found, tmp_path / "site", ["md", "csv"])  # over its own, as often as you like
    other = tmp_path / "other"
    other.mkdir()
    (other / theirs).write_text("years of work", encoding="utf-8")
    with pytest.raises(ResultsUnusable, match=f"holds other things than a report .{{1,2}}{theirs}"):
        write_report(found, other, ["md", "csv"])
    assert [path.name for path in other.iterdir()] == [theirs]
    assert (other / theirs).read_text("utf-8") == "years of work"
