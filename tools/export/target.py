"""The folder that data are written into."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helmsight.contract.writing import write_whole
from helmsight.tools.errors import NothingToExport

CARD = "dataset.json"
SCHEMA = 1


def begin(folder: Path) -> None:
    """Make a new folder.

    Raises:
        NothingToExport: something is in it. OSError: it cannot be made.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NothingToExport(
            f"{folder} is there already, and nothing in it is written over; give another --out"
        )
    folder.mkdir(parents=True, exist_ok=True)


def describe(folder: Path, card: Mapping[str, Any]) -> None:
    """Write what the data are; last of all, so that half a data set has no such file."""
    write_whole(folder / CARD, json.dumps({"schema": SCHEMA, **card}, indent=2) + "\n")
