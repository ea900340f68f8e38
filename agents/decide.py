"""Deciding with a model: what it is shown, what it is asked, and how its answer is repaired."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from helmsight.contract.command import Command
from helmsight.contract.observation import Box, ObservationMode, TelemetryField
from helmsight.contract.pilot import Decision, Sighting
from helmsight.contract.task import Task
from helmsight.prompts.claims import Weighed
from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read
from helmsight.prompts.templates import Example, examples, render, schema_text

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

SYSTEM = {"pilot": "pilot"}  # prompts that begin with a system message; the others are one message
USER = {"pilot": "decide"}
LOCAL = "helmsight-local"
LONGEST_ERROR = 500
RELATING = 768  # tokens of an answer about relations: twelve lines, some sentences


class Views(BaseModel):
    """Which views of a frame a model is shown: `size` None keeps the pixels there are."""

    model_config = ConfigDict(frozen=True)

    size: int | None = Field(default=None, gt=0)
    names: tuple[str, ...] | None = None


class AskingStyle(BaseModel):
    """How a model wants to be asked; a model folder carries it as `helmsight.json`.

    `relates` tells whether it answers spatial prompts; by default a model that is asked in the
    words for any model does, and one with a prompt of its own does not.
    """

    model_config = ConfigDict(frozen=True)

    views: Views = Views()
    prompt: str = "pilot"
    constrained: bool = True
    few_shot: int = Field(default=0, ge=0)
    needs: ObservationMode = "frame"
    max_new_tokens: int = Field(default=128, gt=0)
    relates: bool | None = None


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
        manner: AskingStyle | None = None,
        *,
        think_timeout_s: float = 60.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.name, self.spec = model, name, name
        self.manner = manner or AskingStyle()
        self.needs = self.manner.needs
        own = self.manner.prompt not in SYSTEM
        self.relates = not own if self.manner.relates is None else self.manner.relates
        self.local = model._llm_type == LOCAL
        self.options = dict(options or {})
        self._timeout = think_timeout_s
        self._worker = Worker()
        self._accepts_constraint = self.manner.constrained
        self._constraint: dict[str, Any] = {}

    def reset(self, task: Task, seed: int) -> None:
        """Prepare for an episode of `task`: its rules, its examples, its set of commands."""
        self.task = task
        self.schema = schema_text(task.command.model_json_schema())
        self._opening, self._digest = self._begin()
        if self._accepts_constraint:
            self._constraint = constraint(self.model, task.command)

    def decide(self, sighting: Sighting) -> Decision:
        """Ask the model for one command; `command` is None when nothing usable came."""
        deadline = time.perf_counter() + self._timeout
        question, digest = self._question(
            sighting, USER.get(self.manner.prompt, self.manner.prompt)
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
        except Exception as error:  # whatever a provider raises: the spacecraft must fly on
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
        told = (answer.response_metadata.get("logprobs") or {}).get("content") or ()
        weighed = Weighed.of((one["token"], math.exp(one["logprob"])) for one in told)
        return weighed if told and weighed.strip() == answer.text.strip() else str(answer.text)

    def _answer(self, question: HumanMessage, **room: Any) -> AIMessage:
        messages: list[BaseMessage] = [question]
        answer: AIMessage = self._worker.call(
            lambda: self.model.invoke(messages, **room), self._timeout
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
        if self.manner.prompt in SYSTEM:
            text = render(
                SYSTEM[self.manner.prompt],
                goal=self.task.goal,
                schema=self.schema,
                pictures=self._pictures(),
            )
            messages.append(SystemMessage(text))
            digest.update(text.encode())
        if self._sees():
            for example in examples(self.task.name)[: self.manner.few_shot]:
                messages += [_shown(example, digest), AIMessage(example.answer)]
                digest.update(example.answer.encode())
        return messages, digest

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

        shown, names = self.manner.views, self.manner.views.names
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
        names = self.manner.views.names or ("frame", *self.task.regions)
        return ["the whole frame" if n == "frame" else f"the {n}, enlarged" for n in names]

    def _sees(self) -> bool:
        return "frame" in self.needs.split("+")

    def _reads(self) -> bool:
        return "telemetry" in self.needs.split("+")


class Worker:
    """A daemon thread that models are called on, so that a call can be given up on.

    The same thread serves every call, as long as it comes back in time: what a model keeps per
    thread stays warm. After a timeout it is left behind and a new one takes over.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Any] | None = None

    def call(self, work: Callable[[], Any], timeout_s: float) -> Any:
        """Return what `work` returns, or raise what it raises; TimeoutError after `timeout_s`."""
        if self._jobs is None:
            self._jobs = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(self._jobs,), daemon=True).start()
        done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._jobs.put((work, done))
        try:
            result, error = done.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            self._jobs = None
            raise TimeoutError(f"no answer within {timeout_s:.1f} s") from None
        if error is not None:
            raise error
        return result


def _serve(jobs: queue.SimpleQueue[Any]) -> None:
    while True:
        work, done = jobs.get()
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))


def constraint(model: BaseChatModel, command: type[Command]) -> dict[str, Any]:
    """Return the arguments that make `model` answer commands only; empty where none are known.

    A LocalVLM takes the finite set of the command's texts; OpenAI-compatible servers and Ollama
    take its JSON schema (https://platform.openai.com/docs/guides/structured-outputs).
    """
    kind = model._llm_type
    if kind == LOCAL:
        return {"allowed": tuple(choice.text() for choice in command.choices())}
    schema = strict_schema(command)
    if kind in ("openai-chat", "azure-openai-chat"):
        form = {"name": "command", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    return {"format": schema} if kind == "chat-ollama" else {}


def strict_schema(command: type[Command]) -> dict[str, Any]:
    """Return the command's JSON schema as strict structured outputs want it: all required."""
    properties = command.model_json_schema()["properties"]
    fields = {
        name: {k: v for k, v in properties[name].items() if k not in ("default", "title")}
        for name in json.loads(command.null().text())  # in the order of the canonical text
    }
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def telemetry_lines(sighting: Sighting, fields: Sequence[TelemetryField]) -> list[str]:
    """Return the telemetry with names, units and frames, one entry a line."""
    values = np.asarray(sighting.observation["telemetry"], dtype=np.float64)
    return [
        f"{field.name}: {value:.3f} {field.unit}".rstrip()
        + (f" ({field.frame})" if field.frame else "")
        for field, value in zip(fields, values, strict=True)
    ]


def png(image: NDArray[np.uint8]) -> bytes:
    """Return an RGB image (H, W, 3) uint8 as PNG bytes, quickly rather than small."""
    import cv2

    _, data = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return data.tobytes()


def message(
    images: Sequence[bytes], text: str, digest: hashlib._Hash, media_type: str = "image/png"
) -> HumanMessage:
    """Return images, then text, as one message; adds their bytes to `digest`."""
    from langchain_core.messages import HumanMessage

    blocks: list[str | dict[str, Any]] = []
    for image in images:
        digest.update(image)
        url = f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
        blocks.append({"type": "image_url", "image_url": {"url": url}})
    digest.update(text.encode())
    blocks.append({"type": "text", "text": text})
    return HumanMessage(content=blocks)


def _shown(example: Example, digest: hashlib._Hash) -> HumanMessage:
    text = render("example", why=example.why)
    return message([example.image], text, digest, example.media_type)
