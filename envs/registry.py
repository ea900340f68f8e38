"""What can be flown: scenarios and environments, those of other distributions included."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from helmsight.contract.errors import InvalidOption
from helmsight.contract.plugins import each, nearest
from helmsight.envs.errors import UnknownScenario

if TYPE_CHECKING:
    import gymnasium

    from helmsight.contract.task import Task

ENVIRONMENTS = "helmsight.environments"


@cache
def load_environments() -> tuple[str, ...]:
    """Register every environment, once, and return their gymnasium ids, ours first.

    Each entry point of the group `helmsight.environments` is a callable without arguments that
    registers ids with gymnasium. One that fails gives a PluginWarning and is left out.
    """
    import gymnasium

    import helmsight.envs  # noqa: F401  (registers ours)

    ours = {key for key in gymnasium.registry if key.startswith("helmsight/")}
    before = set(gymnasium.registry)
    for _ in each(ENVIRONMENTS, lambda register: register()):
        pass
    return (*sorted(ours), *sorted(set(gymnasium.registry) - before))


def find_environment(name: str) -> str:
    """Return the gymnasium id for an id or a scenario's name in any of its spellings.

    Raises:
        UnknownScenario: with the nearest name there is.
    """
    from helmsight.envs.orbital.scenarios import find_scenario

    known = load_environments()
    for identity in (name, f"helmsight/{name}-v0"):  # what `scenario_name` returns is known, too
        if identity in known:
            return identity
    if "/" in name and not name.startswith("helmsight/"):
        raise UnknownScenario(
            f"no environment {name!r}: {nearest(name, known)}; `helmsight list environments` shows "
            "all that loaded, and warns of those that did not"
        )
    return find_scenario(name).environment_id


def is_scenario(identity: str) -> bool:
    """Return whether a gymnasium id is that of a built-in scenario."""
    from helmsight.envs.orbital.scenarios import SCENARIOS

    return identity in {scenario.environment_id for scenario in SCENARIOS.values()}


SAID_APART = ("observation", "time", "render_mode")
"""Options of every environment that have a place of their own, or are of no use to a pilot."""
DESCRIBED = "helmsight/Scenario-v0"
"""The environment of scenarios that a person writes; its option `described` holds them."""


def scenario_name(name: str) -> str:
    """Return what a scenario is called in tables: our own short name, or the id of another's.

    Raises:
        UnknownScenario: with the nearest name there is.
    """
    identity = find_environment(name)
    if identity.startswith("helmsight/"):
        return identity.removeprefix("helmsight/").removesuffix("-v0")
    return identity


@cache
def task_of(name: str) -> Task:
    """Return the task of a scenario or environment, which is made for that and closed."""
    import gymnasium

    env = gymnasium.make(find_environment(name), disable_env_checker=True)
    try:
        task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        return task
    finally:
        env.close()


def make_env(
    scenario: str, *, observation: str = "frame", time: str = "paused", **options: Any
) -> gymnasium.Env[Any, Any]:
    """Return the environment of a scenario; `options` go to the environment as they are.

    Raises:
        UnknownScenario: with the nearest name there is.
        InvalidOption: for an observation mode or time rule that does not exist.
    """
    import gymnasium

    identity = find_environment(scenario)
    return gymnasium.make(
        identity, disable_env_checker=True, observation=observation, time=time, **options
    )


def options_of(name: str) -> tuple[str, ...] | None:
    """Return the options that a scenario or environment takes besides its observation and time
    rule, None where it takes any.
    """
    from gymnasium import registry
    from gymnasium.envs.registration import load_env_creator

    spec = registry[find_environment(name)]
    point = spec.entry_point
    maker: Any = load_env_creator(point) if isinstance(point, str) else point
    taken = signature(maker).parameters
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in taken.values()):
        return None
    return tuple(option for option in taken if option not in {*spec.kwargs, *SAID_APART})


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Raise InvalidOption for an option that a scenario or environment does not take, with the
    nearest it does.
    """
    known = options_of(name)
    if known is not None and (odd := [option for option in options if option not in known]):
        hint = nearest(odd[0], known) if known else "it takes none"
        raise InvalidOption(f"{name} has no option {odd[0]!r}: {hint}")


def list_scenarios() -> list[dict[str, str]]:
    """Return name, environment id and one line about every built-in scenario."""
    from helmsight.envs.orbital.scenarios import SCENARIOS

    return [
        {"name": known.name, "environment": known.environment_id, "about": known.summary}
        for known in SCENARIOS.values()
    ]


def list_environments() -> dict[str, str]:
    """Return every environment id with the class or function that makes it."""
    identities = load_environments()
    import gymnasium

    return {key: str(gymnasium.registry[key].entry_point) for key in identities}
