"""What a pilot cited: passages of the file about the satellite, by the numbers in its reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.agents.inspection.knowledge import Knowledge
from helmsight.contract.errors import InvalidOption

NUMBER = re.compile(r"\[(\d+)\]")
GONE = "the file cannot be read here any more, or has changed"


@dataclass(frozen=True)
class Cited:
    """A passage. heading, text: of it, or why they are not known any more."""

    number: int
    file: str
    heading: str
    text: str


def cited(reasons: Iterable[str], pilot_options: Mapping[str, Any]) -> tuple[Cited, ...]:
    """Return the passages that reasons cite as [n], in order; none without a knowledge file."""
    file = pilot_options.get("knowledge")
    numbers = sorted({int(n) for why in reasons for n in NUMBER.findall(why)})
    if not file or not numbers:
        return ()
    try:
        passages = {passage.number: passage for passage in Knowledge.read(Path(file)).passages}
    except InvalidOption:
        passages = {}
    found = []
    for number in numbers:
        passage = passages.get(number)
        heading, text = (passage.heading, passage.text) if passage else (GONE, "")
        found.append(Cited(number, str(file), heading, " ".join(text.split())))
    return tuple(found)
