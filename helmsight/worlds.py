"""Where a scenario is flown: on the twin, in the game, or through the screen."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.envs.registry import find_environment, load_environments
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    import gymnasium

TWIN = "twin"
OPTIONS: dict[str, tuple[str, ...]] = {
    TWIN: (),
    "ksp": ("krpc", "capture", "regions"),
    "screen": ("capture", "scale", "rate"),
}
"""The worlds, and what each of them can be told besides observation, time and hold."""
ENVIRONMENTS = {"ksp": "helmsight/KSP-v0", "screen": "helmsight/Screen-v0"}
TIMES = {TWIN: "measured", "ksp": "realtime", "screen": "realtime"}
"""The time rule of each world where none is asked for."""


def check_world(world: str, scenario: str, options: Mapping[str, Any]) -> None:
    """Raise unless `scenario` can be flown in `world` with `options`.

    Raises:
        InvalidSetting: no such world, or an option that it does not have.
        UnknownScenario: with the nearest name there is.
    """
    if world not in OPTIONS:
        raise InvalidSetting(f"world={world!r} is not known; choose {', '.join(OPTIONS)}")
    for name in options:
        if name not in OPTIONS[world]:
            homes = [other for other, names in OPTIONS.items() if name in names]
            hint = f"it goes with world={' or '.join(homes)}" if homes else "no world has it"
            raise InvalidSetting(f"the world {world!r} has no option {name!r}: {hint}")
    if world == TWIN:
        find_environment(scenario)
    else:
        from helmsight.envs.orbital.scenarios import find_scenario

        find_scenario(scenario)


def make_world(
    world: str, scenario: str, options: Mapping[str, Any], *, time: str | None, **more: Any
) -> gymnasium.Env[Any, Any]:
    """Return the environment of `scenario` in `world`; `more` are observation and hold.

    Raises:
        InvalidSetting, EnvsError: as `check_world`, and what the environment refuses.
    """
    import gymnasium

    check_world(world, scenario, options)
    load_environments()
    given = {"time": time or TIMES[world], **options, **more}
    if world == TWIN:
        return gymnasium.make(find_environment(scenario), disable_env_checker=True, **given)
    return gymnasium.make(ENVIRONMENTS[world], disable_env_checker=True, scenario=scenario, **given)


def shown(world: str, needs: str, options: Mapping[str, Any], *, watched: bool) -> str:
    """Return the observation mode of a flight: what the pilot needs, and the frame if `watched`.

    The game shows no frame unless it is captured, and such a flight is recorded without pictures.
    """
    if not watched or (world == "ksp" and options.get("capture") is None):
        return needs
    return "frame+telemetry" if "telemetry" in needs else "frame"


def read_regions(path: Path) -> dict[str, Any]:
    """Return the boxes of a TOML file: `navball = [x0, y0, x1, y1]`, one line an instrument.

    Raises:
        InvalidSetting: a file that cannot be read or is not TOML. The boxes are judged by the
            environment.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidSetting(f"the regions in {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(
            f"{path} is not TOML ({error}); give lines like navball = [512, 464, 768, 720]"
        ) from error
