"""The states that a part can be found in."""

from __future__ import annotations

SOUND = "sound"
NOT_SEEN = "not seen"
"""It is hidden, or not in the picture."""


def states(defects: tuple[str, ...]) -> tuple[str, ...]:
    """Return every answer there is about a part that may have `defects`."""
    return (NOT_SEEN, SOUND, *defects)
