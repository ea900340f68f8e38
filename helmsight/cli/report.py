"""`helmsight report`: the page and the tables of an evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """Examples:

helmsight report runs/kspdg

helmsight report runs/kspdg --format md,latex,csv --out paper/tables
"""


def command(
    where: Annotated[
        Path, typer.Argument(help="Results folder of an evaluation, or a Parquet file of one.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder for the report. Default: report/ beside the rows.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="html, md, latex, csv; several with commas between.")
    ] = "html,md,latex,csv",
) -> None:
    """Judge the episodes in WHERE and write what may be said of them.

    One HTML page that needs nothing else, and the same tables for papers and programs. An
    evaluation that is still running, or was cut off, is judged by what is there.
    """
    from helmsight.evals.report.judged import judged
    from helmsight.evals.report.notes import headline
    from helmsight.evals.report.writing import forms, write_report
    from helmsight.evals.store import REPORT

    asked = forms(form)
    beside = where if where.is_dir() else where.parent
    folder = out or beside / REPORT
    found = judged(where, folder)
    typer.echo(headline(found)[0], err=True)
    for path in write_report(found, folder, asked):
        print(path)
