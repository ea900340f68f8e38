"""Digests of model folders: other weights have another one."""

from __future__ import annotations

import hashlib
from pathlib import Path

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
