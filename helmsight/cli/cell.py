"""`helmsight cell`: what inspection cells look like, by their seeds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from helmsight.errors import InvalidSetting

EXAMPLES = """Examples:

helmsight cell --seeds 0-11 --out sheet.png

helmsight cell --seeds 4,8,15
"""


def command(
    seeds: Annotated[str, typer.Option("--seeds", "-s", help="Cells: 0-11, or 4,8,15.")] = "0-11",
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write.")] = Path("cells.png"),
    side: Annotated[int, typer.Option(min=64, max=640, help="Pixels a cell.")] = 320,
) -> None:
    """Draw inspection cells on one sheet, with what is wrong in each."""
    chosen = parse_seeds(seeds)
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise InvalidSetting(f"--out {out}: expected a name that ends in .png or .jpg")
    if not out.parent.is_dir():
        raise InvalidSetting(f"--out {out}: there is no folder {out.parent}")
    from PIL import Image

    from helmsight.envs.inspection.sheet import contact_sheet

    Image.fromarray(contact_sheet(chosen, side)).save(out)
    print(f"{len(chosen)} cells in {out}")


def parse_seeds(text: str) -> list[int]:
    """Return the seeds that `0-11` or `4,8,15` names. Raises InvalidSetting."""
    seeds: list[int] = []
    for piece in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", piece)
        first, last = (found[1], found[2] or found[1]) if found else ("1", "0")
        if int(last) < int(first) or int(last) - int(first) >= 100:
            raise InvalidSetting(f"--seeds {text}: expected seeds as 0-11 or 4,8,15, at most 100")
        seeds += range(int(first), int(last) + 1)
    return seeds
