"""Who is asked where things are: a pilot that can answer free questions about a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.errors import CannotBeAsked, ModelRefused
from helmsight.contract.calls import Call
from helmsight.contract.observation import Box
from helmsight.contract.pilot import Pilot
from helmsight.prompts.orders import Prompt

Image = NDArray[np.uint8]


class Asker(Protocol):
    """Answers spatial prompts about a picture."""

    def ask(self, image: Image, prompt: Prompt, *, attempt: int = 0) -> str:
        """Return the answer to `prompt.text` about an RGB image (H, W, 3) uint8.

        `attempt` counts the questions about the same picture from 0 on: an asker that draws at
        random answers each with its own seed.
        """
        ...


@runtime_checkable
class Askable(Protocol):
    """A pilot that answers free questions about pictures; `relates` tells whether of relations."""

    relates: bool

    def answer_free(
        self, text: str, image: Image, regions: Mapping[str, Box], *, draw: int | None = None
    ) -> str:
        """Return the answer to `text` about `image` and its `regions`; drawn at random by the seed
        `draw` where the model can.
        """
        ...


class PilotAsker:
    """Asks a pilot behind which is a chat model.

    Raises:
        CannotBeAsked: the pilot has nothing to ask, or its model was not made for such questions.
    """

    def __init__(self, pilot: Pilot, regions: Mapping[str, Box] | None = None) -> None:
        if not isinstance(pilot, Askable):
            raise CannotBeAsked(
                f'pilot "{pilot.name}" cannot be asked where things are: there is no chat model '
                "behind it; take a vision-language model, as --pilot PROVIDER:MODEL or "
                "local:FOLDER, or ground with the strategy direct"
            )
        if not pilot.relates:
            raise CannotBeAsked(
                f'pilot "{pilot.name}" was not trained to answer spatial prompts (its '
                'helmsight.json does not say "relates": true); ask bundled-relations or a general '
                "vision-language model, PROVIDER:MODEL or local:FOLDER (in flight with --grounding "
                "STRATEGY@PILOT), or take the strategy direct"
            )
        self._pilot: Askable = pilot
        self._regions = regions or {}

    def ask(self, image: Image, prompt: Prompt, *, attempt: int = 0) -> str:
        """Return the model's answer; raises whatever the model raises.

        What is asked again is drawn at random: the likeliest answer would be the same mistake.
        """
        return self._pilot.answer_free(prompt.text, image, self._regions, draw=attempt or None)

    def taken(self) -> tuple[Call, ...]:
        """Return the requests to its model since this was last called."""
        taken: Callable[[], tuple[Call, ...]] = getattr(self._pilot, "taken", tuple)
        return taken()


class FailSafeAsker:
    """Asks another asker and takes a failure for an empty answer, counted in `failed`: a flight
    goes on without relations.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.failed = 0

    def ask(self, image: Image, prompt: Prompt, *, attempt: int = 0) -> str:
        """Return the answer, "" when there was none.

        Raises:
            ModelRefused: there will be none for any other question either.
        """
        try:
            return self._asker.ask(image, prompt, attempt=attempt)
        except ModelRefused:
            raise
        except Exception:  # whatever a provider raises
            self.failed += 1
            return ""
