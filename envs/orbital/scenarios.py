"""The scenarios of all families by name; those of pursuit-evasion (PE1) themselves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.lady_bandit_guard.scenario import GUARDINGS, Guarding
from helmsight.envs.orbital.starts import AGENT, DRAWN, TARGET, Beginning, SavedStart
from helmsight.envs.orbital.sun_blocking.scenario import BLOCKINGS, Blocking

BOTS = {
    1: "passive evader",
    2: "evader that burns at random within 2,200 m",
    3: "evader that burns along its orbit normal within 200 m",
    4: "evader that burns prograde all the time at a fifth of its thrust",
    5: "evader that burns away from where the pursuer would pass, within 2,200 m",
}
EVADER, PURSUER = TARGET, AGENT
"""Indices of the vessels in every PE1 world: the order in which kRPC lists them."""


class Start(Beginning, Protocol):
    """What a pursuit needs to begin: an evader bot, a time and a state of (evader, pursuer)."""

    @property
    def evader(self) -> int:
        """The evader bot, a key of `BOTS`."""
        ...


@dataclass(frozen=True)
class Scenario(SavedStart):
    """One PE1 scenario: `evader` is the bot (1..5), `initial` are the orbits (1..4, or drawn)."""

    evader: int
    initial: int
    family: ClassVar[str] = "PE1"
    kind: ClassVar[str] = "pursuit"
    bots: ClassVar[Mapping[int, str]] = BOTS
    codes: ClassVar[Mapping[int, str]] = {1: "E1", 2: "E2", 3: "E3", 4: "E4", 5: "PN"}

    @property
    def bot(self) -> int:
        """The evader."""
        return self.evader


PURSUITS = {
    scenario.name: scenario
    for scenario in (
        *(Scenario(evader, initial) for evader in range(1, 5) for initial in range(1, 5)),
        *(Scenario(5, initial) for initial in range(1, 5)),
        *(Scenario(evader, DRAWN) for evader in range(1, 6)),
    )
}
"""The pursuits: KSPDG's sixteen, and those beyond (`Scenario.public` tells)."""
AnyScenario = Scenario | Guarding | Blocking
SCENARIOS: dict[str, AnyScenario] = {**PURSUITS, **GUARDINGS, **BLOCKINGS}
"""All that can be flown on the twin, by Helmsight's names."""


def is_known(name: str) -> bool:
    """Return whether a scenario is called so, in any spelling."""
    return _key(name) in SCENARIOS


def find_scenario(name: str) -> AnyScenario:
    """Return the scenario called `name`, in any spelling.

    LBG1-LG1-I2, lbg1_lg1_i2, LBG1_LG1_I2_V1, its environment id; a save's name (LBG1_I2_INIT) is
    that of the scenario with passive bots which KSPDG loads it for.

    Raises:
        UnknownScenario: with the nearest name there is.
    """
    key = _key(name)
    if key in SCENARIOS:
        return SCENARIOS[key]
    kin = [known for known in SCENARIOS if known.partition("-")[0] == key.partition("-")[0]]
    near = [*difflib.get_close_matches(key, kin or SCENARIOS, n=1, cutoff=0.3), *PURSUITS]
    raise UnknownScenario(
        f"unknown scenario {name!r}. Did you mean {near[0]}? "
        "`helmsight list scenarios` shows all of them"
    )


def _key(name: str) -> str:
    """Return the key in `SCENARIOS` that a spelling of a name stands for, be it there or not."""
    key = re.sub(r"^HELMSIGHT/|[-_]V\d+$", "", name.strip().upper()).replace("_", "-")
    if save := re.fullmatch(r"(PE1|LBG1|SB1)-(I\d)-INIT", key):
        passive = "LG0" if save[1] == "LBG1" else "E1"
        key = f"{save[1]}-{passive}-{save[2]}"
    return key


def find_pursuit(name: str) -> Scenario:
    """Return the pursuit called `name`, for what knows two craft and a capture only.

    Raises:
        UnknownScenario: no such scenario, with the nearest there is; or one of another family.
    """
    found = find_scenario(name)
    if isinstance(found, Scenario):
        return found
    raise UnknownScenario(
        f"{found.name} is a scenario of {found.kind}, and here only pursuits can be flown, "
        f"PE1-E1-I1 to PE1-E4-I4; the twin flies it: helmsight fly {found.name} --pilot naive"
    )
