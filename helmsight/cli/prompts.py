"""`helmsight prompts`: the spatial prompts, as a model is asked them."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="List the spatial prompts and show one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
SHOW = """Examples:

helmsight prompts show combined --question "Is there a cup left a plate in the image?"

helmsight prompts show transitive --objects "prograde marker, target marker, level marker"

helmsight prompts show combined --question "Is the cup behind the plate?" --reference largest
"""


@app.command("list", epilog="Example:\n\nhelmsight prompts list --json")
def listing(
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """List the orders of relations, the rules for object C, and the names of all templates."""
    from helmsight.output import json_line
    from helmsight.prompts.strategies import CALLED, ORDERS, REFERENCES
    from helmsight.prompts.templates import names

    if as_json:
        data = {"orders": ORDERS, "called": CALLED, "references": REFERENCES}
        print(json_line(data | {"templates": names()}))
        return
    called = {order: name for name, order in CALLED.items()}
    print("orders:")
    for order in ORDERS:
        print(f"  {order:<24} {called.get(order, '')}".rstrip())
    print(f"references: {', '.join(REFERENCES)}", f"templates: {', '.join(names())}", sep="\n")


@app.command("show", epilog=SHOW)
def show(
    order: Annotated[str, typer.Argument(help="Order of relations (helmsight prompts list).")],
    question: Annotated[
        str | None, typer.Option(help='As "Is there a X <relation> Y in the image?".')
    ] = None,
    objects: Annotated[
        str | None, typer.Option(help="Names with commas, instead of a question.")
    ] = None,
    reference: Annotated[str, typer.Option(help="Rule by which object C is chosen.")] = "free",
    landmark: Annotated[str | None, typer.Option(help="Object C, where it is known.")] = None,
    no_thinking: Annotated[
        bool, typer.Option("--no-thinking", help="Ask for no sentences besides.")
    ] = False,
    no_format: Annotated[
        bool, typer.Option("--no-format", help="Leave out the lines to fill in.")
    ] = False,
) -> None:
    """Print the prompt that asks for relations in ORDER, about a question or about objects."""
    from helmsight.prompts.errors import InvalidClaims
    from helmsight.prompts.orders import compose, object_names
    from helmsight.prompts.questions import parse_question
    from helmsight.prompts.strategies import order as order_of

    order_of(order)
    if (question is None) == (objects is None):
        raise InvalidClaims('give either --question "..." or --objects "X, Y"')
    if question is not None:
        asking = parse_question(question)
        names = [asking.a, asking.b]
    else:
        names = object_names(objects or "")
    prompt = compose(
        order,
        names,
        question=question or "",
        thinking=not no_thinking,
        output_format=not no_format,
        reference=reference,
        landmark=landmark,
    )
    print(prompt.text)
