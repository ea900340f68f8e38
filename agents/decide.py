"""Deciding with a model: what it is shown, what it is asked, and how its answer is repaired."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray

from helmsight.agents.answers import Answer
from helmsight.agents.asking_style import WORDS, AskingStyle
from helmsight.agents.caller import Caller
from helmsight.agents.constrain import constraint
from helmsight.agents.errors import BriefingUnusable, ModelSilent, NoAnswer
from helmsight.agents.messages import (
    Picture,
    example_messages,
    message,
    png,
    telemetry_lines,
    without_system,
)
from helmsight.contract.calls import Call
from helmsight.contract.command import Command
from helmsight.contract.observation import Box
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.prompts.claims import Weighed
from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read
from helmsight.prompts.templates import render, render_text, schema_text
from helmsight.prompts.thinking import REASON, Think, after_thinking, with_reason

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage, HumanMessage

    from helmsight.agents.models.prices import Price

LONGEST_ERROR = 500
RELATING = 768  # tokens of an answer about relations: twelve lines, some sentences
WARM_UP_S = 120.0  # for the first answer of a server that loads its model then
PROBE = "Answer with the word ok."
BRIEFING = """You operate a world through its commands. Task: {{ goal }}
{% if pictures %}

What you see: {{ pictures | join(", then ") }}.
{% endif %}
"""
"""The words for a world that brings none of its own."""


class ModelPilot:
    """A chat model at the controls.

    The repair ladder, each rung counted in `Decision.repairs`: constrained decoding, local repair
    of the text, one re-ask with the reason, and the safe default (command None): `unreadable`
    where no command was in the answers, `errors` where none came within `think_timeout_s` wall
    seconds or the provider failed. The run goes on after both, but not after `most_errors`
    decisions in a row without an answer, nor where the provider says that it will never answer.
    `price` is that of its tokens, US dollars for a million in and out.
    """

    def __init__(
        self,
        model: BaseChatModel,
        name: str,
        style: AskingStyle | None = None,
        *,
        think_timeout_s: float = 60.0,
        options: Mapping[str, Any] | None = None,
        price: Price | None = None,
    ) -> None:
        self.model, self.name, self.spec = model, name, name
        self.style = style or AskingStyle()
        self.needs = self.style.needs
        relates = self.style.relates
        self.relates = self._in_words if relates is None else relates
        self.options = dict(options or {})
        self.regions = self.style.views.names or ()
        self.remembers = bool(getattr(model, "remembers", False))
        self.timeout_s = think_timeout_s
        self.price = price
        self._caller = Caller(model, name, price=price)
        self._unanswered = 0
        self._form: dict[str, Any] = {}
        self._earlier: deque[Sighting] = deque(maxlen=self.style.history_frames)

    @property
    def local(self) -> bool:
        """Whether the model runs on this machine."""
        return self._caller.local

    def through(self, model: Any) -> ModelPilot:
        """Return a pilot that asks the same through `model`, in the caller's thread and for as
        long as that takes: it may have to wait for the questions of others.
        """
        pilot = ModelPilot(
            model, self.name, self.style, think_timeout_s=math.inf, options=self.options
        )
        pilot._caller = Caller(model, self.name, price=self.price, here=True)
        return pilot

    def reset(self, task: Task, seed: int) -> None:
        """Prepare for an episode of `task`: its rules, its examples, its set of commands."""
        self.task = task
        schema = task.command.model_json_schema()
        self.schema = schema_text(with_reason(schema) if self._think == "brief" else schema)
        self._opening, self._digest = self._begin()
        self._form = self._held() if self.style.constrained else {}
        self._earlier.clear()
        self._unanswered = 0
        self._caller.taken()

    def probe(self) -> None:
        """Ask the model once for one word, before anything else is started; needs no episode.

        It is shown as many pictures as there are in a question at least, and a system message where
        it is to be given one: what it cannot take is found out here. A model that takes its time
        to load has `WARM_UP_S` for it. One that gives answers in turn is not asked.

        Raises:
            ModelRefused: it will not answer.
            ModelSilent: no answer came.
        """
        from langchain_core.messages import SystemMessage

        if self.remembers:
            return
        several = self.style.views.names is None or len(self.style.views.names) > 1
        pictures = [png(np.full((64, 64, 3), 96, np.uint8))] * (1 + several) if self._sees() else []
        question = message(pictures, PROBE, hashlib.sha256())
        opening: list[BaseMessage] = [SystemMessage(PROBE)] if self._in_words else []
        asked = self._in_roles([*opening, question])
        room: dict[str, Any] = {"longest": 1} if self.local else {}
        try:
            self._caller.ask(asked, max(self.timeout_s, WARM_UP_S), Counter(), **room)
        except NoAnswer as error:
            raise self._silent(1, error) from error

    def decide(self, sighting: Sighting) -> Decision:
        """Ask the model for one command; `command` is None when nothing usable came.

        Raises:
            ModelRefused: it will not answer however often it is asked.
            ModelSilent: no answer came at so many decisions in a row.
        """
        deadline = time.monotonic() + self.timeout_s
        question, digest = self._question(
            sighting, "decide" if self._in_words else self.style.prompt
        )
        messages = self._in_roles([*self._opening, question])
        self.watch(sighting)
        repairs: Counter[str] = Counter()
        raw: list[str] = []
        command: Command | None = None
        try:
            command = self._answered(messages, deadline, repairs, raw)
            repairs["unreadable"] += command is None
            self._unanswered = 0
        except NoAnswer as error:
            raw.append(f"{type(error).__name__}: {error}"[:LONGEST_ERROR])
            repairs["errors"] += 1
            self._unanswered += 1
            if self._unanswered >= self.style.most_errors:
                raise self._silent(self._unanswered, error) from error
        return Decision(command, "\n".join(raw), +repairs, digest, self._caller.taken())

    def watch(self, sighting: Sighting) -> None:
        """Take note of what was shown at a step: the next questions may show it again."""
        self._earlier.append(sighting)

    def _answered(
        self, messages: list[BaseMessage], deadline: float, repairs: Counter[str], raw: list[str]
    ) -> Command | None:
        """Return the command that the model answers, asked again once; None for none."""
        for rung in ("", "reask"):
            repairs[rung] += bool(rung)
            left = deadline - time.monotonic()
            answer = self._caller.ask(messages, left, repairs, self._form)
            raw.append(answer.text)
            try:
                if answer.wrong:
                    raise UnreadableAnswer(answer.wrong)
                said = after_thinking(answer.text, self._think)
                reading = read(said, self.task.command, (REASON,) if self._think == "brief" else ())
            except UnreadableAnswer as problem:
                messages = [*messages, *self._again(answer.text, str(problem))]
                continue
            repairs["local"] += reading.mended
            return reading.command
        return None

    def _silent(self, times: int, error: NoAnswer) -> ModelSilent:
        often = f"at {times} decisions in a row" if times > 1 else "when it was asked first"
        return ModelSilent(
            f'the model "{self.name}" gave no answer {often}: {error}; look after its provider, or '
            "give it more time (--think-timeout S)"
        )

    def taken(self) -> tuple[Call, ...]:
        """Return the requests that were made besides decisions since this was last called."""
        return self._caller.taken()

    def ask(self, prompt: str, sighting: Sighting) -> str:
        """Return the free answer to the template `prompt` about what is shown.

        Raises:
            NoAnswer: none came in time.
            ModelRefused: it will not answer.
        """
        question, _ = self._question(sighting, prompt)
        return self._free(question).text

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
            NoAnswer: none came in time.
            ModelRefused: it will not answer.
        """
        images = self._views(image, regions, there=True)
        room = {"longest": RELATING, "draw": draw, "logprobs": True} if self.local else {}
        answer = self._free(message(images, text, hashlib.sha256()), **room)
        weighed = Weighed.of((token, math.exp(logprob)) for token, logprob in answer.logprobs)
        return weighed if weighed and weighed.strip() == answer.text.strip() else answer.text

    def _free(self, question: HumanMessage, **room: Any) -> Answer:
        return self._caller.ask([question], self.timeout_s, Counter(), **room)

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
                question, answer = example_messages(example, self._think, digest)
                messages += [question, AIMessage(answer)]
        return messages, digest

    def _in_roles(self, messages: list[BaseMessage]) -> list[BaseMessage]:
        return messages if self.style.system_role else without_system(messages)

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
        return render("operator", briefing=briefing, schema=self.schema, think=self._think)

    def _question(self, sighting: Sighting, prompt: str) -> tuple[HumanMessage, str]:
        """Return the message for one decision and the SHA-256 of all that the model is shown."""
        digest = self._digest.copy()
        images: Sequence[bytes | Picture] = []
        if self._sees():
            images = self._views(sighting.observation["frame"], self.task.regions)
            images = [*self._earlier_frames(), *images]
        text = render(
            prompt,
            goal=self.task.goal,
            schema=self.schema,
            pictures=[*self._looked_back(sighting.stamp), *self._pictures()],
            think=self._think,
            telemetry=telemetry_lines(sighting, self.task) if self._reads() else (),
            relations=sighting.relations,
            history=[command.text() for command in sighting.history],
            notes=sighting.notes,
            timing=sighting.timing,
        )
        return message(images, text, digest), digest.hexdigest()

    def _views(
        self, frame: NDArray[np.uint8], regions: Mapping[str, Box], *, there: bool = False
    ) -> Sequence[bytes | Picture]:
        """Return the views of a frame that the model is shown, or those of them that are `there`:
        pixels for a model in this process, PNG for others.

        Raises:
            ToolsError: the model is to be shown a region that the frame does not have.
        """
        from helmsight.tools.marks import WHOLE, views

        shown, names = self.style.views, self.style.views.names
        if there and names is not None:
            names = tuple(name for name in names if name == WHOLE or name in regions) or (WHOLE,)
        cut = [view for _, view in views(frame, regions, shown.size, names)]
        return cut if self.local else [png(view) for view in cut]

    def _earlier_frames(self) -> list[bytes | Picture]:
        """Return the whole frames of the observations before, oldest first."""
        frames = [past.observation["frame"] for past in self._earlier]
        return [self._views(frame, {}, there=True)[0] for frame in frames]

    def _looked_back(self, now: float) -> list[str]:
        """Return what these frames are called."""
        return [f"the frame of {now - past.stamp:.1f} s before" for past in self._earlier]

    def _held(self) -> dict[str, Any]:
        taught = not self._in_words
        return constraint(self.model, self.task.command, self._think, taught=taught)

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
    def _think(self) -> Think:
        return self.style.think if self._in_words else "none"

    @property
    def _in_words(self) -> bool:
        return self.style.prompt == WORDS

    def _sees(self) -> bool:
        return "frame" in self.needs.split("+")

    def _reads(self) -> bool:
        return "telemetry" in self.needs.split("+")
