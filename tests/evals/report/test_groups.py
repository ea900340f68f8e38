from __future__ import annotations

from helmsight.evals.report.groups import by, competitor_of, condition_of


def test_a_pilot_is_named_with_what_it_was_shown_where_that_differs(row):
    rows = [
        row("model", 0, 1.0, observation="frame"),
        row("model", 0, 1.0, observation=""),
        row("other", 0, 1.0, observation="frame"),
        row("tuned", 0, 1.0, pilot_options={"views": 2}),
        row("tuned", 0, 1.0),
        row("model", 0, 1.0, variant="vanilla", observation="frame"),
    ]
    name = competitor_of(rows)
    assert [name(one) for one in rows] == [
        "model, frame", "model, as it needs", "other", 'tuned, options {"views":2}', "tuned",
        "model (vanilla)",
    ]  # fmt: skip


def test_a_condition_is_its_time_rule_and_what_else_differs(row):
    rows = [row("a", 0, 1.0), row("a", 0, 1.0, time="fixed:2", hold="coast")]
    condition = condition_of(rows)
    assert [condition(one) for one in rows] == [
        "time rule fixed:0.5", "time rule fixed:2, hold coast",
    ]  # fmt: skip
    alone = condition_of(rows[:1])
    assert alone(rows[0]) == "time rule fixed:0.5"


def test_groups_stay_in_their_order(row):
    rows = [row(pilot, seed, 1.0) for pilot, seed in (("b", 0), ("a", 0), ("b", 1))]
    assert list(by(rows, lambda one: one.pilot)) == ["b", "a"]
