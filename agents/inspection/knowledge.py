"""A Markdown file about the satellite: split by headings, searched by words, cited by numbers.

Its text is data. It is shown to a chat model as what it is, somebody's notes, and it is cited; it
never decides what is looked at nor what was seen.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helmsight.contract.errors import InvalidOption
from helmsight.contract.textfiles import read_text

MOST = 1_000_000  # bytes: the record of a run keeps the text
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
FENCE = re.compile(r"^ {0,3}(```|~~~)")
WORD = re.compile(r"[a-z0-9]+")
SATURATION, LENGTH = 1.2, 0.75
"""k1 and b of BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009."""


@dataclass(frozen=True)
class Passage:
    """What stands below one heading. number: from 1, in the order of the file; line: of it."""

    number: int
    heading: str
    text: str
    line: int

    @cached_property
    def words(self) -> Counter[str]:
        """Its words and how often they are said; those of the heading count twice."""
        return Counter(_words(f"{self.heading} {self.heading} {self.text}"))


class Knowledge:
    """The passages of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.passages = tuple(split(text))
        self._within = Counter(word for passage in self.passages for word in passage.words)
        lengths = [passage.words.total() for passage in self.passages]
        self._usual = sum(lengths) / max(1, len(lengths))

    @classmethod
    def read(cls, path: Path) -> Knowledge:
        """Return the passages of a Markdown file.

        Raises:
            InvalidOption: there is no such file, it is longer than `MOST`, is not UTF-8, or says
                nothing.
        """
        try:
            knowledge = cls(read_text(path, MOST))
        except (OSError, ValueError) as error:
            raise InvalidOption(
                f'the knowledge file "{path}" cannot be read: {error}; give a Markdown file'
            ) from error
        if not knowledge.passages:
            raise InvalidOption(f'the knowledge file "{path}" says nothing; write something in it')
        return knowledge

    def search(self, query: str, most: int = 2, about: str = "") -> list[Passage]:
        """Return the passages that fit a query best, by BM25, the best first; those that say none
        of its words are left out.

        about: words that a passage has to say, all of them.
        """
        wanted, needed = set(_words(query)), set(_words(about))
        scored = [
            (self._score(passage, wanted), -passage.number, passage)
            for passage in self.passages
            if needed <= passage.words.keys()
        ]
        found = sorted((each for each in scored if each[0] > 0.0), reverse=True)
        return [passage for _, _, passage in found[:most]]

    def _score(self, passage: Passage, wanted: set[str]) -> float:
        many, long = len(self.passages), passage.words.total() / self._usual
        score = 0.0
        for word in sorted(wanted & passage.words.keys()):
            said, within = passage.words[word], self._within[word]
            rare = math.log(1.0 + (many - within + 0.5) / (within + 0.5))
            room = SATURATION * (1.0 - LENGTH + LENGTH * long)
            score += rare * said * (SATURATION + 1.0) / (said + room)
        return score


def split(text: str) -> Iterator[Passage]:
    """Yield what stands below each heading of a Markdown text, and before the first one.

    The heading of a passage names those above it, too: "Panels / Panel A".
    """
    path: list[tuple[int, str]] = []
    body: list[str] = []
    begun, number, fenced = 1, 0, False

    def passage() -> Passage:
        heading = " / ".join(name for _, name in path)
        return Passage(number, heading, "\n".join(body).strip(), begun)

    for at, line in enumerate(text.splitlines(), 1):
        fenced ^= FENCE.match(line) is not None
        heading = None if fenced else HEADING.match(line)
        if heading is None:
            body.append(line)
            continue
        if any(map(str.strip, body)):
            number += 1
            yield passage()
        level = len(heading[1])
        path = [*((deep, name) for deep, name in path if deep < level), (level, heading[2])]
        body, begun = [], at
    if any(map(str.strip, body)):
        number += 1
        yield passage()


def _words(text: str) -> list[str]:
    """Return the words of a text, without the ending of a plural or a participle."""
    return [_stem(word) for word in WORD.findall(text.lower())]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending)
    return word
