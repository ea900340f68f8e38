"""The seventeen bodies of KSP's own system: constants and orbits. Only Kerbin attracts here.

Radii, gravitational parameters, rotations, spheres of influence and orbits are those of KSP 1.12's
own system as dumps of its configuration tell them, rounded as they were entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import cos, inf, radians, sin

from helmsight.envs.orbital.dynamics import DAY, MU, PRIME_MERIDIAN, RADIUS
from helmsight.envs.orbital.krpc.space_center.conic import Conic
from helmsight.envs.orbital.krpc.space_center.vectors import (
    TWO_PI,
    ZERO,
    FrameAxes,
    Vector,
    add,
    subtract,
    swap,
)

SUN_MU = 1.17233279483249e18


@dataclass(frozen=True, eq=False)
class SkyBody:
    """A celestial body: SI units, rad; `orbit` is about `parent`, angles from +x at UT 0.

    `initial_rotation` is the angle from +x of its prime meridian at UT 0. `atmosphere` is the
    depth of its air, m, or 0; `flying_high` and `space_high` are the altitudes, m, that divide
    KSP's science situations.
    """

    name: str
    mu: float
    radius: float
    sphere: float
    rotation_period: float
    initial_rotation: float
    atmosphere: float
    space_high: float
    flying_high: float = 18_000.0
    orbit: Conic | None = None
    parent: SkyBody | None = None
    solid: bool = True
    oxygen: bool = False
    ocean: bool = False

    @cached_property
    def spin(self) -> Vector:
        """Angular velocity in game space, rad/s by the left hand."""
        return (0.0, -TWO_PI / self.rotation_period, 0.0)

    def angle(self, ut: float) -> float:
        """Return the angle from +x of the prime meridian at `ut`, 0 to 2 pi."""
        return (self.initial_rotation + TWO_PI * ut / self.rotation_period) % TWO_PI

    def axes(self, ut: float) -> FrameAxes:
        """Return the axes fixed to the body: prime meridian, north, 90 degrees east."""
        angle = self.angle(ut)
        cosine, sine = cos(angle), sin(angle)
        return FrameAxes((cosine, 0.0, sine), (0.0, 1.0, 0.0), (-sine, 0.0, cosine))

    def about_parent(self, ut: float) -> tuple[Vector, Vector]:
        """Return position and velocity about the body that this one orbits, in game space.

        Raises:
            ValueError: it orbits nothing.
        """
        if self.orbit is None:
            raise ValueError(f"{self.name} orbits nothing")
        position, velocity = self.orbit.state_at(ut)
        return swap(position), swap(velocity)

    def place(self, ut: float) -> Vector:
        """Return the position at `ut` from Kerbin's centre, m in game space."""
        return self._from_kerbin(ut)[0]

    def velocity(self, ut: float) -> Vector:
        """Return the velocity at `ut` relative to Kerbin, m/s in game space."""
        return self._from_kerbin(ut)[1]

    def _from_kerbin(self, ut: float) -> tuple[Vector, Vector]:
        """Return position and velocity: down from Kerbin, or up to the sun and down from there."""
        place, velocity, body = ZERO, ZERO, self
        while body.parent is not None and body is not KERBIN:
            step = body.about_parent(ut)
            place, velocity, body = add(place, step[0]), add(velocity, step[1]), body.parent
        if body is KERBIN:
            return place, velocity
        step = KERBIN.about_parent(ut)
        return subtract(place, step[0]), subtract(velocity, step[1])


def _elements(
    parent: SkyBody,
    sma: float,
    ecc: float = 0.0,
    inc: float = 0.0,
    lan: float = 0.0,
    lpe: float = 0.0,
    mean: float = 3.14,
) -> Conic:
    """Return an orbit about `parent` at UT 0: m, degrees, but the mean anomaly in rad."""
    return Conic(parent.mu, sma, ecc, radians(inc), radians(lan), radians(lpe), mean, 0.0)


