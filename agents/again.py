"""The messages of a recorded run, as they were sent, and the answers of a model to them."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from helmsight.agents.errors import NotAsked
from helmsight.agents.messages import Shown, as_sent, message
from helmsight.contract.command import Command
from helmsight.contract.ranges import MOST_EARLIER
from helmsight.contract.record import Frame, StepRecord
from helmsight.contract.sent import PIXELS, Message, Picture, Text, View, deciding, messages_in
from helmsight.tools.errors import FramesMissing
from helmsight.tools.marks import view_again
from helmsight.tools.pictures import kept
from helmsight.tools.player import Run

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from helmsight.agents.decide import ModelPilot

    Stored = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Sent:
    """What a model was sent for one decision. `frame` is that of the step, None where there is
    none; `earlier` are those of steps before it, by their stamps. `stored` gives the run's other
    pictures by their digest.
    """

    record: StepRecord
    messages: tuple[Message, ...]
    frame: Frame | None
    stored: Stored
    earlier: Mapping[float, Frame] = field(default_factory=dict)

    def rebuilt(self, *, local: bool) -> list[BaseMessage]:
        """Return the messages themselves: with pixels for a `local` model, else with PNG files.

        Raises:
            FramesMissing: a picture of them was not recorded.
            ToolsError: a view is not in the frame.
        """
        from langchain_core.messages import AIMessage, SystemMessage

        built: list[BaseMessage] = []
        for each in self.messages:
            if each.role != "user":
                built.append((SystemMessage if each.role == "system" else AIMessage)(each.text))
                continue
            words = [part.text for part in each.parts if isinstance(part, Text)]
            shown = [self.shown(p, local=local) for p in each.parts if not isinstance(p, Text)]
            built.append(_user(words, shown))
        return built

    def shown(self, part: View | Picture, *, local: bool) -> Shown:
        """Return a picture of the messages; raises as `rebuilt`."""
        if isinstance(part, View):
            frame = self.frame if part.stamp is None else self.earlier.get(part.stamp)
            if frame is None:
                raise FramesMissing(
                    f"step {self.record.index}: its frame was not recorded, or one before it, so "
                    "that what the model was shown cannot be shown again"
                )
            cut = view_again(frame, part)
            return as_sent(cut, part, local=local)
        data = self.stored(part.picture)
        if data is None:
            raise FramesMissing(
                f"step {self.record.index}: the picture {part.picture[:16]} that the model was "
                "shown is not in the run's folder, or is another one"
            )
        return Shown(data, part, part.type)

    @property
    def digest(self) -> str:
        """The SHA-256 of all that would be shown, to be compared with the recorded one."""
        digest = hashlib.sha256()
        for each in self.messages:
            for part in each.parts:
                if isinstance(part, Text):
                    digest.update(part.text.encode())
                    continue
                image = self.shown(part, local=isinstance(part, View) and part.type == PIXELS).image
                if isinstance(image, bytes):
                    digest.update(image)
                else:
                    digest.update(repr(image.shape).encode() + image.tobytes())
        return digest.hexdigest()

    @property
    def exact(self) -> bool:
        """Whether this is what the model was sent, to the last bit."""
        return self.digest == self.record.prompt_hash


def sent_in(run: Run) -> Iterator[Sent]:
    """Yield what was sent for each decision of a run that a model was asked for.

    Raises:
        RecordUnusable: messages of another form.
    """
    frames = run.frames()
    earlier: deque[tuple[float, Frame]] = deque(maxlen=MOST_EARLIER)

    def stored(name: str) -> bytes | None:
        return kept(run.folder, name)

    for record in run.records:
        frame = next(frames, None)
        call = deciding(record.calls)
        messages = messages_in(call or {}, f"step {record.index} of {run.folder}")
        if messages:
            yield Sent(record, messages, frame, stored, dict(earlier))
        if frame is not None and "stale" not in record.repairs:
            earlier.append((record.stamp, frame))


def check_asked(run: Run) -> None:
    """Raise NotAsked where a run holds no messages."""
    if not any((call := deciding(record.calls)) and call.get("messages") for record in run.records):
        raise NotAsked(
            f"{run.folder} holds no messages to a model: no model flew it, or an older Helmsight "
            "recorded it; without --as-asked another pilot is asked at its observations"
        )


def answers_again(
    run: Run, pilot: ModelPilot, task: Any, told: Callable[[bool], None]
) -> list[tuple[StepRecord, dict[str, Any] | None]]:
    """Send a model the very messages of a run; return each step with the command that it answers.

    `told` is told of each step whether the messages are exactly those that were sent.

    Raises:
        NotAsked: the run holds no messages.
        FramesMissing, ToolsError, RecordUnusable: as `Sent` and `sent_in`.
        ModelRefused, ModelSilent: as `ModelPilot.decide`.
    """
    check_asked(run)
    pilot.reset(task, run.spec.seed)
    pairs = []
    for sent in sent_in(run):
        told(sent.exact)
        decision = pilot.decide_on(sent.rebuilt(local=pilot.local), sent.record.prompt_hash)
        command: Command | None = decision.command
        pairs.append((sent.record, None if command is None else command.model_dump()))
    return pairs


def _user(words: Sequence[str], shown: Sequence[Shown]) -> BaseMessage:
    """Return a message with its pictures; words before the last ones stand before the pictures."""
    from helmsight.agents.question import Question

    built = message(shown, words[-1] if words else "", hashlib.sha256())
    if len(words) < 2:
        return built
    before = [{"type": "text", "text": text} for text in words[:-1]]
    return Question.of([*before, *built.content], [*map(Text, words[:-1]), *built._parts])
