"""The prompts that ask for relations, in the orders of `helmsight.prompts.strategies`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_uppercase

from helmsight.prompts.claims import ParsedAnswer, read_claims
from helmsight.prompts.errors import InvalidClaims
from helmsight.prompts.relations import PHRASES, RelationFrame
from helmsight.prompts.strategies import COT, VANILLA, check_reference, order
from helmsight.prompts.synonyms import plain
from helmsight.prompts.templates import render

WORDINGS = 3  # ways to ask about one pair again
Pair = tuple[str, str]


@dataclass(frozen=True)
class Prompt:
    """What a model is asked: the text, the ordered pairs it is to relate, the names it may use.

    `third` is set where the model chooses object C itself. `question` is the yes/no question, "".
    """

    text: str
    pairs: tuple[Pair, ...]
    names: tuple[str, ...]
    third: bool = False
    question: str = ""
    frame: RelationFrame = RelationFrame.IMAGE

    def read(self, answer: str) -> ParsedAnswer:
        """Return what an answer to this prompt says (see `read_claims`)."""
        return read_claims(answer, self.names, third=self.third, frame=self.frame)


def compose(
    name: str,
    objects: Sequence[str],
    *,
    question: str = "",
    thinking: bool = True,
    output_format: bool = True,
    reference: str = "free",
    landmark: str | None = None,
    frame: RelationFrame = RelationFrame.IMAGE,
) -> Prompt:
    """Return the prompt that asks for the relations of `objects` in the order `name`.

    `landmark` is object C where it is known; without one, C is the last of three or more objects,
    and with two objects the model chooses it by the rule `reference`. `thinking` asks for a few
    sentences as well, `output_format` shows the lines to fill in. With `question`, yes or no is
    asked for too.

    Raises:
        UnknownOrder: no such order or rule, or the rule "landmark" without a landmark.
        InvalidClaims: fewer than two objects, or two of one name; or no question where the order
            asks for nothing else.
    """
    wanted = order(name)
    _check_objects(objects)
    check_reference(reference, landmark)
    if wanted in (VANILLA, COT) and not question:
        raise InvalidClaims(f'the order "{name}" asks for no relations; give it a question')
    if wanted == VANILLA:
        text = render("spatial/vanilla", question=question)
        return Prompt(text, (), tuple(objects), question=question, frame=frame)
    needs_third = "C" in wanted and wanted != COT
    if needs_third and landmark is None and len(objects) > 2:
        landmark = objects[-1]
    others = [name for name in objects if landmark is None or plain(name) != plain(landmark)]
    if needs_third and len(others) < 2:
        raise InvalidClaims(f'"{landmark}" cannot be the landmark of only {" and ".join(objects)}')
    third = needs_third and landmark is None
    pairs = _pairs(wanted, others if needs_third else list(objects), landmark or "object C")
    shown = others if needs_third else objects
    text = render(
        "spatial/relations",
        question=question,
        named=_named(shown, skip="C" if needs_third else ""),
        pairs=pairs,
        third=needs_third,
        reference="landmark" if landmark is not None else reference,
        landmark=landmark if needs_third else None,
        thinking=thinking,
        output_format=output_format,
        frame=frame.value,
        choices=_choices(),
    )
    # the third name is the one that an answer may call object C
    names = (*shown[:2], landmark, *shown[2:]) if needs_third and landmark else tuple(shown)
    return Prompt(text, pairs, names, third, question, frame)


def object_names(text: str) -> list[str]:
    """Return the names in a comma-separated list, without empty ones."""
    return [name.strip() for name in text.split(",") if name.strip()]


def again(a: str, b: str, turn: int, frame: RelationFrame = RelationFrame.IMAGE) -> Prompt:
    """Return a short prompt about one pair; each `turn` asks in other words, every other turn the
    other way round.
    """
    if turn % 2 == 1 and frame is not RelationFrame.OBJECT:
        a, b = b, a
    text = render(
        "spatial/again", a=a, b=b, turn=turn % WORDINGS, frame=frame.value, choices=_choices()
    )
    return Prompt(text, ((a, b),), (a, b), frame=frame)


def _pairs(order: str, objects: Sequence[str], third: str) -> tuple[Pair, ...]:
    """Return the ordered pairs of an order; "AC" and "BC" together are all objects against C."""
    return tuple(pair for part in order.split("+") for pair in _part(part, objects, third))


def _part(part: str, objects: Sequence[str], third: str) -> Iterator[Pair]:
    if part == "AC":
        yield (objects[0], third)
    elif part == "BC":
        yield from ((name, third) for name in objects[1:])
    elif part in ("AB", "BA"):
        for a, b in combinations(objects, 2):
            yield (a, b) if part == "AB" else (b, a)


def _named(objects: Sequence[str], skip: str) -> list[tuple[str, str]]:
    letters = (letter for letter in ascii_uppercase if letter != skip)
    return list(zip(letters, objects, strict=False))


def _choices() -> dict[str, str]:
    """Return the words to choose from, by axis."""
    return {axis.value: f"{words[-1]}, {words[0]} or {words[1]}" for axis, words in PHRASES.items()}


def _check_objects(objects: Sequence[str]) -> None:
    names = [plain(name) for name in objects]
    if len(names) < 2 or not all(names):
        raise InvalidClaims(f"relations need two objects or more; got {', '.join(objects) or '-'}")
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise InvalidClaims(f'two objects are called "{twice[0]}"; give each a name of its own')
