"""An inspector out of a model and its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from helmsight.agents.decide import ModelPilot
from helmsight.agents.inspection.change import CHANGE
from helmsight.agents.inspection.drawing import Drawing
from helmsight.agents.inspection.eyes import AskingEyes, Eyes, WeighingEyes
from helmsight.agents.inspection.inspector import Inspector, LookStyle
from helmsight.agents.inspection.knowledge import Knowledge
from helmsight.contract.errors import InvalidOption
from helmsight.contract.validation import wrong

OWN = "own"
"""The name by which the eyes themselves are asked for relations."""
PROMPT = "inspection/part"
"""The template of a model that was trained to judge crops."""


class Settings(BaseModel):
    """What an inspector can be told besides what its model is told.

    look: see `Inspector`. knowledge: a Markdown file about the satellite. relations: the pilot that
    answers questions about relations, or `own`. compare: whether crops are compared with the
    drawing in figures, too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: LookStyle = "adaptive"
    knowledge: Path | None = None
    relations: str = "bundled-relations"
    compare: bool = True

    @classmethod
    def out_of(cls, options: Mapping[str, Any]) -> tuple[Self, dict[str, Any]]:
        """Return the settings among the options of a pilot, and the options that are none.

        Raises:
            InvalidOption: a setting that cannot be had.
        """
        own = {k: v for k, v in options.items() if k in cls.model_fields and v is not None}
        try:
            settings = cls.model_validate(own)
        except ValidationError as error:
            raise InvalidOption(f"the inspector cannot be set up so: {wrong(error)}") from error
        return settings, {k: v for k, v in options.items() if k not in cls.model_fields}

    def kept(self) -> dict[str, Any]:
        """Return the settings as the record of a run keeps them."""
        return self.model_dump(mode="json", exclude_none=True)


def make_inspector(
    model: ModelPilot, spec: str, settings: Settings, relating: Callable[[], Any]
) -> Inspector:
    """Return the inspector that looks with a model; `relating` makes who answers of relations.

    Raises:
        InvalidOption: the knowledge file cannot be read.
    """
    knowledge = None if settings.knowledge is None else Knowledge.read(settings.knowledge)
    options = {**model.options, **settings.kept()}
    for name in ("observation", "few_shot"):  # of a pilot that commands; this one judges crops
        options.pop(name, None)
    drawing = Drawing()
    return Inspector(
        eyes_of(model, drawing), spec, look=settings.look, knowledge=knowledge,
        drawing=drawing, compare=settings.compare,
        relating=relating, options=options,
    )  # fmt: skip


def eyes_of(model: ModelPilot, drawing: Drawing) -> Eyes:
    """Return a model as eyes: one that can weigh its answers does, any other one is asked.

    A model whose folder names the view CHANGE is shown crops together with the drawing.
    """
    if not hasattr(model.model, "weigh_batch"):
        return AskingEyes(model)
    taught: Callable[[str, str], float] | None = None
    if model.style.prompt == PROMPT:
        from helmsight.agents.training.inspector import fit

        taught = fit.taught
    return WeighingEyes(
        model.model, size=model.style.views.size, taught=taught,
        heat=model.style.heat, timeout_s=model.timeout_s,
        drawing=drawing if CHANGE in (model.style.views.names or ()) else None,
    )  # fmt: skip
