"""Light, SolarPanel and Antenna: what hangs on a craft and can be switched or folded.

What is set is kept, and moves nothing: the lights light up nothing, and signals need no antenna.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import named, since, until
from helmsight.envs.orbital.krpc.space_center import fitted
from helmsight.envs.orbital.krpc.space_center.fitted import DEPLOYED, FOLDING, LIT
from helmsight.envs.orbital.krpc.space_center.service import finite, service
from helmsight.envs.orbital.krpc.stdlib import ColorRGB
from helmsight.envs.orbital.krpc.types import Float

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.part import Part

WHITE = (0.875, 0.875, 0.875)
"""Colour of the lights in the saves."""
POWER = {"longAntenna": 500_000.0}
BUILT_IN_POWER = 5000.0
"""Power of the antennas: from general knowledge of the parts."""


@service.remote
@dataclass(frozen=True)
class Light:
    """A spotlight. The saves have all of them off."""

    of: Part

    @property
    def part(self) -> Part:
        """The part that it is."""
        return self.of

    @property
    def active(self) -> bool:
        """Whether it is on."""
        return bool(self._get(LIT, False))

    @active.setter
    def active(self, value: bool) -> None:
        self._put(LIT, value)

    @property
    @named("Color")
    @until("0.7.0")
    def color_before(self) -> tuple[Float, Float, Float]:
        """Its colour: red, green and blue."""
        red, green, blue = self._get("colour", WHITE)
        return (red, green, blue)

    @color_before.setter
    @named("Color")
    @until("0.7.0")
    def color_before(self, value: tuple[Float, Float, Float]) -> None:
        self._put("colour", fitted.colour(value))

    @property
    @since("0.7.0")
    def color(self) -> ColorRGB:
        """Its colour."""
        return ColorRGB(*self._get("colour", WHITE))

    @color.setter
    @since("0.7.0")
    def color(self, value: ColorRGB) -> None:
        self._put("colour", fitted.colour(value))

    @property
    def blink(self) -> bool:
        """Whether it blinks."""
        return bool(self._get("blinking", False))

    @blink.setter
    def blink(self, value: bool) -> None:
        self._put("blinking", value)

    @property
    def blink_rate(self) -> Float:
        """How fast it blinks."""
        return float(self._get("blink rate", 1.0))

    @blink_rate.setter
    def blink_rate(self, value: Float) -> None:
        self._put("blink rate", finite(value, "the blink rate"))

    @property
    def power_usage(self) -> Float:
        """Electric charge that it uses, units/s. The panels make up for it."""
        return 0.02 if self.active else 0.0

    def _get(self, name: str, at_first: Any) -> Any:
        return fitted.setting(self.of.owner, self.of.number, name, at_first)

    def _put(self, name: str, value: Any) -> None:
        fitted.put(self.of.owner, self.of.number, name, value)


@service.enum
@until("0.7.0")
class SolarPanelState(IntEnum):
    """How far a solar panel is unfolded."""

    EXTENDED = 0
    RETRACTED = 1
    EXTENDING = 2
    RETRACTING = 3
    BROKEN = 4


@service.enum
@until("0.7.0")
class AntennaState(IntEnum):
    """How far an antenna is unfolded."""

    DEPLOYED = 0
    RETRACTED = 1
    DEPLOYING = 2
    RETRACTING = 3
    BROKEN = 4


@service.enum
@since("0.7.0")
class DeployableState(IntEnum):
    """How far a part is unfolded."""

    DEPLOYED = 0
    RETRACTED = 1
    DEPLOYING = 2
    RETRACTING = 3
    BROKEN = 4


@service.remote
@dataclass(frozen=True)
class SolarPanel:
    """A solar panel, out for good: those of the craft do not fold."""

    of: Part

    @property
    def part(self) -> Part:
        """The part that it is."""
        return self.of

    @property
    def deployable(self) -> bool:
        """Whether it can be folded or unfolded: no."""
        self.of.check()
        return False

    @property
    def deployed(self) -> bool:
        """Whether it is out: yes."""
        self.of.check()
        return True

    @deployed.setter
    def deployed(self, value: bool) -> None:
        if not value:
            raise InvalidOperationException("this solar panel does not fold")

    @property
    @named("State")
    @until("0.7.0")
    def state_before(self) -> SolarPanelState:
        """How far it is unfolded: all the way."""
        self.of.check()
        return SolarPanelState.EXTENDED

    @property
    @since("0.7.0")
    def state(self) -> DeployableState:
        """How far it is unfolded: all the way."""
        self.of.check()
        return DeployableState.DEPLOYED


@service.remote
@dataclass(frozen=True)
class Antenna:
    """An antenna: the probe core's own, or a Communotron 16, which the saves have folded."""

    of: Part

    @property
    def part(self) -> Part:
        """The part that it is, or that holds it."""
        return self.of

    @property
    def deployable(self) -> bool:
        """Whether it can be folded or unfolded."""
        return FOLDING in self.of.design().kind.modules

    @property
    def deployed(self) -> bool:
        """Whether it is out."""
        return not self.deployable or bool(
            fitted.setting(self.of.owner, self.of.number, DEPLOYED, False)
        )

    @deployed.setter
    def deployed(self, value: bool) -> None:
        if not self.deployable:
            raise InvalidOperationException("this antenna does not fold")
        fitted.put(self.of.owner, self.of.number, DEPLOYED, value)

    @property
    @named("State")
    @until("0.7.0")
    def state_before(self) -> AntennaState:
        """How far it is unfolded."""
        return AntennaState.DEPLOYED if self.deployed else AntennaState.RETRACTED

    @property
    @since("0.7.0")
    def state(self) -> DeployableState:
        """How far it is unfolded."""
        return DeployableState.DEPLOYED if self.deployed else DeployableState.RETRACTED

    @property
    def can_transmit(self) -> bool:
        """Whether it can send."""
        return self.deployed

    @property
    def power(self) -> float:
        """Its power, W as the game counts."""
        self.of.check()
        return POWER.get(self.of.name, BUILT_IN_POWER)

    @property
    def combinable(self) -> bool:
        """Whether its power adds to that of others."""
        return self.of.name in POWER

    @property
    def combinable_exponent(self) -> float:
        """How its power adds to that of others."""
        return 1.0 if self.combinable else 0.0
