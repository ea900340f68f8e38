"""Which weights a pilot has: a digest of its model folder, so that a run goes on with the same."""

from __future__ import annotations

from pathlib import Path

from helmsight.agents.models.digests import digest_of_folder
from helmsight.agents.models.load import shipped
from helmsight.agents.scripted import EXPERTS


def model_folder(pilot: str) -> Path | None:
    """Return the folder of the model that a pilot is or has as its eyes, None for none."""
    kind, _, eyes = pilot.partition(":")
    model = eyes if kind == "inspector" and eyes else pilot
    if model in EXPERTS:
        return None
    folder = shipped(model) or Path(model.removeprefix("local:"))
    return folder if folder.is_dir() else None


def weights_of(pilot: str) -> str:
    """Return what a record keeps of the weights of `pilot`, "" for one without a model folder."""
    folder = model_folder(pilot)
    return "" if folder is None else digest_of_folder(folder)[:16]
