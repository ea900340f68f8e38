"""Our tasks as Inspect knows them: under the name of the package that they are installed with."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
_path = sys.path[:]
# `python -m pytest` has the root on its path, where an editable install leaves an egg-info that
# does not say that it is one: Inspect would find our package and take it for not installed
sys.path[:] = [entry for entry in _path if Path(entry or ".").resolve() != ROOT]
try:
    import helmsight.evals.bridges.inspectai.tasks  # noqa: F401  registers them
finally:
    sys.path[:] = _path
