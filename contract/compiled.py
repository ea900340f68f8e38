"""What was compiled of C when helmsight was installed (`c_build.py`), as long as it is still so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any


def compiled(name: str, folder: Path, sources: Sequence[str]) -> Any:
    """Return the module called `name`, compiled from the files `sources` in `folder`, the header
    first; None where it was not compiled, or when they have changed since.
    """
    try:
        module: Any = import_module(name)
    except ImportError:
        return None
    digest = hashlib.sha256()
    for each in sources:
        digest.update((folder / each).read_bytes())
    made_of = module.ffi.string(module.lib.made_of).decode()
    return module if made_of == digest.hexdigest() else None
