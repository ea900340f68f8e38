"""Questions about a relation in a picture, as the public data of constraint-aware prompting asks.

The data are lines of JSON with the keys `image`, `text` and `label`; the text reads "Is there a X
<relation> Y in the image?" with a raw grammar ("a cup left a plate", "front of").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.contract.errors import NameUnusable, NotUtf8
from helmsight.contract.foreign import check_name
from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_lines
from helmsight.prompts.errors import InvalidItem, UnreadableRelation
from helmsight.prompts.relations import Axis, Relation
from helmsight.prompts.synonyms import plain, relation, scan

LABELS = {"yes": True, "no": False}
LONGEST = 60  # words of a question
LONGEST_TEXT = 2000  # characters of one
_FORM = re.compile(
    r"^(?:is|are) (?:there )?(?:(?P<there>(?:the|an?|some|any) )?)(?P<body>.+?)"
    r"(?: in (?:the|this) (?:image|picture|photo|scene|frame))?\s*\?*$"
)
_ARTICLE = re.compile(r"^(?:the|an?|some|any) ")


@dataclass(frozen=True)
class Question:
    """Is `a` in `relation` to `b`? `text` is the question as it was asked, `word` its relation."""

    a: str
    relation: Relation
    b: str
    text: str
    word: str


@dataclass(frozen=True)
class Item:
    """One line of a data set: a picture's name, a question and its true answer."""

    image: str
    question: Question
    label: bool
    name: str
    path: Path
    line: int


def parse_question(text: str) -> Question:
    """Return what a question asks.

    Where more than one place could be the relation, the longest words win and then the first
    place: "a man on the left side of a bus" is left, not on.

    Raises:
        InvalidItem: not of this form, no relation between two objects, or one object twice.
    """
    if len(text) > LONGEST_TEXT:
        raise InvalidItem(f'"{text[:60]}..." is too long for a question about two objects')
    form = _FORM.match(plain(text))
    if form is None:
        raise InvalidItem(f'"{text}" does not ask "Is there a X <relation> Y in the image?"')
    words = form["body"].split()
    if len(words) > LONGEST:
        raise InvalidItem(f'"{text[:60]}..." is too long for a question about two objects')
    longest: tuple[int, int, Relation] | None = None
    for start in range(1, len(words) - 1):
        for end in range(len(words) - 1, start, -1):
            if longest is not None and end - start <= longest[1] - longest[0]:
                break
            if (named := _relation(words[start:end])) is not None:
                longest = start, end, named
    if longest is None:
        raise InvalidItem(f'"{text}" names no relation between two objects')
    start, end, named = longest
    a, b = (_ARTICLE.sub("", " ".join(part)) for part in (words[:start], words[end:]))
    if not a or not b or _ARTICLE.match(f"{b} "):
        raise InvalidItem(f'"{text}" names only one object')
    if a == b:
        raise InvalidItem(f'"{text}" has two objects of one name, "{a}"; they cannot be told apart')
    return Question(a, named, b, text.strip(), " ".join(words[start:end]))


def _relation(words: list[str]) -> Relation | None:
    """Return the relation that `words` are, all of them; a trailing article is not one of them."""
    if words[-1] in ("a", "an", "the", "is", "are") or words[0] in ("the", "of", "a", "an"):
        return None
    text = " ".join(words)
    if not scan(text):
        return None
    try:
        return relation(text)
    except UnreadableRelation:
        return None


def question(a: str, axis: Axis, sign: int, b: str) -> Question:
    """Return the question whether `a` is at `sign` from `b` along `axis`, in canonical words."""
    relation = Relation(axis, sign)
    phrase = relation.phrase
    text = f"Is there {with_article(a)} {phrase} {with_article(b)} in the image?"
    return Question(a, relation, b, text, phrase)


def plain_ways(asked: Question) -> tuple[Question, ...]:
    """Return `asked` in canonical words in four ways: as it is, of the two things exchanged, which
    has the other answer, and both again by the opposite. None where there is no opposite.
    """
    a, b, axis, sign = asked.a, asked.b, asked.relation.axis, asked.relation.sign
    if sign == 0:
        return ()
    sides = ((a, sign, b), (b, sign, a), (b, -sign, a), (a, -sign, b))
    return tuple(question(x, axis, at, y) for x, at, y in sides)


def with_article(name: str) -> str:
    """Return "a NAME" or "an NAME"."""
    return f"{'an' if name[:1].lower() in set('aeiou') else 'a'} {name}"


def read_items(path: Path) -> Iterator[Item | InvalidItem]:
    """Yield the items of a JSON-lines file; for a line that is none, the error that says why.

    Such an error is not raised: the run goes on with the item counted as skipped.

    Raises:
        InvalidItem: the file itself cannot be read.
    """
    try:
        lines = read_lines(path)
    except (OSError, NotUtf8) as error:
        raise InvalidItem(f'"{path}" cannot be read as lines of JSON: {error}') from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _item(parse_json(line), path, number)
            except InvalidItem as error:
                yield InvalidItem(f"{path}:{number}: {error}")
            except ValueError as error:
                yield InvalidItem(f"{path}:{number}: not a line of JSON: {error}")


def _item(entry: Any, path: Path, line: int) -> Item:
    if not isinstance(entry, dict):
        raise InvalidItem("not an object with the keys image, text and label")
    missing = [key for key in ("image", "text", "label") if key not in entry]
    if missing:
        raise InvalidItem(f"the key {' and '.join(missing)} is missing")
    label = LABELS.get(str(entry["label"]).strip().lower())
    if label is None:
        raise InvalidItem(f"label {entry['label']!r} is neither yes nor no")
    image = str(entry["image"]).strip()
    if not image:
        raise InvalidItem("the name of the image is empty")
    try:
        name = check_name(str(entry.get("question_id", line)), "the question_id")
    except NameUnusable as error:
        raise InvalidItem(str(error)) from None
    question = parse_question(str(entry["text"]))
    return Item(image, question, label, name, path, line)
