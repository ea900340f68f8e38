"""Files that are written whole: whoever reads one finds the old one or the new one, never half."""

from __future__ import annotations

import os
from pathlib import Path

from helmsight.contract.foreign import well_formed
from helmsight.contract.opening import open_new


def write_whole(path: Path, content: str | bytes) -> None:
    """Write `content` to `path`, which is a file of its own afterwards, whatever it was before.

    A process that is killed meanwhile leaves the old file, and perhaps one that ends in `.tmp`.
    What is no character of Unicode in a text is written as U+FFFD.
    """
    data = well_formed(content).encode() if isinstance(content, str) else content
    temporary = path.with_name(path.name + ".tmp")
    try:
        with os.fdopen(open_new(temporary), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may leave the new name without the text
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
