"""What the player's screen shows: where the camera looks from, and what lies over the picture.

Scripts set it and read it back. The cockpit's picture is drawn from the pilot's seat all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

AUTOMATIC, MAP = 0, 6
"""Modes of the camera, as kRPC numbers them."""


@dataclass
class Eye:
    """A camera: degrees, and m from what it looks at."""

    pitch: float = 0.0
    heading: float = 0.0
    distance: float = 0.0


@dataclass
class View:
    """The screen.

    Attributes:
        mode: of the camera. outside, chart: the camera in flight and the one of the map.
        focus: what the map is centred on, None for the active vessel.
        interface, navball: whether they are shown. filter: what the map shows, a sum of bits.
    """

    mode: int = AUTOMATIC
    outside: Eye = field(default_factory=Eye)
    chart: Eye = field(default_factory=Eye)
    focus: object = None
    interface: bool = True
    navball: bool = True
    filter: int = -1
