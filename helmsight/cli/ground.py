"""`helmsight ground`: what is where in a picture, as relations that were proved consistent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from helmsight.agents.grounding.asking import Image
    from helmsight.agents.grounding.verify import Grounding

EXAMPLES = """Examples:

helmsight ground frame.png --objects "target marker, prograde marker" --pilot ollama:qwen3-vl

helmsight ground frame.png --objects "cup, plate" --strategy combined --verified --pilot P --json

helmsight ground room.jpg --question "Is there a cup left a plate in the image?" --pilot P
"""


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
    ] = 4,
    think_timeout: Annotated[
        float, typer.Option(help="Give up on an answer after this, wall seconds.")
    ] = 60.0,
    base_url: Annotated[
        str | None, typer.Option(help="Address of an OpenAI-compatible server.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """Ask a model where the named objects of IMAGE are from each other."""
    from helmsight.agents.grounding.asking import PilotAsker
    from helmsight.agents.grounding.verify import ground, judge
    from helmsight.agents.models.load import load_pilot
    from helmsight.output import json_line
    from helmsight.prompts.orders import compose
    from helmsight.prompts.questions import parse_question

    if (question is None) == (objects is None):
        raise InvalidSetting('give either --objects "X, Y" or --question "Is there a ...?"')
    asked = parse_question(question) if question is not None else None
    names = [asked.a, asked.b] if asked else _names(objects or "")
    strategy, proved = strategy.removesuffix("+verified"), strategy.endswith("+verified")
    prompt = compose(
        strategy, names, question=question or "", reference=reference, landmark=landmark
    )
    picture = _picture(image)
    asker = PilotAsker(load_pilot(pilot, base_url=base_url, think_timeout_s=think_timeout))
    found = ground(asker, picture, prompt, verified=verified or proved, max_calls=max_calls)
    told: dict[str, Any] = {"image": str(image), "pilot": pilot, "strategy": strategy}
    told |= {"verified": verified or proved} | as_data(found)
    if asked is not None:
        verdict = judge(asked, found)
        told["answer"] = {None: None, True: "yes", False: "no"}[verdict.yes]
        told["by"] = verdict.by
    print(json_line(told) if as_json else "\n".join(as_text(told)))


def as_data(found: Grounding) -> dict[str, Any]:
    """Return a grounding as JSON data."""
    return {
        "relations": [
            {"a": one.a, "axis": one.axis.value, "sign": one.sign, "b": one.b, "text": one.text()}
            for one in found.claims
        ],
        "contradictions": [one.text() for one in found.conflicts],
        "consistency": found.score,
        "unread": [{"text": one.text, "reason": one.reason} for one in found.unread],
        "counts": found.counts.to_dict(),
        "answers": list(found.answers),
    }


def as_text(told: dict[str, Any]) -> list[str]:
    """Return the same for a person, line by line."""
    lines = [one["text"] for one in told["relations"]] or ["no relation could be read"]
    lines += [f"contradiction in the first answer: {text}" for text in told["contradictions"]]
    lines += [f"unreadable: {one['text']} ({one['reason']})" for one in told["unread"]]
    if told["consistency"] is not None:
        lines.append(f"consistency of the first answer: {told['consistency']:.0%}")
    counts = {name: count for name, count in told["counts"].items() if count}
    lines.append(", ".join(f"{name} {count}" for name, count in counts.items()))
    if "by" in told:
        lines.append(f"answer: {told['answer'] or 'none'} (by {told['by']})")
    return lines


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _picture(path: Path) -> Image:
    """Return a picture (H, W, 3) uint8 RGB."""
    import numpy as np
    from PIL import Image as Pictures
    from PIL import UnidentifiedImageError

    try:
        with Pictures.open(path) as opened:
            return np.asarray(opened.convert("RGB"))
    except UnidentifiedImageError:
        raise InvalidSetting(f'"{path}" is no picture; give a PNG or a JPEG') from None
    except OSError as error:
        raise InvalidSetting(
            f'"{path}" cannot be read as a picture: {error.strerror or error}'
        ) from None
