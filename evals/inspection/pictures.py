"""Pictures of a report: crops and frames as files and inside a page."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

QUALITY = 88  # of JPEG


def jpeg(picture: NDArray[np.uint8], width: int | None = None) -> bytes:
    """Return a picture (H, W, 3) RGB as JPEG, `width` px wide if it is given."""
    if width is not None:
        height = round(picture.shape[0] * width / picture.shape[1])
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return data.tobytes()


def address(picture: NDArray[np.uint8], width: int | None = None) -> str:
    """Return a picture as the address of an image, which holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(picture, width)).decode()
