"""`helmsight ground`: what is where in a picture, as relations that were proved consistent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import with_model_options
from helmsight.errors import InvalidSetting
from helmsight.prompts.strategies import MAX_CALLS, VERIFIED

if TYPE_CHECKING:
    from helmsight.agents.grounding.verify import Grounding

EXAMPLES = """Examples:

helmsight ground frame.png --objects "target marker, prograde marker" --pilot ollama:qwen3-vl

helmsight ground frame.png --objects "cup, plate" --strategy combined --verified --pilot P --json

helmsight ground room.jpg --question "Is there a cup left a plate in the image?" --pilot P
"""


@with_model_options
def command(
    image: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG, ...")],
    pilot: Annotated[
        str,
        typer.Option(
            "--pilot",
            "-p",
            help="A model that can be asked (list pilots).",
            autocompletion=completion.pilots,
        ),
    ],
    objects: Annotated[
        str | None, typer.Option(help="What to relate, with commas: two names or more.")
    ] = None,
    question: Annotated[
        str | None, typer.Option(help='Yes or no: "Is there a X <relation> Y in the image?".')
    ] = None,
    strategy: Annotated[str, typer.Option(help="Order (helmsight prompts list).")] = "combined",
    verified: Annotated[
        bool, typer.Option("--verified", help="Prove the relations; ask again what contradicts.")
    ] = False,
    reference: Annotated[str, typer.Option(help="Rule by which object C is chosen.")] = "free",
    landmark: Annotated[str | None, typer.Option(help="Object C, where it is known.")] = None,
    max_calls: Annotated[
        int, typer.Option(min=0, help="Questions asked again, at most (with --verified).")
    ] = MAX_CALLS,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
    *,
    model: dict[str, Any],
) -> None:
    """Ask a model where the named objects of IMAGE are from each other."""
    from helmsight.agents.grounding.asking import PilotAsker
    from helmsight.agents.grounding.judge import judge
    from helmsight.agents.grounding.verify import ground
    from helmsight.agents.models.load import load_pilot
    from helmsight.contract.pictures import read_picture
    from helmsight.output import json_line
    from helmsight.prompts.orders import compose, object_names
    from helmsight.prompts.questions import parse_question

    if (question is None) == (objects is None):
        raise InvalidSetting('give either --objects "X, Y" or --question "Is there a ...?"')
    asking = parse_question(question) if question is not None else None
    names = [asking.a, asking.b] if asking else object_names(objects or "")
    verified = verified or strategy.endswith(VERIFIED)
    strategy = strategy.removesuffix(VERIFIED)
    prompt = compose(
        strategy, names, question=question or "", reference=reference, landmark=landmark
    )
    picture = read_picture(image)
    asker = PilotAsker(load_pilot(pilot, **model))
    grounding = ground(asker, picture, prompt, verified=verified, max_calls=max_calls)
    data: dict[str, Any] = {"image": str(image), "pilot": pilot, "strategy": strategy}
    data |= {"verified": verified} | as_data(grounding)
    if asking is not None:
        judgement = judge(asking, grounding)
        data["answer"] = {None: None, True: "yes", False: "no"}[judgement.yes]
        data["by"] = judgement.by
    print(json_line(data) if as_json else "\n".join(as_text(data)))


def as_data(grounding: Grounding) -> dict[str, Any]:
    """Return a grounding as JSON data."""
    return {
        "relations": [
            {
                "a": claim.a,
                "axis": claim.axis.value,
                "sign": claim.sign,
                "b": claim.b,
                "text": claim.text(),
            }
            for claim in grounding.claims
        ],
        "unseen": list(grounding.unseen),
        "contradictions": [conflict.text() for conflict in grounding.conflicts],
        "consistency": grounding.score,
        "unread": [{"text": line.text, "reason": line.reason} for line in grounding.unread],
        "counts": grounding.counts.to_dict(),
        "answers": list(grounding.answers),
    }


def as_text(data: dict[str, Any]) -> list[str]:
    """Return the same for a person, line by line."""
    lines = [relation["text"] for relation in data["relations"]] or ["no relation could be read"]
    lines += [f"not seen: {name}" for name in data["unseen"]]
    lines += [f"contradiction in the first answer: {text}" for text in data["contradictions"]]
    lines += [f"unreadable: {line['text']} ({line['reason']})" for line in data["unread"]]
    if data["consistency"] is not None:
        agrees = f"the first answer agrees with itself in {data['consistency']:.0%}"
        lines.append(f"{agrees} of what was compared; that does not make it true")
    counts = {name: count for name, count in data["counts"].items() if count}
    lines.append(", ".join(f"{name} {count}" for name, count in counts.items()))
    if "by" in data:
        lines.append(f"answer: {data['answer'] or 'none'} (by {data['by']})")
    return lines
