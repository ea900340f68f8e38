"""What a model is to learn: pictures of the training split, prompts, and the right answers.

Every order of relations, single pairs as they are asked again, and relations without a question as
in flight; all in the templates' own words and the answers in the form that these ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np

from helmsight.agents.grounding.asking import Image
from helmsight.agents.grounding.labelled import LabelledPicture, Truth
from helmsight.agents.training.relations.course import AnswerLine
from helmsight.contract.observation import Box
from helmsight.evals.spatial.bodies import HELD_OUT, NAMES
from helmsight.evals.spatial.defaults import COCKPIT_SHARE, SIZE
from helmsight.evals.spatial.generator import (
    CELLS,
    Split,
    ask,
    pairs,
    stream,
    wording,
    wordings,
)
from helmsight.prompts.claims import UNSEEN, render, render_unseen
from helmsight.prompts.orders import WORDINGS, Prompt, again, compose
from helmsight.prompts.questions import Question, parse_question
from helmsight.prompts.relations import PHRASES, Axis, Claim, claim
from helmsight.prompts.strategies import COT, ORDERS, VANILLA

C = "object C"  # what the lines to fill in call the object that the answerer chooses
AGAIN = 0.3  # share of lessons about a single pair, in the words of asking again
ABSENT = 0.08  # share of lessons about a thing that is not there
FREE = 0.25  # share of the others that ask for relations and no question
THINKING = 0.5  # share that asks for sentences
FORMAT = 0.85  # share that shows the lines to fill in
PER_PICTURE = 4
SHARES = {VANILLA: 6, COT: 2, "BA+AB": 2, "AC+BC": 2, "AC+BC+BA+AB": 5}
"""How often an order is asked for, of 23; any other one once."""
REFERENCES = ("free", "free", "free", "landmark", "topmost", "central")
"""Rules for object C whose right answer the truth tells."""


@dataclass(frozen=True)
class Lesson:
    """A picture (H, W, 3) uint8 RGB with its regions, a prompt about it and the answer's lines."""

    image: Image
    regions: Mapping[str, Box]
    prompt: Prompt
    parts: tuple[AnswerLine, ...]

    @property
    def answer(self) -> str:
        """The whole answer."""
        return "\n".join(part.text for part in self.parts)


def lessons(
    seed: int = 0,
    *,
    split: Split = Split.TRAIN,
    start: int = 0,
    step: int = 1,
    per_picture: int = PER_PICTURE,
    size: int = SIZE,
    cockpit_share: float = COCKPIT_SHARE,
    whole: bool = False,
) -> Iterator[Lesson]:
    """Yield lessons without end, `per_picture` of each picture; the same ones for the same seed.

    Pictures `start`, `start + step`, ...: processes that share a seed divide the pictures so.
    `whole` shows all of a cockpit with its regions, as in flight.
    """
    for number in count(start, step):
        generated = ask(split, seed, number, size=size, cockpit_share=cockpit_share, whole=whole)
        rng = stream(split, seed, number, use=1)
        for _ in range(per_picture):
            yield lesson(generated.picture, rng, held_out=split.held_out)


def lesson(
    picture: LabelledPicture,
    rng: np.random.Generator,
    *,
    held_out: bool = False,
    noise: float = 0.0,
) -> Lesson:
    """Return one random lesson about what a picture shows.

    `noise` is the probability of each relation to be false, as a part that is not right: who learns
    to go on from these does not learn to trust its own earlier lines more than the picture.
    """
    truth = picture.truth
    absent = _absent(picture, rng) if rng.random() < ABSENT else None
    if rng.random() < AGAIN:
        a, b = _instead([*rng.choice(truth.names, 2, replace=False)], absent, rng)
        prompt = again(a, b, int(rng.integers(2 * WORDINGS)))
        third, lines, question = None, answer(prompt, truth, None, None, ""), None
    else:
        question, label = _question(picture, rng, held_out, absent)
        prompt, third, lines = _in_order(picture, question, label, rng)
    parts = tuple(_noisy(lines, third, question, truth, rng, noise))
    return Lesson(picture.image, picture.regions, prompt, parts)


def answer(
    prompt: Prompt, truth: Truth, third: str | None, yes: bool | None, why: str
) -> list[Claim | str]:
    """Return the right answer to `prompt` in the form that it asks for, line by line.

    `third` is what object C is where the model is to choose it (None: there is nothing to choose,
    and the lines about it are left out); `yes` the answer to the question, if there is one; `why`
    the sentences that are asked for, if any. What is about a thing that is not there says so.
    """
    real = {C: third} if prompt.third else {}
    parts: list[Claim | str] = []
    if prompt.third:
        parts.append(f"Object C: {third or wordings()['lessons']['none']}")
    parts += [
        render_unseen(axis, missing[0]) if missing else claim(a, axis, truth.sign(x, y, axis), b)
        for a, b in prompt.pairs
        for x, y in [(real.get(a, a), real.get(b, b))]
        if x is not None and y is not None
        for missing in [[name for name in (x, y) if name not in truth.names]]
        for axis in Axis
    ]
    parts += [f"Thinking process: {why}"] if why else []
    if yes is not None:
        seen = {*prompt.names[:2]} <= {*truth.names}
        parts.append(f"Answer: {('yes' if yes else 'no') if seen else UNSEEN}")
    return parts


