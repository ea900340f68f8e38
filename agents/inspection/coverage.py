"""The baseline: fixed views, and the difference to the drawing."""

from __future__ import annotations

from helmsight.agents.inspection.drawing import Drawing
from helmsight.agents.inspection.inspector import Inspector


class Coverage(Inspector):
    """The inspector without a model and without a choice: all views are fixed.

    The drawing is that of the task's cell, by `facts["cell"]`, or else by the episode's seed.
    """

    def __init__(self) -> None:
        super().__init__(None, "coverage", look="fixed", drawing=Drawing())
