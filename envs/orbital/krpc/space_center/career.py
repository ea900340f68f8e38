"""What there is in a career game only, and the public saves are missions of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import absent, hidden
from helmsight.envs.orbital.krpc.space_center.absent import no
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation


@service.remote
@dataclass(frozen=True)
class ContractManager:
    """The contracts of the game: there are none."""

    game: Simulation = field(compare=False, repr=False)

    @hidden
    def check(self) -> None:
        """Do nothing: the manager of a game is always there."""

    active_contracts = no("Contract", "Contracts that were accepted: none.")
    all_contracts = no("Contract", "All contracts: none.")
    completed_contracts = no("Contract", "Contracts that were kept: none.")
    failed_contracts = no("Contract", "Contracts that were broken: none.")
    offered_contracts = no("Contract", "Contracts that are on offer: none.")

    @property
    @absent
    def types(self) -> set[str]:
        """Kinds of contracts: none."""
        return set()


@service.getter
@absent
def contract_manager(game: Simulation) -> ContractManager:
    """The contracts of the game."""
    return ContractManager(game)


@service.getter
@absent
def funds(game: Simulation) -> float:
    """Funds, which only a career has."""
    raise _no_career()


@service.getter
@absent
def science(game: Simulation) -> Float:
    """Science points, which only a career has."""
    raise _no_career()


@service.getter
@absent
def reputation(game: Simulation) -> Float:
    """Reputation, which only a career has."""
    raise _no_career()


def _no_career() -> InvalidOperationException:
    return InvalidOperationException("this is no career: it has no funds, science or reputation")
