"""Where a scenario is operated: on the twin, in the game, or through the screen; as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TWIN = "twin"


@dataclass(frozen=True)
class WorldOption:
    """An option of a world besides observation, time and hold; `kind` is how it is written."""

    name: str
    help: str
    kind: type = str


@dataclass(frozen=True)
class Place:
    """A way to operate the scenarios: its environment, options, and the time rule by default.

    `environment` takes the scenario as an option; None: every scenario has one of its own, whose
    task also tells the time rule.
    `films` tells from the options whether it can show frames.
    """

    name: str
    about: str
    environment: str | None
    options: tuple[WorldOption, ...] = ()
    time: str = "realtime"
    films: Callable[[Mapping[str, Any]], bool] = lambda options: True
    example: str = ""


_CAPTURE = WorldOption(
    "capture",
    "Where frames come from: window:TITLE, region:x,y,w,h, monitor:N, or screenshot (ksp).",
)
WORLDS = {
    world.name: world
    for world in (
        Place(TWIN, "the orbital twin, or a world of a plug-in", None),
        Place(
            "ksp",
            "a game over kRPC",
            "helmsight/KSP-v0",
            (
                WorldOption("krpc", "kRPC server, HOST:RPC_PORT[:STREAM_PORT]."),
                _CAPTURE,
                WorldOption(
                    "regions", "TOML file with the instruments' boxes in the frame (ksp).", Path
                ),
            ),
            films=lambda options: options.get("capture") is not None,
            example='helmsight fly PE1-E3-I3 --world ksp --capture window:"Kerbal Space Program"',
        ),
        Place(
            "screen",
            "a cockpit window and keys",
            "helmsight/Screen-v0",
            (
                _CAPTURE,
                WorldOption("scale", "Size of the window that is opened (screen).", float),
                WorldOption("rate", "World seconds a second (screen).", float),
            ),
        ),
    )
}


def all_options() -> dict[str, WorldOption]:
    """Return every option of any world by its name."""
    return {option.name: option for world in WORLDS.values() for option in world.options}
