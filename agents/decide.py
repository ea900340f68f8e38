"""Deciding with a model: what it is shown, what it is asked, and how its answer is repaired."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from helmsight.agents.asking_style import WORDS, AskingStyle
from helmsight.agents.constrain import LOCAL, constraint
from helmsight.agents.errors import BriefingUnusable
from helmsight.agents.messages import example_message, message, png, telemetry_lines
from helmsight.agents.worker import Here, Worker
from helmsight.contract.observation import Box
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.prompts.claims import Weighed
from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read
from helmsight.prompts.templates import render, render_text, schema_text

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

LONGEST_ERROR = 500
RELATING = 768  # tokens of an answer about relations: twelve lines, some sentences
BRIEFING = """You operate a world through its commands. Task: {{ goal }}
{% if pictures %}

What you see: {{ pictures | join(", then ") }}.
{% endif %}
"""
"""The words for a world that brings none of its own."""


class ModelPilot:
    """A chat model at the controls.

    The repair ladder, each rung counted in `Decision.repairs`: constrained decoding, local repair
    of the text, one re-ask with the reason, and the safe default (command None). An error of the
    model, or no answer within `think_timeout_s` wall seconds, is a default too: the run goes on.
    """

    def __init__(
        self,
        model: BaseChatModel,
        name: str,
        style: AskingStyle | None = None,
        *,
        think_timeout_s: float = 60.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.name, self.spec = model, name, name
        self.style = style or AskingStyle()
        self.needs = self.style.needs
        relates = self.style.relates
        self.relates = self._in_words if relates is None else relates
        self.local = model._llm_type == LOCAL
        self.options = dict(options or {})
        self.regions = self.style.views.names or ()
        self.remembers = bool(getattr(model, "remembers", False))
        self.timeout_s = think_timeout_s
        self._worker: Worker | Here = Worker()
        self._accepts_constraint = self.style.constrained
        self._constraint: dict[str, Any] = {}

    def through(self, model: Any) -> ModelPilot:
        """Return a pilot that asks the same through `model`, in the caller's thread and for as
        long as that takes: it may have to wait for the questions of others.
        """
        pilot = ModelPilot(
            model, self.name, self.style, think_timeout_s=math.inf, options=self.options
        )
        pilot._worker = Here()
        return pilot

    def reset(self, task: Task, seed: int) -> None:
        """Prepare for an episode of `task`: its rules, its examples, its set of commands."""
        self.task = task
        self.schema = schema_text(task.command.model_json_schema())
        self._opening, self._digest = self._begin()
        if self._accepts_constraint:
            self._constraint = constraint(self.model, task.command)

    def decide(self, sighting: Sighting) -> Decision:
        """Ask the model for one command; `command` is None when nothing usable came."""
        deadline = time.perf_counter() + self.timeout_s
        question, digest = self._question(
            sighting, "decide" if self._in_words else self.style.prompt
        )
        messages = [*self._opening, question]
        repairs: Counter[str] = Counter()
        raw: list[str] = []
        try:
            for rung in ("", "reask"):
                if rung:
                    repairs[rung] += 1
                raw.append(self._ask(messages, repairs, deadline))
                try:
                    reading = read(raw[-1], self.task.command)
                except UnreadableAnswer as problem:
                    messages = [*messages, *self._again(raw[-1], str(problem))]
                    continue
                if reading.mended:
                    repairs["local"] += 1
                return Decision(reading.command, "\n".join(raw), repairs, digest)
        except Exception as error:  # whatever a provider raises: the episode goes on
            raw.append(f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
        repairs["default"] += 1
        return Decision(None, "\n".join(raw), repairs, digest)

    def ask(self, prompt: str, sighting: Sighting) -> str:
        """Return the free answer to the template `prompt` about what is shown.

        Raises:
            TimeoutError: no answer in time; or whatever else the model raises.
        """
        question, _ = self._question(sighting, prompt)
        return str(self._answer(question).text)

    def answer_free(
        self,
        text: str,
        image: NDArray[np.uint8],
        regions: Mapping[str, Box],
        *,
        draw: int | None = None,
    ) -> str:
        """Return the free answer to `text` about an RGB image (H, W, 3) with named regions.

        Needs no episode: can be called before `reset`. Of the views that the model is used to it
        is shown those that this picture has. With `draw`, a seed, a local model draws its answer at
        random instead of taking the likeliest; a provider's answers as its options say. Where the
        model tells the probabilities of its tokens, a `Weighed` is returned.

        Raises:
            TimeoutError: no answer in time; or whatever else the model raises.
        """
        images = self._views(image, regions, there=True)
        room = {"longest": RELATING, "draw": draw, "logprobs": True} if self.local else {}
        answer = self._answer(message(images, text, hashlib.sha256()), **room)
        tokens = (answer.response_metadata.get("logprobs") or {}).get("content") or ()
        weighed = Weighed.of((token["token"], math.exp(token["logprob"])) for token in tokens)
        return weighed if tokens and weighed.strip() == answer.text.strip() else str(answer.text)

    def _answer(self, question: HumanMessage, **room: Any) -> AIMessage:
        messages: list[BaseMessage] = [question]
        answer: AIMessage = self._worker.call(
            lambda: self.model.invoke(messages, **room), self.timeout_s
        )
        return answer

    def _ask(self, messages: Sequence[BaseMessage], repairs: Counter[str], deadline: float) -> str:
        def invoke(**constraint: Any) -> str:
            left = deadline - time.perf_counter()
            message = self._worker.call(lambda: self.model.invoke(messages, **constraint), left)
            return str(message.text)

        if not self._constraint:
            return invoke()
        try:
            text = invoke(**self._constraint)
        except TimeoutError:
            raise
        except Exception:
            text = invoke()  # fails as well where the constraint was not to blame
            self._constraint, self._accepts_constraint = {}, False
            return text
        repairs["constrained"] += 1
        return text

    def _begin(self) -> tuple[list[BaseMessage], hashlib._Hash]:
        """Return the messages that open every question of the episode, and their digest so far."""
        from langchain_core.messages import AIMessage, SystemMessage

        messages: list[BaseMessage] = []
        digest = hashlib.sha256()
        if self._in_words:
            text = self._system()
            messages.append(SystemMessage(text))
            digest.update(text.encode())
        if self._sees():
            for example in self.task.examples[: self.style.few_shot]:
                messages += [example_message(example, digest), AIMessage(example.answer)]
                digest.update(example.answer.encode())
        return messages, digest

    def _system(self) -> str:
        """Return the system message: the world's briefing, and how to answer.

        Raises:
            BriefingUnusable: the briefing is no template, or asks for what is not given.
        """
        pictures = self._pictures()
        try:
            briefing = render_text(
                self.task.briefing or BRIEFING,
                **{
                    **self.task.facts,
                    "goal": self.task.goal,
                    "pictures": pictures,
                    "telemetry": self._reads(),
                },
            )
        except (TemplateError, TypeError) as error:
            raise BriefingUnusable(
                f'the briefing of the world "{self.task.name}" cannot be filled in: {error}; '
                "it is a Jinja2 template that is given goal, pictures, telemetry and the task's "
                "facts"
            ) from error
        return render("operator", briefing=briefing, schema=self.schema)

    def _question(self, sighting: Sighting, prompt: str) -> tuple[HumanMessage, str]:
        """Return the message for one decision and the SHA-256 of all that the model is shown."""
        digest = self._digest.copy()
        images = []
        if self._sees():
            images = self._views(sighting.observation["frame"], self.task.regions)
        text = render(
            prompt,
            goal=self.task.goal,
            schema=self.schema,
            pictures=self._pictures(),
            telemetry=telemetry_lines(sighting, self.task.fields) if self._reads() else (),
            relations=sighting.relations,
            history=[command.text() for command in sighting.history],
            notes=sighting.notes,
            timing=sighting.timing,
        )
        return message(images, text, digest), digest.hexdigest()

    def _views(
        self, frame: NDArray[np.uint8], regions: Mapping[str, Box], *, there: bool = False
    ) -> list[bytes]:
        """Return the views of a frame that the model is shown, as PNG; or those that are `there`.

        Raises:
            ToolsError: the model is to be shown a region that the frame does not have.
        """
        from helmsight.tools.marks import WHOLE, views

        shown, names = self.style.views, self.style.views.names
        if there and names is not None:
            names = tuple(name for name in names if name == WHOLE or name in regions) or (WHOLE,)
        return [png(view) for _, view in views(frame, regions, shown.size, names)]

    def _again(self, answer: str, problem: str) -> list[BaseMessage]:
        from langchain_core.messages import AIMessage, HumanMessage

        text = render("reask", problem=problem, schema=self.schema)
        return [AIMessage(answer or "(nothing)"), HumanMessage(text)]

    def _pictures(self) -> list[str]:
        if not self._sees():
            return []
        names = self.style.views.names or ("frame", *self.task.regions)
        return ["the whole frame" if n == "frame" else f"the {n}, enlarged" for n in names]

    @property
    def _in_words(self) -> bool:
        return self.style.prompt == WORDS

    def _sees(self) -> bool:
        return "frame" in self.needs.split("+")

    def _reads(self) -> bool:
        return "telemetry" in self.needs.split("+")
