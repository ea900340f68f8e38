"""Tables of a report as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from helmsight.evals.report.sheet import Sheet
from helmsight.evals.tables import table

LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip


def markdown(sheets: Sequence[Sheet], title: str, notes: Sequence[str]) -> str:
    """Return a page of Markdown: the notes, then every table with its legend."""
    parts = [f"# {title}", *notes]
    for sheet in sheets:
        lines = [[cell.replace("|", "\\|") for cell in line] for line in sheet.lines]
        parts += [f"## {sheet.title}", table(sheet.columns, lines, markdown=True), sheet.legend]
    return "\n\n".join(filter(None, parts)) + "\n"


def latex(sheet: Sheet) -> str:
    """Return a table for LaTeX with the package booktabs: `\\input` it anywhere in a text."""
    rows = [" & ".join(map(_escaped, line)) + r" \\" for line in (sheet.columns, *sheet.lines)]
    columns = "l" * len(sheet.columns)
    return "\n".join(
        [
            f"% {sheet.title}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule", rows[0],
            r"\midrule", *rows[1:], r"\bottomrule", r"\end{tabular}", "",
        ]
    )  # fmt: skip


def csv_text(sheet: Sheet) -> str:
    """Return a table as CSV (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(sheet.columns)
    writer.writerows(sheet.lines)
    return text.getvalue()


def _escaped(cell: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in " ".join(cell.split()))