def _noisy(
    lines: list[Claim | str],
    third: str | None,
    question: Question | None,
    truth: Truth,
    rng: np.random.Generator,
    noise: float,
) -> Iterator[AnswerLine]:
    """Yield the lines of an answer, each relation with the probability `noise` a false one."""
    for line in lines:
        if isinstance(line, str):
            yield _sentence(line, question, truth)
            continue
        right, sign = rng.random() >= noise, line.sign
        if not right:
            sign = int(rng.choice([other for other in PHRASES[line.axis] if other != sign]))
        b = third if line.b == C and third else line.b
        yield AnswerLine(render([claim(line.a, line.axis, sign, line.b)]), right, (line.a, b))


def _sentence(text: str, question: Question | None, truth: Truth) -> AnswerLine:
    """Return a line that is no relation: the last word and the reasons are about the question."""
    if question is None or not {question.a, question.b} <= {*truth.names}:
        return AnswerLine(text)
    pair, last = (question.a, question.b), text.startswith("Answer")
    number = list(Axis).index(question.relation.axis), question.relation.sign
    return AnswerLine(
        text, about=pair if last or question.a in text else None, relation=number if last else None
    )


def _in_order(
    picture: LabelledPicture, question: Question, label: bool, rng: np.random.Generator
) -> tuple[Prompt, str | None, list[Claim | str]]:
    """Return a prompt in a random order of relations about a question, what object C is in it, and
    the right answer.
    """
    truth = picture.truth
    order = str(rng.choice(ORDERS, p=_ODDS))
    free = order not in (VANILLA, COT) and rng.random() < FREE
    thinking = order != VANILLA and bool(rng.random() < THINKING)
    names = [question.a, question.b]
    others = [name for name in truth.names if name not in names]
    if free and others and rng.random() < 0.5:  # as in flight: all of them, C is the last
        names, others = [*names, others[0]], others[1:]
    reference = str(rng.choice(REFERENCES)) if others and len(names) == 2 else "free"
    if picture.kind == "cockpit" and reference in ("topmost", "central"):
        reference = "free"  # a navball is more than its markers
    third = _third(reference, truth, others, rng) if others else None
    prompt = compose(
        order,
        names,
        question="" if free else question.text,
        thinking=thinking,
        output_format=bool(rng.random() < FORMAT),
        reference=reference,
        landmark=third if reference == "landmark" else None,
    )
    yes = None if free else label
    why = _why(question, truth, yes) if thinking else ""
    chosen = third if prompt.third else None
    return prompt, chosen, answer(prompt, truth, chosen, yes, why)


_ODDS = np.array([SHARES.get(order, 1) for order in ORDERS]) / sum(
    SHARES.get(order, 1) for order in ORDERS
)


def _third(reference: str, truth: Truth, others: list[str], rng: np.random.Generator) -> str:
    """Return the object that a rule chooses among `others`: where it is free the central one too,
    since an answer that could as well be any other cannot be learnt.
    """
    spots = {name: truth.places[truth.names.index(name), :2] for name in others}
    if reference == "topmost":
        return min(others, key=lambda name: float(spots[name][1]))
    if reference == "landmark":
        return str(rng.choice(others))
    return min(others, key=lambda name: float(np.linalg.norm(spots[name])))


def _question(
    picture: LabelledPicture, rng: np.random.Generator, held_out: bool, absent: str | None
) -> tuple[Question, bool]:
    """Return a balanced question about a picture, and its answer; with `absent` about that thing,
    to which there is none.
    """
    truth, cells = picture.truth, CELLS[picture.kind]
    while True:
        cell = cells[rng.integers(len(cells))]
        if possible := pairs(truth, cell, truth.names):
            pair = _instead([*possible[rng.integers(len(possible))]], absent, rng)
            return parse_question(wording(rng, cell, pair, held_out=held_out)), cell.label


def _absent(picture: LabelledPicture, rng: np.random.Generator) -> str | None:
    """Return a thing that a scene does not show, mostly alike one that it does; None of a cockpit,
    whose markers are always about.
    """
    if picture.kind == "cockpit":
        return None
    there = picture.truth.names
    others = [name for name in NAMES if name not in HELD_OUT and name not in there]
    words = {word for name in there for word in name.split()}
    alike = [name for name in others if words & {*name.split()}]
    return str(rng.choice(alike or others))


def _instead(pair: list[str], absent: str | None, rng: np.random.Generator) -> tuple[str, str]:
    """Return a pair with `absent`, if there is one, in the place of either."""
    if absent is not None:
        pair[rng.integers(2)] = absent
    return str(pair[0]), str(pair[1])


def _why(question: Question, truth: Truth, yes: bool | None) -> str:
    """Return the sentences of an answer: what decides, in canonical words."""
    words = wordings()["lessons"]
    a, b, axis = question.a, question.b, question.relation.axis
    for name in (a, b):
        if name not in truth.names:
            return str(words["absent"].format(a=name))
    if yes is None:
        return str(words["sure"])
    phrase = claim(a, axis, truth.sign(a, b, axis), b).relation.phrase
    return str(words["because"].format(a=a, b=b, said=phrase, answer="yes" if yes else "no"))
