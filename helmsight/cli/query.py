"""`helmsight query`: SQL over the rows of an evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """Examples:

helmsight query runs/kspdg "SELECT pilot, median(score), avg(success::int), count(*) FROM rows GROUP BY pilot"

helmsight query runs/kspdg "SELECT key, error FROM rows WHERE status <> 'done'" --format json
"""  # noqa: E501  an example is one line


def command(
    where: Annotated[Path, typer.Argument(help="A results folder, or a Parquet file of one.")],
    sql: Annotated[str, typer.Argument(help="SQL of DuckDB; the table is called rows.")],
    form: Annotated[
        str, typer.Option("--format", help="text, csv or json (a list of objects).")
    ] = "text",
) -> None:
    """Answer SQL about the episodes in WHERE; rows that are not in the Parquet file yet count.

    The columns are those of docs/evaluate.md. Results are read only.
    """
    from helmsight.evals.query import query

    print(query(where, sql, form))
