"""Intrinsics of a camera, from a file, and pictures without its lens distortion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helmsight.contract.errors import InvalidOption
from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.hardware.cameras.frame import Pixels

ASPECT = 0.005  # relative; how far width/height may be off before scaling makes no sense
ORDERS = (0, 4, 5, 8, 12, 14)  # coefficients that OpenCV's distortion model takes


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fx: float = Field(gt=0, allow_inf_nan=False)
    fy: float = Field(gt=0, allow_inf_nan=False)
    cx: float = Field(allow_inf_nan=False)
    cy: float = Field(allow_inf_nan=False)
    distortion: tuple[Annotated[float, Field(allow_inf_nan=False)], ...]
    width: int = Field(gt=0)
    height: int = Field(gt=0)


@dataclass(frozen=True)
class Intrinsics:
    """Pinhole model with OpenCV's distortion coefficients (k1 k2 p1 p2 k3 ...).

    fx, fy, cx, cy: pixels, for pictures of width x height; pixel centres at whole numbers.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...]
    width: int
    height: int

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The camera matrix K (3, 3)."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    def scaled(self, width: int, height: int) -> Intrinsics:
        """Return them for pictures of another size with the same aspect ratio.

        Raises:
            InvalidOption: another aspect ratio: a crop, which no scale undoes.
        """
        x, y = width / self.width, height / self.height
        if abs(x / y - 1.0) > ASPECT:
            raise InvalidOption(
                f"intrinsics for width {self.width} height {self.height}, pictures are {width}x"
                f"{height}: another aspect ratio, so a crop; calibrate at the size that is used"
            )
        return replace(
            self,
            fx=self.fx * x,
            fy=self.fy * y,
            cx=(self.cx + 0.5) * x - 0.5,
            cy=(self.cy + 0.5) * y - 0.5,
            width=width,
            height=height,
        )

    def undistort(self, pixels: Pixels) -> Pixels:
        """Return `pixels` (height, width, 3) as the same camera without distortion sees them."""
        import cv2

        columns, rows = self._maps
        return np.asarray(cv2.remap(pixels, columns, rows, cv2.INTER_LINEAR))

    @cached_property
    def _maps(self) -> tuple[Any, Any]:
        import cv2

        K = self.matrix
        coefficients = np.array(self.distortion, np.float64)
        size = (self.width, self.height)
        maps = cv2.initUndistortRectifyMap(K, coefficients, None, K, size, cv2.CV_16SC2)
        return maps[0], maps[1]


def load_intrinsics(path: str | Path) -> Intrinsics:
    """Return the intrinsics in a TOML or JSON file.

    Keys, all of them needed: fx fy cx cy distortion width height; distortion = [] for none.

    Raises:
        InvalidOption: a file that cannot be read, with the key that is missing or wrong.
    """
    path = Path(path)
    try:
        text = read_text(path)
        data = parse_json(text) if path.suffix == ".json" else parse_toml(text)
    except (OSError, ValueError) as error:
        raise InvalidOption(f"intrinsics {path}: {error}; expected a .toml or .json file") from None
    try:
        written = _Written.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        mistake = {"missing": "missing", "extra_forbidden": "unknown key"}.get(
            first["type"], f"{first['msg']}, given {first['input']!r}"
        )
        raise InvalidOption(
            f"intrinsics {path}: {key}: {mistake}; needed are {' '.join(_Written.model_fields)}"
        ) from None
    if len(written.distortion) not in ORDERS:
        raise InvalidOption(
            f"intrinsics {path}: distortion: {len(written.distortion)} numbers, "
            f"expected one of {', '.join(map(str, ORDERS))} (OpenCV's order k1 k2 p1 p2 k3 ...)"
        )
    if not np.isfinite(written.distortion).all():
        raise InvalidOption(f"intrinsics {path}: distortion: {written.distortion} is not finite")
    return Intrinsics(**written.model_dump())
