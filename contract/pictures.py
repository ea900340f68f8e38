"""Picture files of others: their size is known, and small enough, before they are decoded.

A PNG of 100 KB can hold a picture of gigabytes.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.errors import PictureRefused
from helmsight.contract.opening import read_whole

MOST_BYTES = 64 << 20
MOST_PIXELS = 50_000_000  # 150 MB as RGB; cameras of telephones make as many
LEAST_SIDE = 8  # px of a picture in which something can be seen
ORIENTATION = 0x0112  # the EXIF tag
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")


def check_size(data: bytes, name: str) -> tuple[int, int]:
    """Return width and height, px, of the picture file `data`, called `name`, out of its head.

    Raises:
        PictureRefused: it is no picture, or one of more than `MOST_PIXELS`.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            width, height = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(f'"{name}" is too large a picture: {error}') from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureRefused(f'"{name}" is no picture ({type(error).__name__})') from None
    if width * height > MOST_PIXELS:
        raise PictureRefused(
            f'"{name}" has {width}x{height} pixels, and pictures have {MOST_PIXELS} at most; '
            "make it smaller"
        )
    return width, height


def decode(data: bytes, name: str) -> NDArray[np.uint8]:
    """Return a picture file (H, W, 3) uint8 RGB, as a viewer shows it.

    Turned as its EXIF says, 16 bits a channel brought to 8, and white where it is transparent.

    Raises:
        PictureRefused: as `check_size`; it is damaged; it has numbers that are no brightness.
    """
    import cv2

    check_size(data, name)
    try:
        picture: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    if picture is None:
        raise PictureRefused(f'"{name}" is a damaged picture')
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    elif picture.dtype != np.uint8:
        raise PictureRefused(f'"{name}" holds {picture.dtype} numbers; save it with 8 bits each')
    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.shape[2] in (2, 4):
        cover = picture[..., -1:] / 255.0
        picture = np.rint(picture[..., :-1] * cover + 255.0 * (1.0 - cover)).astype(np.uint8)
    coloured = np.broadcast_to(picture[..., ::-1], (*picture.shape[:2], 3))
    return np.ascontiguousarray(_upright(coloured, _orientation(data)))


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return the picture in a file that a person named, as `decode`.

    Raises:
        PictureRefused: as `decode`; the file cannot be read; the picture is too small to show
            anything.
    """
    try:
        picture = decode(read_whole(path, MOST_BYTES, follow=True), str(path))
    except OSError as error:
        raise PictureRefused(f'"{path}" cannot be read: {error.strerror or error}') from error
    height, width = picture.shape[:2]
    if min(height, width) < LEAST_SIDE:
        raise PictureRefused(
            f'"{path}" has {width}x{height} pixels, and nothing can be told from fewer than '
            f"{LEAST_SIDE} along a side"
        )
    return picture


def _orientation(data: bytes) -> int:
    """Return the EXIF orientation of a picture file: 1 to 8, 1 for none."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            return int(picture.getexif().get(ORIENTATION, 1))
    except (OSError, ValueError, TypeError, SyntaxError, EOFError, struct.error):
        return 1  # what is written there is none: a viewer shows the picture as it is stored


def _upright(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return a picture turned as an EXIF orientation says; one that there is not turns nothing."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture
