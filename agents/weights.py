"""What a pilot answers out of: a digest of its model folder, or of the answers that it was given.

A run goes on with the same weights, or with the same answers.
"""

from __future__ import annotations

from pathlib import Path

from helmsight.agents.models.cards import specialists_in
from helmsight.agents.models.digests import digest_of_folder
from helmsight.agents.models.sources import shipped
from helmsight.agents.scripted import EXPERTS
from helmsight.contract.identity import digest
from helmsight.contract.textfiles import read_text

SCRIPTED = "scripted:"
"""What the name of a model that answers the lines of a file begins with."""


def model_folder(pilot: str) -> Path | None:
    """Return the folder of the model that a pilot is or has as its eyes, None for none."""
    model = _model(pilot)
    if model in EXPERTS:
        return None
    folder = shipped(model) or Path(model.removeprefix("local:"))
    return folder if folder.is_dir() else None


def weights_of(pilot: str) -> str:
    """Return what a record keeps of the weights of `pilot`, or of its answers; "" without both."""
    if (model := _model(pilot)).startswith(SCRIPTED):
        answers = Path(model.removeprefix(SCRIPTED))
        return digest(read_text(answers)) if answers.is_file() else ""
    if (folder := model_folder(pilot)) is None:
        return ""
    beside = sorted({*specialists_in(folder).values()})
    every = [digest_of_folder(each) for each in (folder, *beside)]
    return (every[0] if len(every) == 1 else digest(" ".join(every)))[:16]


def _model(pilot: str) -> str:
    kind, _, eyes = pilot.partition(":")
    return eyes if kind == "inspector" and eyes else pilot
