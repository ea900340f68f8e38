"""The states that a part can be found in."""

from __future__ import annotations

from helmsight.envs.inspection.parts import NONE, possible

SOUND = "sound"
ABSENT = "absent"
"""It is not there at all."""
NOT_SEEN = "not seen"
"""It is hidden, or not in the picture."""
UNSURE = "unsure"
"""It was seen, and its state cannot be told."""


def states(defects: tuple[str, ...]) -> tuple[str, ...]:
    """Return every answer there is about a part that may have `defects`."""
    return (NOT_SEEN, SOUND, *defects)


def reportable(part: str) -> tuple[str, ...]:
    """Return every state in which a part can be reported."""
    wrong = tuple(defect for defect in possible(part) if defect != NONE)
    return (SOUND, *wrong, ABSENT, NOT_SEEN, UNSURE)
