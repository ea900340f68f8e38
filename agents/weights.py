"""Which weights a pilot has: a digest of its model folder, so that a run goes on with the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from helmsight.agents.models.load import shipped
from helmsight.agents.scripted import EXPERTS

WHOLE = 64 << 20  # bytes; of larger files pieces are taken, spread over all of it
PIECE, PIECES = 64 << 10, 256


def digest_of_folder(folder: Path) -> str:
    """Return a digest of the files of a model folder, 64 hexadecimal digits.

    Files of up to 64 MB count whole, of larger ones the size and 16 MB of pieces: other weights
    differ everywhere, and a model of 15 GB is told in a second.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            if size <= WHOLE:
                digest.update(hashlib.file_digest(file, "sha256").digest())
                continue
            for piece in range(PIECES):
                file.seek(piece * (size - PIECE) // (PIECES - 1))
                digest.update(file.read(PIECE))
    return digest.hexdigest()


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
