"""Picture files of others: their size is known, and small enough, before they are decoded.

A PNG of 100 KB can hold a picture of gigabytes.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.errors import PictureRefused

MOST_BYTES = 64 << 20
MOST_PIXELS = 50_000_000  # 150 MB as RGB; cameras of telephones make as many
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


def decode(data: bytes, name: str, how: int | None = None) -> NDArray[np.uint8]:
    """Return a picture file (H, W, 3) uint8 RGB, or what OpenCV makes of it with its flags `how`.

    Raises:
        PictureRefused: as `check_size`; or it is damaged.
    """
    import cv2

    check_size(data, name)
    flags = cv2.IMREAD_COLOR_RGB if how is None else how
    picture: NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if picture is None:
        raise PictureRefused(f'"{name}" is a damaged picture')
    return picture