SUN = SkyBody(
    "Sun", SUN_MU, 261_600_000.0, inf, 432_000.0, 0.0,
    atmosphere=600_000.0, space_high=1e9, solid=False,
)  # fmt: skip
KERBIN = SkyBody(
    "Kerbin", MU, RADIUS, 84_159_286.4796305, DAY, PRIME_MERIDIAN,
    atmosphere=70_000.0, space_high=250_000.0, ocean=True, oxygen=True,
    orbit=_elements(SUN, 13_599_840_256.0), parent=SUN,
)  # fmt: skip
MUN = SkyBody(
    "Mun", 6.51383975207806e10, 200_000.0, 2_429_559.11656475, 138_984.376574476, radians(230.0),
    atmosphere=0.0, space_high=60_000.0,
    orbit=_elements(KERBIN, 12_000_000.0, mean=1.7), parent=KERBIN,
)  # fmt: skip
MINMUS = SkyBody(
    "Minmus", 1.76580002663128e9, 60_000.0, 2_247_428.3879023, 40_400.0, radians(230.0),
    atmosphere=0.0, space_high=30_000.0,
    orbit=_elements(KERBIN, 47_000_000.0, 0.0, 6.0, 78.0, 38.0, 0.9), parent=KERBIN,
)  # fmt: skip
MOHO = SkyBody(
    "Moho", 168_609_378_654.509, 250_000.0, 9_646_663.02332811, 1_210_000.0, radians(190.0),
    atmosphere=0.0, space_high=80_000.0,
    orbit=_elements(SUN, 5_263_138_304.0, 0.2, 7.0, 70.0, 15.0), parent=SUN,
)  # fmt: skip
EVE = SkyBody(
    "Eve", 8_171_730_229_210.87, 700_000.0, 85_109_364.7382441, 80_500.0, 0.0,
    atmosphere=90_000.0, space_high=400_000.0, flying_high=22_000.0, ocean=True,
    orbit=_elements(SUN, 9_832_684_544.0, 0.01, 2.1, 15.0), parent=SUN,
)  # fmt: skip
GILLY = SkyBody(
    "Gilly", 8_289_449.81471635, 13_000.0, 126_123.271704568, 28_255.0, radians(5.0),
    atmosphere=0.0, space_high=6000.0,
    orbit=_elements(EVE, 31_500_000.0, 0.55, 12.0, 80.0, 10.0, mean=0.9), parent=EVE,
)  # fmt: skip
DUNA = SkyBody(
    "Duna", 301_363_211_975.098, 320_000.0, 47_921_949.369738, 65_517.859375, radians(90.0),
    atmosphere=50_000.0, space_high=140_000.0, flying_high=12_000.0,
    orbit=_elements(SUN, 20_726_155_264.0, 0.051, 0.06, 135.5), parent=SUN,
)  # fmt: skip
IKE = SkyBody(
    "Ike", 18_568_368_573.144, 130_000.0, 1_049_598.93931162, 65_517.8621348081, 0.0,
    atmosphere=0.0, space_high=50_000.0,
    orbit=_elements(DUNA, 3_200_000.0, 0.03, 0.2, 0.0, 0.0, mean=1.7), parent=DUNA,
)  # fmt: skip
DRES = SkyBody(
    "Dres", 21_484_488_600.0, 138_000.0, 32_832_839.5767762, 34_800.0, radians(25.0),
    atmosphere=0.0, space_high=25_000.0,
    orbit=_elements(SUN, 40_839_348_203.0, 0.145, 5.0, 280.0, 90.0), parent=SUN,
)  # fmt: skip
JOOL = SkyBody(
    "Jool", 282_528_004_209_995.0, 6_000_000.0, 2_455_985_185.42347, 36_000.0, 0.0,
    atmosphere=200_000.0, space_high=4_000_000.0, flying_high=120_000.0, solid=False,
    orbit=_elements(SUN, 68_773_560_320.0, 0.05, 1.304, 52.0, 0.0, mean=0.1), parent=SUN,
)  # fmt: skip
LAYTHE = SkyBody(
    "Laythe", 1_962_000_029_236.08, 500_000.0, 3_723_645.81113302, 52_980.8790593796, radians(90.0),
    atmosphere=50_000.0, space_high=200_000.0, flying_high=10_000.0, ocean=True, oxygen=True,
    orbit=_elements(JOOL, 27_184_000.0), parent=JOOL,
)  # fmt: skip
VALL = SkyBody(
    "Vall", 207_481_499_473.751, 300_000.0, 2_406_401.44479404, 105_962.088893924, 0.0,
    atmosphere=0.0, space_high=90_000.0,
    orbit=_elements(JOOL, 43_152_000.0, 0.0, 0.0, 0.0, 0.0, mean=0.9), parent=JOOL,
)  # fmt: skip
TYLO = SkyBody(
    "Tylo", 2_825_280_042_099.95, 600_000.0, 10_856_518.3683586, 211_926.35802123, 0.0,
    atmosphere=0.0, space_high=250_000.0,
    orbit=_elements(JOOL, 68_500_000.0, 0.0, 0.025), parent=JOOL,
)  # fmt: skip
BOP = SkyBody(
    "Bop", 2_486_834_944.41491, 65_000.0, 1_221_060.86284253, 544_507.428516654, radians(230.0),
    atmosphere=0.0, space_high=25_000.0,
    orbit=_elements(JOOL, 128_500_000.0, 0.235, 15.0, 10.0, 25.0, mean=0.9), parent=JOOL,
)  # fmt: skip
POL = SkyBody(
    "Pol", 721_702_080.0, 44_000.0, 1_042_138.89230178, 901_902.623531173, radians(25.0),
    atmosphere=0.0, space_high=22_000.0,
    orbit=_elements(JOOL, 179_890_000.0, 0.17085, 4.25, 2.0, 15.0, mean=0.9), parent=JOOL,
)  # fmt: skip
EELOO = SkyBody(
    "Eeloo", 74_410_814_527.0496, 210_000.0, 119_082_941.647812, 19_460.0, radians(25.0),
    atmosphere=0.0, space_high=60_000.0,
    orbit=_elements(SUN, 90_118_820_000.0, 0.26, 6.15, 50.0, 260.0), parent=SUN,
)  # fmt: skip
BODIES = {
    body.name: body
    for body in (
        SUN, KERBIN, MUN, MINMUS, MOHO, EVE, DUNA, IKE, JOOL, LAYTHE, VALL, BOP, TYLO, GILLY, POL,
        DRES, EELOO,
    )
}  # fmt: skip
