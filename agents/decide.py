"""Deciding with a model: what it is shown, what it is asked, and how its answer is repaired."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.answers import Answer
from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.caller import Caller
from helmsight.agents.composing import Composer
from helmsight.agents.constrain import constraint
from helmsight.agents.errors import ModelSilent, NoAnswer
from helmsight.agents.messages import Shown, digest_of, message, png
from helmsight.agents.models.specialists import Specialist, fitting
from helmsight.agents.upright import COVERED
from helmsight.contract.calls import Call
from helmsight.contract.command import Command
from helmsight.contract.observation import Box
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.sent import Picture
from helmsight.contract.task import Task
from helmsight.prompts.claims import Weighed
from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read
from helmsight.prompts.templates import render
from helmsight.prompts.thinking import REASON, after_thinking

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage, HumanMessage

    from helmsight.agents.models.prices import Price

LONGEST_ERROR = 500
RELATING = 768  # tokens of an answer about relations: twelve lines, some sentences
WARM_UP_S = 120.0  # for the first answer of a server that loads its model then
PROBE = "Answer with the word ok."


class ModelPilot:
    """A chat model at the controls.

    The repair ladder, each rung counted in `Decision.repairs`: constrained decoding, local repair
    of the text, one re-ask with the reason, and the safe default (command None): `unreadable`
    where no command was in the answers, `errors` where none came within `think_timeout_s` wall
    seconds or the provider failed. The run goes on after both, but not after `most_errors`
    decisions in a row without an answer, nor where the provider says that it will never answer.
    `price` is that of its tokens, US dollars for a million in and out. In the tasks of one of the
    `specialists` that model is asked, in its own style; both are shown the same. `here`: in the
    caller's thread, as `Caller`.
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
        specialists: Mapping[str, Specialist] | None = None,
        here: bool = False,
    ) -> None:
        self.name = self.spec = name
        self.options = dict(options or {})
        self.timeout_s = think_timeout_s
        self.price = price
        self._here = here
        self._own = Specialist(style or AskingStyle(), lambda: model)
        self._specialists = specialists or {}
        self._take(self._own)
        self.needs = self.style.needs
        self._pictures: dict[str, bytes] = {}
        self._unanswered = 0
        self._form: dict[str, Any] = {}

    def _take(self, asked: Specialist) -> None:
        """Have `asked` answer from now on."""
        self.model, self.style = asked.model, asked.style
        self.regions = self.style.views.names or ()
        self.remembers = bool(getattr(self.model, "remembers", False))
        self._caller = Caller(self.model, self.name, price=self.price, here=self._here)
        self.composer = Composer(self.style, local=self._caller.local)
        relates = self.style.relates
        self.relates = self.composer.in_words if relates is None else relates

    def asked_in(self, task: Task) -> Specialist:
        """Return the model that answers in episodes of `task`, and how it is asked."""
        return fitting(self._specialists, task.name) or self._own

    @property
    def local(self) -> bool:
        """Whether the model runs on this machine."""
        return self._caller.local

    def through(self, wrap: Callable[[BaseChatModel], Any]) -> ModelPilot:
        """Return a pilot that asks the same through what `wrap` makes of a model, in the caller's
        thread and for as long as that takes: it may have to wait for the questions of others.
        """
        others = {task: one.through(wrap) for task, one in self._specialists.items()}
        return ModelPilot(
            wrap(self._own.model), self.name, self._own.style, think_timeout_s=math.inf,
            options=self.options, price=self.price, specialists=others, here=True,
        )  # fmt: skip

    def reset(self, task: Task, seed: int) -> None:
        """Prepare for an episode of `task`: its rules, its examples, its set of commands.

        Raises:
            ModelUnavailable: the model for this task does not load.
        """
        if (asked := self.asked_in(task)).model is not self.model:
            self._take(asked)
        self.task = task
        self._pictures = self.composer.begin(task)
        self.schema = self.composer.schema
        self._form = self._held() if self.style.constrained else {}
        self._unanswered = 0
        self._caller.taken()

    def looks_at(self, task: Task) -> None:
        """Prepare for free questions about frames of `task` that another pilot flies."""
        self.composer.upright.begin(task)

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
        grey = Shown(png(np.full((64, 64, 3), 96, np.uint8)))
        pictures = [grey] * (1 + several) if self.composer.sees else []
        question = message(pictures, PROBE, hashlib.sha256())
        opening: list[BaseMessage] = [SystemMessage(PROBE)] if self.composer.in_words else []
        asked = self.composer.in_roles([*opening, question])
        room: dict[str, Any] = {"longest": 1} if self.local else {}
        try:
            self._caller.ask(asked, max(self.timeout_s, WARM_UP_S), Counter(), **room)
        except NoAnswer as error:
            raise self._silent(1, error) from error

    def decide(self, sighting: Sighting) -> Decision:
        """Ask the model for one command; `command` is None when nothing usable came.

        A model that was trained on this world's pictures knows what to do with what it can read,
        and is not asked where a region that it looks at is covered: that is `unreadable`, too.

        Raises:
            ModelRefused: it will not answer however often it is asked.
            ModelSilent: no answer came at so many decisions in a row.
        """
        if not self.composer.in_words and (hidden := self.composer.covered(sighting)):
            self.watch(sighting)
            counts = Counter({"unreadable": 1, COVERED: 1})
            return Decision(None, f"{COVERED}: {', '.join(hidden)}", counts)
        messages, digest = self.composer.asked(sighting)
        counts = self.composer.upright.counts()
        self.watch(sighting)
        decision = self.decide_on(messages, digest)
        return replace(decision, repairs=decision.repairs + counts)

    def watch(self, sighting: Sighting) -> None:
        """Take note of what was shown at a step: the next questions may show it again."""
        self.composer.watch(sighting)

    def decide_on(self, messages: list[BaseMessage], digest: str) -> Decision:
        """Return the command that the model answers to messages, as `decide`."""
        deadline = time.monotonic() + self.timeout_s
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

    def _answered(
        self, messages: list[BaseMessage], deadline: float, repairs: Counter[str], raw: list[str]
    ) -> Command | None:
        """Return the command that the model answers, asked again once; None for none."""
        for rung in ("", "reask"):
            repairs[rung] += bool(rung)
            left = deadline - time.monotonic()
            answer = self._caller.ask(messages, left, repairs, self._form, "command")
            raw.append(answer.text)
            if self.style.cannot and answer.text.strip() == self.style.cannot:
                return None
            try:
                if answer.wrong:
                    raise UnreadableAnswer(answer.wrong)
                think = self.composer.think
                said = after_thinking(answer.text, think)
                reading = read(said, self.task.command, (REASON,) if think == "brief" else ())
            except UnreadableAnswer as problem:
                repairs.pop("constrained", None)  # the server took the form and left it aside
                messages = [*messages, *self._again(answer.text, str(problem))]
                continue
            repairs["local"] += reading.mended
            if reading.mended:
                repairs.pop("constrained", None)
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
        question, _ = self.composer.question(sighting, prompt)
        return self._free(question).text

    def answer_free(
        self,
        text: str,
        image: NDArray[np.uint8],
        regions: Mapping[str, Box],
        *,
        draw: int | None = None,
        cut: bool = False,
    ) -> str:
        """Return the free answer to `text` about an RGB image (H, W, 3) with named regions.

        Needs no episode: can be called before `reset`. Of the views that the model is used to it
        is shown those that this picture has. With `draw`, a seed, a local model draws its answer at
        random instead of taking the likeliest; a provider's answers as its options say. Where the
        model tells the probabilities of its tokens, a `Weighed` is returned. `cut` says that the
        image is not the step's frame but was made out of it: a record keeps the picture itself.

        Raises:
            NoAnswer: none came in time.
            ModelRefused: it will not answer.
        """
        placed = None if cut else self.composer.upright.placed(image)
        images = self.composer.views(image, regions, placed, there=True)
        if cut:
            images = [self._itself(shown) for shown in images]
        room = {"longest": RELATING, "draw": draw, "logprobs": True} if self.local else {}
        answer = self._free(message(images, text, hashlib.sha256()), **room)
        weighed = Weighed.of((token, math.exp(logprob)) for token, logprob in answer.logprobs)
        return weighed if weighed and weighed.strip() == answer.text.strip() else answer.text

    def _free(self, question: HumanMessage, **room: Any) -> Answer:
        return self._caller.ask([question], self.timeout_s, Counter(), **room)

    def pictures(self) -> Mapping[str, bytes]:
        """Return the pictures that messages name by their digest since this was last called."""
        pictures, self._pictures = self._pictures, {}
        return pictures

    def _itself(self, shown: Shown) -> Shown:
        """Return a picture that is kept as it is."""
        data = shown.image if isinstance(shown.image, bytes) else png(shown.image)
        name = digest_of(data)
        self._pictures[name] = data
        kind = shown.media_type if data is shown.image else "image/png"
        return shown._replace(part=Picture(name, kind))

    def _held(self) -> dict[str, Any]:
        taught = not self.composer.in_words
        form = constraint(self.model, self.task.command, self.composer.think, taught=taught)
        if "allowed" in form and self.style.cannot:
            form["allowed"] = (*form["allowed"], self.style.cannot)
        return form

    def _again(self, answer: str, problem: str) -> list[BaseMessage]:
        from langchain_core.messages import AIMessage, HumanMessage

        text = render("reask", problem=problem, schema=self.schema)
        return [AIMessage(answer or "(nothing)"), HumanMessage(text)]
