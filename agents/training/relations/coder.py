"""Lessons as tokens: what is read, what is learnt of it, and what each place in it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from helmsight.agents.grounding.labelled import LabelledPicture
from helmsight.agents.training.fit import IGNORE
from helmsight.agents.training.relations.course import AnswerLine
from helmsight.agents.training.student import IMAGE, around
from helmsight.prompts.claims import UNSEEN
from helmsight.prompts.relations import PHRASES, Axis

NAMED, DECISIVE, DEEP, LAST = 3.0, 5.0, 10.0, 20.0
"""Weights of names, of the words that tell something, of those that tell of depth, which is learnt
last, and of yes and no, in the answers' loss."""

Mark = tuple[int, ...]  # a token and what it is about; in a batch the lesson before them


@dataclass(frozen=True)
class CodedLesson:
    """A lesson: its ids, the labels (IGNORE where nothing is to be learnt), and marks.

    `names` are (token, thing) for the last token of every name. `lines` are (token, thing, thing)
    where a line begins to tell where the first is from the second. `asks` are (token, relation
    asked for, sign that is true) where yes or no is next.
    """

    picture: LabelledPicture
    ids: list[int]
    labels: list[int]
    names: list[Mark]
    lines: list[Mark]
    asks: list[Mark]


@dataclass(frozen=True)
class Batch:
    """Lessons of about the same length, padded at the end; marks begin with the lesson's number."""

    pictures: list[LabelledPicture]
    ids: torch.Tensor
    labels: torch.Tensor
    names: list[Mark]
    lines: list[Mark]
    asks: list[Mark]


class Coder:
    """Turns lessons into tokens, put together as the processor puts a question later."""

    def __init__(self, processor: Any, things: Sequence[str], words: Sequence[str]) -> None:
        self.tokenizer = processor.tokenizer
        framed = self.tokenizer(list(around(processor, 1)), add_special_tokens=False)
        self._begin, self._end = framed["input_ids"]
        self.first = self._begin.index(self.tokenizer.convert_tokens_to_ids(IMAGE))
        self.words = {word: self._id(word) for word in (*things, *words)}
        phrases = [f" is {UNSEEN}"]
        phrases += [f" is {phrase}" for signs in PHRASES.values() for phrase in signs.values()]
        coded = self.tokenizer(phrases, add_special_tokens=False)["input_ids"]
        self.last = torch.tensor([self.words["yes"], self.words["no"]])
        self.decisive = torch.tensor(sorted({token for ids in coded for token in ids}))
        self._weights = torch.ones(len(self.tokenizer))
        self._weights[[self.words[word] for word in things]] = NAMED
        self._weights[self.decisive] = DECISIVE
        self._weights[self._only(Axis.DEPTH)] = DEEP
        self._weights[self.last] = LAST

    def weights(self, ids: torch.Tensor) -> torch.Tensor:
        """Return how much each of the tokens `ids` counts in the loss."""
        return self._weights.to(ids.device)[ids]

    def code(
        self, picture: LabelledPicture, prompt: str, parts: Sequence[AnswerLine]
    ) -> CodedLesson:
        """Return one lesson as tokens."""
        texts = [prompt, *(part.text + "\n" for part in parts[:-1]), parts[-1].text]
        first, *coded = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        ids = [*self._begin, *first, *self._end]
        labels = [IGNORE] * len(ids)
        lines: list[Mark] = []
        asks: list[Mark] = []
        for part, code in zip(parts, coded, strict=True):
            if part.about is not None:
                # at this token the relation has to be known: the rest of the line follows from it
                word = self.words[part.about[0].split()[-1]]
                at = len(ids) + (code.index(word) if word in code else 0)
                lines.append((at, *map(picture.truth.names.index, part.about)))
                if part.relation is not None:
                    axis, sign = part.relation
                    yes = self.words["yes"] in code
                    asks.append((at, 2 * axis + (sign > 0), int((sign > 0) is yes)))
            ids += code
            labels += code if part.right else [IGNORE] * len(code)
        end = self.tokenizer.eos_token_id
        ids, labels = [*ids, end], [*labels, end]
        return CodedLesson(picture, ids, labels, list(self._names(picture, ids)), lines, asks)

    def batches(self, lessons: Sequence[CodedLesson], tokens: int) -> list[Batch]:
        """Return lessons in batches of at most `tokens`, padding included, the shortest first."""
        batches: list[Batch] = []
        batch: list[CodedLesson] = []
        for lesson in sorted(lessons, key=lambda lesson: len(lesson.ids)):
            if batch and (len(batch) + 1) * len(lesson.ids) > tokens:
                batches.append(self._padded(batch))
                batch = []
            batch.append(lesson)
        return [*batches, self._padded(batch)]

    def _padded(self, batch: list[CodedLesson]) -> Batch:
        longest = max(len(lesson.ids) for lesson in batch)
        pad = self.tokenizer.pad_token_id

        def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
            return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])

        def marks(kind: str) -> list[Mark]:
            return [(i, *mark) for i, lesson in enumerate(batch) for mark in getattr(lesson, kind)]

        return Batch(
            [lesson.picture for lesson in batch],
            padded([lesson.ids for lesson in batch], pad),
            padded([lesson.labels for lesson in batch], IGNORE),
            marks("names"),
            marks("lines"),
            marks("asks"),
        )

    def _only(self, axis: Axis) -> list[int]:
        """Return the tokens of the phrases of an axis that those of no other one have."""

        def tokens(axes: Iterable[Axis]) -> set[int]:
            phrases = [f" is {phrase}" for a in axes for phrase in PHRASES[a].values()]
            coded = self.tokenizer(phrases, add_special_tokens=False)["input_ids"]
            return {token for ids in coded for token in ids}

        return sorted(tokens([axis]) - tokens({*PHRASES} - {axis}))

    def _id(self, word: str) -> int:
        """Return the one token that stands for a word."""
        return int(self.tokenizer(f" {word}", add_special_tokens=False)["input_ids"][0])

    def _names(self, picture: LabelledPicture, ids: list[int]) -> Iterator[Mark]:
        names = {
            tuple(self.words[word] for word in name.split()): thing
            for thing, name in enumerate(picture.truth.names)
        }
        for at in range(1, len(ids)):
            thing = names.get((ids[at - 1], ids[at]), -1)
            if thing >= 0:
                yield at, thing
