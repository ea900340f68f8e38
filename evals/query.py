"""SQL over the rows of an evaluation, by DuckDB, in memory: no file is written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from helmsight.contract.plugins import nearest
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.store import columns_of, read_rows
from helmsight.evals.tables import table

FORMS = ("text", "csv", "json")


def query(where: Path, sql: str, form: str = "text") -> str:
    """Return what `sql` says of the rows in a results folder, the table `rows`, as text.

    Raises:
        ResultsUnusable: no results there, or damaged ones.
        InvalidPlan: no such form, or DuckDB does not take the SQL; says why.
    """
    import duckdb

    if form not in FORMS:
        raise InvalidPlan(f"--format {form!r}: {nearest(form, FORMS)}")
    rows = columns_of(read_rows(where))
    with duckdb.connect(":memory:") as base:
        base.register("rows", rows)
        base.execute("SET enable_external_access = false")
        try:
            answer = base.execute(sql)
            names = [entry[0] for entry in answer.description or ()]
            lines = answer.fetchall()
        except duckdb.Error as error:
            raise InvalidPlan(f"the SQL is not understood: {error}") from error
    if form == "json":
        return json.dumps([dict(zip(names, line, strict=True)) for line in lines], default=str)
    words = [["" if value is None else str(value) for value in line] for line in lines]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([names, *words])
        return text.getvalue().rstrip("\n")
    return table(names, words)
