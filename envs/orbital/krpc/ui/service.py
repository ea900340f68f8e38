"""The UI service, which the modules of this package fill, and its enumerations."""

from __future__ import annotations

from enum import IntEnum

from helmsight.envs.orbital.krpc.registry import Service, since

service = Service("UI", "Windows, texts and buttons on a screen that nobody sees.")


@service.enum
class FontStyle(IntEnum):
    """How letters are written."""

    NORMAL = 0
    BOLD = 1
    ITALIC = 2
    BOLD_AND_ITALIC = 3


@service.enum
class MessagePosition(IntEnum):
    """Where a message stands."""

    BOTTOM_CENTER = 0
    TOP_CENTER = 1
    TOP_LEFT = 2
    TOP_RIGHT = 3


@service.enum
class TextAlignment(IntEnum):
    """How lines lie to one another."""

    LEFT = 0
    RIGHT = 1
    CENTER = 2


@service.enum
class TextAnchor(IntEnum):
    """Where a text lies in its rectangle."""

    LOWER_CENTER = 0
    LOWER_LEFT = 1
    LOWER_RIGHT = 2
    MIDDLE_CENTER = 3
    MIDDLE_LEFT = 4
    MIDDLE_RIGHT = 5
    UPPER_CENTER = 6
    UPPER_LEFT = 7
    UPPER_RIGHT = 8


@service.enum
@since("0.7.0")
class PanelStyle(IntEnum):
    """What is behind a panel."""

    WINDOW = 0
    BOX = 1
    NONE = 2


@service.enum
@since("0.7.0")
class InputContentType(IntEnum):
    """What can be written into a field."""

    STANDARD = 0
    INTEGER = 1
    DECIMAL = 2
    ALPHANUMERIC = 3
    PASSWORD = 4


@service.enum
@since("0.7.0")
class ContentSizeFit(IntEnum):
    """How a panel follows the size of what is in it."""

    UNCONSTRAINED = 0
    MIN_SIZE = 1
    PREFERRED_SIZE = 2


@service.enum
@since("0.7.0")
class GridConstraint(IntEnum):
    """What fixes the shape of a grid."""

    FLEXIBLE = 0
    FIXED_COLUMN_COUNT = 1
    FIXED_ROW_COUNT = 2
