"""What commands print: one line of JSON for scripts, or names and values for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.contract.jsontext import exact_json

if TYPE_CHECKING:
    from helmsight.afterwards import Afterword


def json_line(data: Any) -> str:
    """Return `data` as one line of strict and exact JSON: what is not finite becomes null."""
    from helmsight.contract.record import plain

    if sys.stdout.encoding == "utf-8":
        return exact_json(plain(data))
    return json.dumps(plain(data), allow_nan=False)


def show_run(
    summary: Mapping[str, Any],
    folder: Path | None,
    afterword: Afterword | None = None,
    *,
    as_json: bool,
) -> None:
    """Print what a run comes to: one line of JSON, or words, and where the page is, if any.

    The words are those of `afterword`, where there are any, and how a machine stopped; else the
    summary as a table.
    """
    if as_json:
        print(json_line({**summary, **(afterword.data if afterword else {})}))
        return
    if afterword is None:
        print("\n".join(summary_lines(summary)))
    else:
        stopped = {"stop": summary["stop"]} if "stop" in summary else {}
        print("\n".join([*afterword.lines, *summary_lines(stopped)]))
    page = folder / "index.html" if folder is not None else None
    if page is not None and page.is_file():
        print(f"page: {page.resolve().as_uri()}")


def summary_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return a summary as lines of name and value, without how it was recorded."""
    return [
        f"{key:<20} {value_words(value)}"
        for key, value in summary.items()
        if key not in ("recording", "schema")
    ]


def value_words(value: Any) -> str:
    """Return one summary value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}" if abs(value) >= 0.1 or not value else f"{value:.2g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "-" if value is None else str(value)
