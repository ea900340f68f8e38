"""ReactionWheel: what turns a craft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.space_center.service import AxisRange, both_ways, service
from helmsight.envs.orbital.krpc.space_center.vectors import scale

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part


@service.remote
@dataclass(frozen=True)
class ReactionWheel:
    """A reaction wheel. The twin's are never shut off and never break."""

    of: Part

    @property
    def part(self) -> Part:
        """The part that it is, or that holds it."""
        return self.of

    @property
    def active(self) -> bool:
        """Whether it is on."""
        return True

    @active.setter
    def active(self, value: bool) -> None:
        if not value:
            raise InvalidOperationException("the twin's reaction wheels cannot be shut off")

    @property
    def broken(self) -> bool:
        """Whether it is broken."""
        return False

    @property
    def available_torque(self) -> AxisRange:
        """Torque in pitch, roll and yaw, N m: an equal share of the craft's."""
        whole = self.of.owner.available_reaction_wheel_torque
        share = 1.0 / len(self.of.owner.parts.reaction_wheels)
        return both_ways(scale(whole.positive, share))

    @property
    def max_torque(self) -> AxisRange:
        """Torque in pitch, roll and yaw, N m."""
        return self.available_torque
