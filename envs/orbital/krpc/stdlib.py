"""The StdLib service, which kRPC has from 0.7 on: here only the colours that others use."""

from __future__ import annotations

from typing import NamedTuple

from helmsight.envs.orbital.krpc.registry import Service, since

service = Service("StdLib", "Colours as other services tell them.")


@service.struct
@since("0.7.0")
class ColorRGB(NamedTuple):
    """A colour: red, green and blue, 0 to 1."""

    r: float
    g: float
    b: float
