from __future__ import annotations

from helmsight.evals.report.failures import failures


def test_failures_are_sorted_by_how_they_ended_and_lead_to_their_recordings(row, tmp_path):
    run = tmp_path / "runs" / "one"
    run.mkdir(parents=True)
    (run / "index.html").write_text("a page", encoding="utf-8")
    rows = [
        row("a", 0, 30.0),
        row("a", 1, 90.0, success=False, reason="timeout", run="runs/one", decided=7, held=2,
            disturbance="noisy"),
        row("a", 2, 80.0, success=False, reason="timeout", run="runs/gone", late=1),
        row("a", 3, None, status="crashed", error="the process died",
            repairs='{"reask": 0, "constrained": 9}'),
        row("b", 0, 70.0, success=False, reason="budget", repairs='{"reask": 2}'),
    ]  # fmt: skip
    found = failures(rows, tmp_path, tmp_path / "report")
    assert [(one.competitor, one.kind, one.n, one.of) for one in found] == [
        ("a", "timeout", 2, 4), ("a", "crashed", 1, 4), ("b", "budget", 1, 1),
    ]  # fmt: skip
    timeout, crashed, budget = found
    assert (timeout.held, timeout.late, timeout.repaired) == (1, 1, 0)
    (example,) = timeout.examples
    assert example.address == "../runs/one/index.html#step-7"
    assert example.title == "PE1-E1-I1 seed 1, noisy"
    assert (crashed.error, crashed.repaired, crashed.examples) == ("the process died", 0, ())
    assert budget.repaired == 1


def test_an_address_is_quoted_and_leads_from_wherever_the_report_lies(row, tmp_path):
    run = tmp_path / "my results" / "runs" / "50%"
    run.mkdir(parents=True)
    (run / "index.html").write_text("a page", encoding="utf-8")
    rows = [row("a", 0, 90.0, success=False, reason="timeout", run="runs/50%")]
    (found,) = failures(rows, tmp_path / "my results", tmp_path / "papers" / "here")
    assert found.examples[0].address == "../../my%20results/runs/50%25/index.html"
