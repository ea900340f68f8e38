"""What a pilot cited: passages of the file about the satellite, by the numbers in its reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from helmsight.agents.inspection.knowledge import Knowledge
from helmsight.contract.record import RunSpec

NUMBER = re.compile(r"\[(\d+)\]")
GONE = "the run keeps no such passage of the file"


@dataclass(frozen=True)
class Cited:
    """A passage. heading, text: of it, or why they are not known."""

    number: int
    file: str
    heading: str
    text: str


def cited(reasons: Iterable[str], spec: RunSpec) -> tuple[Cited, ...]:
    """Return the passages that reasons cite as [n], in order; none without a knowledge file.

    They are read in the record. The file that it names is not opened: a record may be of somebody
    else, who could have any file of this machine put into the report.
    """
    file = spec.pilot_options.get("knowledge")
    numbers = sorted({int(n) for why in reasons for n in NUMBER.findall(why)})
    if not file or not numbers:
        return ()
    known = Knowledge(spec.texts.get("knowledge", ""))
    passages = {passage.number: passage for passage in known.passages}
    found = []
    for number in numbers:
        passage = passages.get(number)
        heading, text = (passage.heading, passage.text) if passage else (GONE, "")
        found.append(Cited(number, str(file), heading, " ".join(text.split())))
    return tuple(found)
