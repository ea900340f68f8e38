"""The pictures of a run that are no part of its frames: those of examples, and what was made out of
a frame before it was shown.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from helmsight.contract.errors import FileRefused
from helmsight.contract.opening import make_folder, open_new, read_whole
from helmsight.contract.pictures import MOST_BYTES

FOLDER = "pictures"


def keep(folder: Path, pictures: Mapping[str, bytes]) -> None:
    """Write pictures into a run's folder, each under its digest; what is there already stays.

    Raises:
        FileRefused: a link is in the folder's place. OSError: it cannot be written.
    """
    if not pictures:
        return
    make_folder(folder / FOLDER)
    for name, data in pictures.items():
        path = folder / FOLDER / name
        if path.is_file() and not path.is_symlink():
            continue
        with os.fdopen(open_new(path), "wb") as file:
            file.write(data)


def kept(folder: Path, name: str) -> bytes | None:
    """Return the picture of a digest, None where the run has none, or another one of that name."""
    try:
        if (folder / FOLDER).is_symlink():
            return None
        data = read_whole(folder / FOLDER / name, MOST_BYTES)
    except (OSError, FileRefused):
        return None
    return data if hashlib.sha256(data).hexdigest() == name else None
