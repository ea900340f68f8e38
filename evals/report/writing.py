"""Reports on disk: the page and the tables of an evaluation, in the forms asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helmsight.contract.plugins import nearest
from helmsight.contract.writing import write_whole
from helmsight.evals.errors import InvalidPlan, ResultsUnusable
from helmsight.evals.report.formats import csv_text, latex, markdown
from helmsight.evals.report.judged import Judged
from helmsight.evals.report.notes import headline, notes
from helmsight.evals.report.page import render
from helmsight.evals.report.sheets import sheets
from helmsight.tools.folder import PAGE

HTML, MARKDOWN, TEX, CSV = FORMATS = ("html", "md", "latex", "csv")
MARKDOWN_FILE = "report.md"
MARK = '<meta name="generator" content="helmsight report">'


def forms(text: str) -> list[str]:
    """Return the forms of a comma-separated list.

    Raises:
        InvalidPlan: one of them is none, or there is none.
    """
    asked = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for form in asked:
        if form not in FORMATS:
            raise InvalidPlan(f"--format {form!r} is not known: {nearest(form, FORMATS)}")
    if not asked:
        raise InvalidPlan(f"--format is empty; choose from {', '.join(FORMATS)}")
    return asked


def write_report(found: Judged, folder: Path, asked: Sequence[str] = FORMATS) -> list[Path]:
    """Write a report into `folder` and return its files, each whole or not at all.

    Raises:
        ResultsUnusable: a file cannot be written, or would replace something else than a report.
    """
    title = str(found.about.get("suite", {}).get("name", "")) or found.rows[0].suite or "Evaluation"
    tables = sheets(found)
    texts: dict[str, str] = {}
    if HTML in asked:
        texts[PAGE] = render(found, tables, title)
    if MARKDOWN in asked:
        said = [f"**{headline(found)[0]}.**", *(note for note in notes(found) if note)]
        texts[MARKDOWN_FILE] = markdown(tables, title, said)
    if TEX in asked:
        texts |= {f"{sheet.name}.tex": latex(sheet) for sheet in tables}
    if CSV in asked:
        texts |= {f"{sheet.name}.csv": csv_text(sheet) for sheet in tables}
    _check_ours(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise ResultsUnusable(
            f"{folder} cannot be written ({error}); give another folder with --out"
        ) from error
    return [folder / name for name in texts]


def _check_ours(folder: Path) -> None:
    """Raise ResultsUnusable where a folder holds other things than an earlier report."""
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    page = folder / PAGE
    if page.is_file() and MARK in page.read_bytes()[:4096].decode(errors="replace"):
        return
    others = {n for n in held - {PAGE, MARKDOWN_FILE} if not n.endswith((".tex", ".csv"))}
    if held == {PAGE}:  # reports had no mark once, but tables beside the page
        others = held
    if others:
        raise ResultsUnusable(
            f'{folder} holds other things than a report ("{min(others)}"), and nothing is written '
            "over them; give another folder with --out"
        )
