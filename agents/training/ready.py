"""What a training goes on from and writes to, looked at before anything is flown or drawn."""

from __future__ import annotations

from pathlib import Path

from helmsight.agents.errors import DataUnusable
from helmsight.agents.models.sources import folder_here

MADE = ("helmsight.json", "checkpoint", "flights")
"""What a training leaves in its folder, one of them at least."""


def made_ready(start: str | Path | None, out: Path, device: str = "cpu") -> Path | None:
    """Return the folder of the model that a training goes on from, None for none.

    Comes before anything is flown, drawn or written. start: a shipped name, or a folder.

    Raises:
        ModelUnavailable: there is no such model. DataUnusable: `out` holds other things.
        EngineUnfit: this machine has no such device.
    """
    from helmsight.agents.models.loading import device_of  # loads torch

    check_out(out)
    device_of(device)
    return None if start is None else folder_here(str(start))


def check_out(out: Path) -> None:
    """Raise DataUnusable where a training would write over what is no model of one.

    Its folder is replaced at every checkpoint.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise DataUnusable(f"{out} is no folder; give another one with --out")
    if any(out.iterdir()) and not any((out / name).exists() for name in MADE):
        raise DataUnusable(
            f"{out} holds other things than a model that was trained, and a training replaces "
            "what is there; give another folder with --out"
        )
