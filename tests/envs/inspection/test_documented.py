"""What docs/inspection.md shows runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[3] / "docs" / "inspection.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.serial
@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
)
def test_a_python_block_about_the_cell_runs(drawing: None, code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, timeout=600, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
