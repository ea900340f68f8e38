"""When the first observation of an episode can be."""

from __future__ import annotations

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import ScenarioBroken
from helmsight.envs.orbital.convoy import AnyWorld, Berth, ends
from helmsight.envs.orbital.families import FAMILIES
from helmsight.envs.orbital.starts import Flown
from helmsight.envs.orbital.world import DT, TIMEOUT


def check_start(start_met: float | None, scenario: Flown) -> float | None:
    """Return `start_met`, s, if the first observation of the scenario can be then.

    Raises:
        InvalidOption: before KSPDG's reset is over, or not a physics step before the time limit.
    """
    first, last = scenario.load_time + FAMILIES[scenario.family].settling, TIMEOUT - DT
    if start_met is None:
        return None
    if isinstance(start_met, int | float) and first - 1e-6 <= start_met <= last:
        return float(start_met)
    raise InvalidOption(
        f"start_met={start_met!r} is not possible; give {first:g} s, when the reset of "
        f"{scenario.name} is over, to {last:g} s, just before its time limit"
    )


def check_under_way(
    world: AnyWorld | Berth, scenario: Flown, seed: int, start_met: float | None
) -> None:
    """Raise if an episode has ended before its first observation, with nobody flying.

    Raises:
        InvalidOption, ScenarioBroken: see `TwinEnv.reset`.
    """
    if not world.over[0]:
        return
    met = float(world.met[0])
    who = "the agent is caught" if ends(world).get("caught") else "the target is captured"
    when = f"{who} at {met:.2f} s in {scenario.name} with seed {seed} if nobody burns"
    if start_met is not None:
        raise InvalidOption(f"start_met={start_met:g} is not possible: {when}; give less than that")
    raise ScenarioBroken(
        f"{when}, before its first observation; let its craft begin farther apart, or slower"
    )
