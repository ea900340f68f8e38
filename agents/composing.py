"""Composes what a model is asked in its own style, whether or not it is there to answer."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from helmsight.agents.asking_style import WORDS, AskingStyle
from helmsight.agents.errors import BriefingUnusable
from helmsight.agents.messages import (
    Shown,
    as_sent,
    example_messages,
    example_shown,
    message,
    telemetry_lines,
)
from helmsight.agents.upright import Upright
from helmsight.contract.observation import Box
from helmsight.contract.pilot import Sighting
from helmsight.contract.sent import PIXELS, Picture, View
from helmsight.contract.task import Example, Task
from helmsight.prompts.templates import render, render_text, schema_text
from helmsight.prompts.thinking import Think, with_reason

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from helmsight.agents.question import Question
    from helmsight.tools.placing import Placement

BRIEFING = """You operate a world through its commands. Task: {{ goal }}
{% if pictures %}

What you see: {{ pictures | join(", then ") }}.
{% endif %}
"""
"""The words for a world that brings none of its own."""


class Composer:
    """Writes the messages of an episode's decisions, as `style` wants them.

    `local`: pictures are pixels, for a model in this process; PNG for others. `upright` knows how
    the picture lies in the frames of the episode: they are set right before they are shown.
    """

    def __init__(self, style: AskingStyle, *, local: bool) -> None:
        self.style, self.local = style, local
        self.in_words = style.prompt == WORDS
        needs = style.needs.split("+")
        self.sees, self.reads = "frame" in needs, "telemetry" in needs
        self.think: Think = style.think if self.in_words else "none"
        self.earlier: deque[Sighting] = deque(maxlen=style.history_frames)
        self._lay: deque[Placement] = deque(maxlen=style.history_frames)
        self.upright = Upright()

    def begin(self, task: Task) -> dict[str, bytes]:
        """Take up an episode of `task`; return the pictures that its messages name, by digest.

        Raises:
            BriefingUnusable: the briefing is no template, or asks for what is not given.
        """
        self.task = task
        schema = task.command.model_json_schema()
        self.schema = schema_text(with_reason(schema) if self.think == "brief" else schema)
        self.earlier.clear()
        self._lay.clear()
        self.upright.begin(task if self.sees else None)
        self.opening, self._digest = self._begin()
        return {
            shown.part.picture: shown.image
            for shown in map(example_shown, self._examples())
            if isinstance(shown.part, Picture) and isinstance(shown.image, bytes)
        }

    def asked(self, sighting: Sighting) -> tuple[list[BaseMessage], str]:
        """Return the messages that ask for a command, and the SHA-256 of all that is shown."""
        prompt = "decide" if self.in_words else self.style.prompt
        question, digest = self.question(sighting, prompt)
        return self.in_roles([*self.opening, question]), digest

    def covered(self, sighting: Sighting) -> list[str]:
        """Return the regions that the model would be shown and that something else is in."""
        if not self.sees:
            return []
        from helmsight.tools.marks import chosen

        regions = self.task.regions
        names = chosen(self.style.views.names or tuple(regions), regions)
        looked_at = {name: regions[name] for name in names if name in regions}
        return self.upright.covered(sighting.observation["frame"], looked_at)

    def watch(self, sighting: Sighting) -> None:
        """Take note of what was shown at a step: the next questions may show it again."""
        self.earlier.append(sighting)
        if self.sees:
            self._lay.append(self.upright.placed(sighting.observation["frame"]))

    def in_roles(self, messages: list[BaseMessage]) -> list[BaseMessage]:
        """Return messages as the model takes them: with a message of the system, or without."""
        from helmsight.agents.question import without_system

        return messages if self.style.system_role else without_system(messages)

    def question(self, sighting: Sighting, prompt: str) -> tuple[Question, str]:
        """Return the message of the template `prompt`, and the digest of all that is shown."""
        digest = self._digest.copy()
        images: Sequence[Shown] = []
        if self.sees:
            frame = sighting.observation["frame"]
            images = self.views(frame, self.task.regions, self.upright.placed(frame))
            images = [*self._earlier_frames(), *images]
        text = render(
            prompt,
            goal=self.task.goal,
            schema=self.schema,
            pictures=[*self._looked_back(sighting.stamp), *self._pictures()],
            think=self.think,
            telemetry=telemetry_lines(sighting, self.task) if self.reads else (),
            relations=sighting.relations,
            history=[command.text() for command in sighting.history],
            notes=sighting.notes,
            timing=sighting.timing,
            task=self.task.name,
        )
        return message(images, text, digest), digest.hexdigest()

    def views(
        self,
        frame: NDArray[np.uint8],
        regions: Mapping[str, Box],
        placed: Placement | None = None,
        *,
        there: bool = False,
    ) -> list[Shown]:
        """Return the views of a frame that the model is shown, or those of them that are `there`.

        `placed` is how the picture lies in the frame, which is set right first.

        Raises:
            ToolsError: the model is to be shown a region that the frame does not have.
        """
        from helmsight.tools.marks import WHOLE, chosen, views
        from helmsight.tools.placing import set_right

        shown, names = self.style.views, self.style.views.names
        names = None if names is None else chosen(names, regions)
        if there and names is not None:
            names = tuple(name for name in names if name == WHOLE or name in regions) or (WHOLE,)
        whole = (0, 0, frame.shape[1], frame.shape[0])
        lay: dict[str, Any] = {}
        if placed is not None and not placed.plain:
            frame = set_right(frame, placed.matrix, placed.turn)
            lay = {"matrix": placed.matrix, "turn": placed.turn}
        return [
            as_sent(cut, self._part(name, regions.get(name, whole), cut, lay), local=self.local)
            for name, cut in views(frame, regions, shown.size, names)
        ]

    def _part(self, name: str, box: Box, cut: NDArray[np.uint8], lay: dict[str, Any]) -> View:
        """Return what a record keeps of the view called `name`, of a frame that `lay` so."""
        size, quality = (cut.shape[1], cut.shape[0]), self.style.views.jpeg
        if self.local:
            return View(name, box, size, PIXELS, **lay)
        if quality is None:
            return View(name, box, size, "image/png", **lay)
        return View(name, box, size, "image/jpeg", quality=quality, **lay)

    def _earlier_frames(self) -> list[Shown]:
        """Return the whole frames of the observations before, oldest first."""
        shown = []
        for past, placed in zip(self.earlier, self._lay, strict=True):
            whole = self.views(past.observation["frame"], {}, placed, there=True)[0]
            assert isinstance(whole.part, View)
            shown.append(whole._replace(part=replace(whole.part, stamp=past.stamp)))
        return shown

    def _looked_back(self, now: float) -> list[str]:
        """Return what these frames are called."""
        return [f"the frame of {now - past.stamp:.1f} s before" for past in self.earlier]

    def _begin(self) -> tuple[list[BaseMessage], hashlib._Hash]:
        """Return the messages that open every question of the episode, and their digest so far."""
        from langchain_core.messages import AIMessage, SystemMessage

        messages: list[BaseMessage] = []
        digest = hashlib.sha256()
        if self.in_words:
            text = self._system()
            messages.append(SystemMessage(text))
            digest.update(text.encode())
        for example in self._examples():
            question, answer = example_messages(example, self.think, digest)
            messages += [question, AIMessage(answer)]
        return messages, digest

    def _examples(self) -> Sequence[Example]:
        return self.task.examples[: self.style.few_shot] if self.sees else ()

    def _system(self) -> str:
        """Return the system message: the world's briefing, and how to answer."""
        try:
            briefing = render_text(
                self.task.briefing or BRIEFING,
                **{
                    **self.task.facts,
                    "goal": self.task.goal,
                    "pictures": self._pictures(),
                    "telemetry": self.reads,
                },
            )
        except (TemplateError, TypeError) as error:
            raise BriefingUnusable(
                f'the briefing of the world "{self.task.name}" cannot be filled in: {error}; '
                "it is a Jinja2 template that is given goal, pictures, telemetry and the task's "
                "facts"
            ) from error
        return render("operator", briefing=briefing, schema=self.schema, think=self.think)

    def _pictures(self) -> list[str]:
        if not self.sees:
            return []
        from helmsight.tools.marks import chosen

        names = chosen(self.style.views.names or ("frame", *self.task.regions), self.task.regions)
        return ["the whole frame" if n == "frame" else f"the {n}, enlarged" for n in names]
