"""Options of worlds on the command line, and worlds by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.contract.errors import NotUtf8
from helmsight.contract.textfiles import read_text
from helmsight.contract.tomltext import parse_toml
from helmsight.envs.registry import (
    find_environment,
    is_scenario,
    load_environments,
    task_of,
)
from helmsight.errors import InvalidSetting
from helmsight.places import SCREEN, TWIN, WORLDS

if TYPE_CHECKING:
    import gymnasium

    from helmsight.contract.task import Task


def check_world(world: str, scenario: str, options: Mapping[str, Any]) -> None:
    """Raise unless `scenario` can be operated in `world` with `options`.

    An environment that is no scenario judges its options itself.

    Raises:
        InvalidSetting: no such world, or an option that it does not have.
        UnknownScenario: with the nearest name there is.
    """
    if world not in WORLDS:
        raise InvalidSetting(f"world={world!r} is not known; choose {', '.join(WORLDS)}")
    if world != TWIN:
        from helmsight.envs.orbital.scenarios import find_pursuit, find_scenario

        (find_scenario if world == SCREEN else find_pursuit)(scenario)
    elif not is_scenario(find_environment(scenario)):
        return
    known = [option.name for option in WORLDS[world].options]
    for name in options:
        if name not in known:
            homes = [
                other.name
                for other in WORLDS.values()
                if name in {option.name for option in other.options}
            ]
            hint = f"it goes with world={' or '.join(homes)}" if homes else "no world has it"
            raise InvalidSetting(f"the world {world!r} has no option {name!r}: {hint}")


def make_world(
    world: str, scenario: str, options: Mapping[str, Any], **general: Any
) -> gymnasium.Env[Any, Any]:
    """Return the environment of `scenario` in `world`.

    `general` are observation, time and hold; those that are None are left to the environment,
    but for time, which is then that of the world or of the environment's task.

    Raises:
        InvalidSetting, EnvsError: as `check_world`, and what the environment refuses.
    """
    import gymnasium

    check_world(world, scenario, options)
    load_environments()
    place = WORLDS[world]
    given = {key: value for key, value in {**options, **general}.items() if value is not None}
    identity = place.environment
    if identity is not None:
        given["scenario"] = scenario
        given.setdefault("time", place.time)
    else:
        identity = find_environment(scenario)
    try:
        if "time" not in given:
            given["time"] = _usual_time(identity, given)
        return gymnasium.make(identity, disable_env_checker=True, **given)
    except (TypeError, ValueError) as error:
        asked = ", ".join(f"{name}={value!r}" for name, value in given.items())
        raise InvalidSetting(f"{identity} cannot be made with {asked}: {error}") from error


def _usual_time(identity: str, options: Mapping[str, Any]) -> str:
    """Return the time rule that the task of an environment is run by, if none is asked for.

    One that is no scenario may have to be told what it is, and is made for that and closed.
    """
    import gymnasium

    if is_scenario(identity):
        return task_of(identity).clock.default
    env = gymnasium.make(identity, disable_env_checker=True, **options)
    try:
        task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        return task.clock.default
    finally:
        env.close()


def try_world(world: str, scenario: str, options: Mapping[str, Any], **general: Any) -> None:
    """Raise what keeps `scenario` from being operated so; otherwise nothing has happened.

    The environment is made and closed. One that can tell more without a start, whether there is a
    screen, does so in `check_ready()`.

    Raises:
        InvalidSetting, EnvsError: as `make_world`, and what `check_ready` of the environment says.
    """
    env = make_world(world, scenario, options, **general)
    try:
        made: Any = env.unwrapped
        made.task.clock.check(made.clock.rule, made.task.name)
        check_ready = getattr(made, "check_ready", None)
        if check_ready is not None:
            check_ready()
    finally:
        env.close()


def shown(world: str, needs: str, options: Mapping[str, Any], *, watched: bool) -> str:
    """Return the observation mode of a run: what the pilot needs, and the frame if `watched`.

    A world that shows no frames is recorded without pictures.
    """
    if not watched or not WORLDS[world].films(options):
        return needs
    return "frame+telemetry" if "telemetry" in needs else "frame"


def read_regions(path: Path) -> dict[str, Any]:
    """Return the boxes of a TOML file: `navball = [x0, y0, x1, y1]`, one line an instrument.

    Raises:
        InvalidSetting: a file that cannot be read or is not TOML. The boxes are judged by the
            environment.
    """
    try:
        return parse_toml(read_text(path))
    except OSError as error:
        raise InvalidSetting(f"the regions in {path} cannot be read: {error.strerror}") from error
    except NotUtf8 as error:
        raise InvalidSetting(f"the regions cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSetting(
            f"{path} is not TOML ({error}); give lines like navball = [512, 464, 768, 720]"
        ) from error
