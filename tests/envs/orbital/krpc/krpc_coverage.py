"""What of the client of kRPC 0.5.4 this server answers, as a section of docs/kspdg.md.

python tests/envs/orbital/krpc/krpc_coverage.py      writes the section anew; needs `make install`
"""

from __future__ import annotations

import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.registry import note
from helmsight.envs.orbital.krpc.serving import all_services
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.space_center import absent, service

sys.path.insert(0, str(Path(__file__).parent / "space_center"))
import stubs

VERSION = "0.5.4"
STUBS = Path(sys.prefix) / "clients" / f"krpc-{VERSION}" / "krpc" / "services"
PAGE = Path(__file__).parents[4] / "docs" / "kspdg.md"
BEGIN, END = "<!-- coverage: generated -->\n", "<!-- coverage: end -->\n"
COMMAND = "python tests/envs/orbital/krpc/krpc_coverage.py"


class Answer(Enum):
    """What the server has for a procedure of the client."""

    SERVED = "served"
    NONE = "answer none"
    NO_OBJECT = "no such object"
    MISSING = "not there"


@dataclass(frozen=True)
class Entry:
    """A procedure of the client: its service, class ("" for the service's own), Python's name."""

    service: str
    cls: str
    name: str
    answer: Answer


def entries() -> list[Entry]:
    """Return every procedure in the stubs of the client with what the server has for it."""
    services = all_services()
    host = Host(Simulation(), services, VERSION)
    nothing = {
        (owner.name, declared.name)
        for owner in services
        for declared in owner.declared.values()
        if note(declared.function, "absent")
    }
    records = []
    for path in sorted(STUBS.glob("*.py")):
        for call in stubs.calls(path):
            key = call.service, call.procedure
            if key in host.procedures:
                answer = Answer.NONE if key in nothing else Answer.SERVED
            elif call.service == service.name and call.cls in absent.CLASSES:
                answer = Answer.NO_OBJECT
            else:
                answer = Answer.MISSING
            records.append(Entry(call.service, call.cls, call.name, answer))
    return records


def section() -> str:
    """Return the section between its markers."""
    records = entries()
    count = Counter(entry.answer for entry in records)
    services = by(records, lambda entry: entry.service)
    answered = [entry for entry in records if any_answer(services[entry.service])]
    classes = by(answered, lambda entry: f"{entry.service}.{entry.cls}".rstrip("."))
    partly = {name: of for name, of in classes.items() if any_answer(of)}
    gaps = {name: names_missing(of) for name, of in partly.items() if names_missing(of)}
    none = [f"{name} {len(of)}" for name, of in classes.items() if is_missing(of)]
    paragraphs = [
        f"The stubs of the Python client of kRPC {VERSION} hold {len(records):,} procedures of "
        f"{len(services)} services. {count[Answer.SERVED]} are served. {count[Answer.NONE]} more "
        "answer as the game does for craft that have none of it: null, an empty list, zero, or the "
        f"game's own refusal. {count[Answer.NO_OBJECT]} belong to objects that no craft has, so "
        f"that nothing ever calls them. {count[Answer.MISSING]} are not there: a call of one is a "
        "RuntimeError that names the nearest that there is.",
        table("service", services),
        "By classes, of those of which something is served:",
        table("class", partly),
        "What is not there of these (`name=`: cannot be set):",
        "\n".join(wrapped(f"- {name}: {', '.join(names)}") for name, names in gaps.items()),
        wrapped(f"Classes of which nothing is there: {', '.join(none) or 'none'}."),
        wrapped(f"Classes without an object: {', '.join(sorted(absent.CLASSES))}."),
        f"`{COMMAND}` writes this section.",
    ]
    paragraphs[0] = wrapped(paragraphs[0])
    return "\n\n".join(paragraphs)


def by(records: Iterable[Entry], key: Callable[[Entry], str]) -> dict[str, list[Entry]]:
    """Return the entries in groups, by the names of these."""
    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in records:
        groups[key(entry)].append(entry)
    return dict(sorted(groups.items()))


def any_answer(of: Iterable[Entry]) -> bool:
    """Return whether something is served, or answers none."""
    return any(entry.answer in (Answer.SERVED, Answer.NONE) for entry in of)


def is_missing(of: Iterable[Entry]) -> bool:
    """Return whether nothing of a group is there."""
    return all(entry.answer is Answer.MISSING for entry in of)


def names_missing(of: Iterable[Entry]) -> list[str]:
    """Return Python's names of what is not there; what can neither be read nor set has one."""
    names = [entry.name for entry in of if entry.answer is Answer.MISSING]
    return [name for name in names if not (name.endswith("=") and name[:-1] in names)]


def table(what: str, groups: dict[str, list[Entry]]) -> str:
    """Return how many procedures of each group have which answer, as a table."""
    rows = [
        f"| {what} | {' | '.join(answer.value for answer in Answer)} |",
        "|---|" + "---|" * len(Answer),
    ]
    for name, of in groups.items():
        count = Counter(entry.answer for entry in of)
        rows.append(f"| {name} | {' | '.join(str(count[answer] or '') for answer in Answer)} |")
    return "\n".join(rows)


def wrapped(text: str) -> str:
    """Return a paragraph or the point of a list in lines of a page."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(
        text, 110, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def page() -> str:
    """Return the page with the section as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{section()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
