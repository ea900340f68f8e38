"""Where a scenario is operated: on the twin, in the game, or through the screen; as data.

The command line shows them in its help, so that nothing heavy may be imported here: `envs` brings
gymnasium and numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml

TWIN, SCREEN = "twin", "screen"
KINDS: dict[str, type] = {"text": str, "number": float, "file": Path}


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
    """

    name: str
    about: str
    environment: str | None = None
    options: tuple[WorldOption, ...] = ()
    time: str = "realtime"
    films_with: str | None = None
    example: str = ""

    def films(self, options: Mapping[str, Any]) -> bool:
        """Return whether it can show frames, where it is described `options`."""
        return self.films_with is None or options.get(self.films_with) is not None


def read_places(text: str) -> dict[str, Place]:
    """Return the places that a TOML text describes, by name."""
    places = {}
    for name, entry in parse_toml(text).items():
        options = tuple(
            WorldOption(option, described["help"], KINDS[described.get("kind", "text")])
            for option, described in entry.pop("options", {}).items()
        )
        places[name] = Place(name, options=options, **entry)
    return places


WORLDS = read_places(read_text(Path(__file__).with_suffix(".toml")))


def all_options() -> dict[str, WorldOption]:
    """Return every option of any world by its name."""
    return {option.name: option for world in WORLDS.values() for option in world.options}
