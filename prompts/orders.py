"""The orders in which relations are asked for, and the prompts that ask so.

An order names ordered pairs of objects A, B and C: "BA+AB" asks where B is from A and then where A
is from B. With more than two objects A and B stand for all of them, two by two, and C is what
each of them is compared with. Source of the orders: constraint-aware prompting (arXiv 2502.08317).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from string import ascii_uppercase

from helmsight.prompts.claims import ParsedAnswer, read_claims
from helmsight.prompts.errors import InvalidClaims, UnknownOrder
from helmsight.prompts.relations import PHRASES, Frame, plain
from helmsight.prompts.templates import render

VANILLA, COT = "vanilla", "cot"
ORDERS = (
    VANILLA,
    COT,
    "AB",
    "BA",
    "AB+BA",
    "BA+AB",
    "AC+BC",
    "AC+BC+AB",
    "AC+BC+BA",
    "AC+BC+AB+BA",
    "AC+BC+BA+AB",
)
CALLED = {
    "chain-of-thought": COT,
    "structured": "AB",
    "bidirectional": "BA+AB",
    "transitive": "AC+BC",
    "combined": "AC+BC+BA+AB",
}
"""The orders that have names of their own."""

REFERENCES = ("free", "largest", "smallest", "topmost", "central", "most obvious", "landmark")
"""How object C is chosen; `landmark` is given by the scene or by a detector."""

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
    frame: Frame = Frame.IMAGE

    def read(self, answer: str) -> ParsedAnswer:
        """Return what an answer to this prompt says (see `read_claims`)."""
        return read_claims(answer, self.names, third=self.third, frame=self.frame)


def order(name: str) -> str:
    """Return the order that `name` means: one of `ORDERS` or `CALLED`, in any case.

    Raises:
        UnknownOrder: for any other name; suggests the nearest one.
    """
    known = {one.lower(): one for one in ORDERS} | CALLED
    wanted = name.strip().lower()
    if wanted not in known:
        near = get_close_matches(wanted, known, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise UnknownOrder(
            f'no order of relations is called "{name}".{hint} '
            f"Known: {', '.join([*CALLED, *ORDERS])}"
        )
    return known[wanted]


def compose(
    name: str,
    objects: Sequence[str],
    *,
    question: str = "",
    thinking: bool = True,
    output_format: bool = True,
    reference: str = "free",
    landmark: str | None = None,
    frame: Frame = Frame.IMAGE,
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
    asked = order(name)
    _check_objects(objects)
    _check_reference(reference, landmark)
    if asked in (VANILLA, COT) and not question:
        raise InvalidClaims(f'the order "{name}" asks for no relations; give it a question')
    if asked == VANILLA:
        text = render("spatial/vanilla", question=question)
        return Prompt(text, (), tuple(objects), question=question, frame=frame)
    needs_third = "C" in asked and asked != COT
    if needs_third and landmark is None and len(objects) > 2:
        landmark = objects[-1]
    others = [one for one in objects if landmark is None or plain(one) != plain(landmark)]
    if needs_third and len(others) < 2:
        raise InvalidClaims(f'"{landmark}" cannot be the landmark of only {" and ".join(objects)}')
    third = needs_third and landmark is None
    pairs = _pairs(asked, others if needs_third else list(objects), landmark or "object C")
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


def again(a: str, b: str, turn: int, frame: Frame = Frame.IMAGE) -> Prompt:
    """Return a short prompt about one pair; each `turn` asks in other words, every other turn the
    other way round.
    """
    if turn % 2 == 1 and frame is not Frame.OBJECT:
        a, b = b, a
    text = render(
        "spatial/again", a=a, b=b, turn=turn % WORDINGS, frame=frame.value, choices=_choices()
    )
    return Prompt(text, ((a, b),), (a, b), frame=frame)


def _pairs(asked: str, objects: Sequence[str], third: str) -> tuple[Pair, ...]:
    """Return the ordered pairs of an order; "AC" and "BC" together are all objects against C."""
    return tuple(pair for part in asked.split("+") for pair in _part(part, objects, third))


def _part(part: str, objects: Sequence[str], third: str) -> Iterator[Pair]:
    if part == "AC":
        yield (objects[0], third)
    elif part == "BC":
        yield from ((one, third) for one in objects[1:])
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
    known = [plain(one) for one in objects]
    if len(known) < 2 or not all(known):
        raise InvalidClaims(f"relations need two objects or more; got {', '.join(objects) or '-'}")
    twice = [one for i, one in enumerate(known) if one in known[:i]]
    if twice:
        raise InvalidClaims(f'two objects are called "{twice[0]}"; give each a name of its own')


def _check_reference(reference: str, landmark: str | None) -> None:
    if reference not in REFERENCES:
        near = get_close_matches(reference, REFERENCES, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise UnknownOrder(
            f'no rule for object C is called "{reference}".{hint} Known: {", ".join(REFERENCES)}'
        )
    if reference == "landmark" and landmark is None:
        raise UnknownOrder('the rule "landmark" needs a landmark; name one, or take another rule')
