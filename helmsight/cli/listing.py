"""`helmsight list`: what there is to fly or to move, and who can fly it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

EXAMPLES = "Examples:\n\nhelmsight list\n\nhelmsight list pilots --json"


class Kind(StrEnum):
    """What can be listed."""

    scenarios = "scenarios"
    pilots = "pilots"
    environments = "environments"
    robots = "robots"


def command(
    kind: Annotated[
        Kind | None, typer.Argument(help="What to list; everything when left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")] = False,
) -> None:
    """List scenarios, pilots, environments and robots, those of plug-ins included."""
    from helmsight.output import json_line

    listed = {each.value: rows(each) for each in ([kind] if kind else list(Kind))}
    if as_json:
        print(json_line(listed))
        return
    for title, entries in listed.items():
        print(f"{title}:")
        for name, about in entries.items():
            print(f"  {name:<24} {about}")


def rows(kind: Kind) -> dict[str, str]:
    """Return name -> one line about it."""
    from helmsight.envs.registry import list_environments, list_scenarios

    if kind is Kind.scenarios:
        return {known["name"]: known["about"] for known in list_scenarios()}
    if kind is Kind.environments:
        return list_environments()
    if kind is Kind.robots:
        from helmsight.hardware.spec import load_spec, shipped

        specs = [load_spec(name) for name in shipped()]
        return {spec.name: f"{spec.about} (driver {spec.driver})" for spec in specs}
    from helmsight.agents.models.names import pilots

    return pilots()
