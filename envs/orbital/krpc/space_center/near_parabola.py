"""Motion near escape speed, where ellipse, parabola and hyperbola meet: universal variables.

Elements lose every digit there: the semi-major axis grows beyond bounds while the eccentricity goes
to 1. Here all is reckoned from the periapsis, in the universal anomaly chi, sqrt(m) (Battin, An
Introduction to the Mathematics and Methods of Astrodynamics, 4.5; Vallado, 2.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asinh, atan, atanh, cos, cosh, inf, pi, remainder, sin, sinh, sqrt, tan

NEAR = 1e-2  # of 1 - eccentricity^2; beyond it elements are exact to 1e-13


@dataclass(frozen=True)
class NearParabola:
    """An orbit by what stays finite: `mu` m^3/s^2, eccentricity, semi-latus rectum `latus` m, and
    `inverse` 1/m, one over the semi-major axis: above 0 for an ellipse, 0 for the parabola.
    """

    mu: float
    ecc: float
    latus: float
    inverse: float

    @property
    def periapsis(self) -> float:
        """Periapsis, m from the centre."""
        return self.latus / (1.0 + self.ecc)

    @property
    def period(self) -> float:
        """Period, s; infinite for a parabola and a hyperbola."""
        motion = sqrt(self.mu) * max(self.inverse, 0.0) ** 1.5
        return 2.0 * pi / motion if motion > 0.0 else inf

    def anomaly_of(self, true: float) -> float:
        """Return the universal anomaly of a true one, sqrt(m).

        Raises:
            ValueError: the orbit has no point there.
        """
        half = tan(remainder(true, 2.0 * pi) / 2.0)
        square = self.inverse * self.periapsis / (1.0 + self.ecc) * half * half
        if square <= -1.0:
            raise ValueError(f"the orbit leaves the body and has no true anomaly {true:.6g} rad")
        root = sqrt(abs(square))
        share = 1.0 if root < 1e-9 else (atan(root) if square > 0.0 else atanh(root)) / root
        return 2.0 * sqrt(self.periapsis / (1.0 + self.ecc)) * half * share

    def seconds_of(self, true: float) -> float:
        """Return the time since the periapsis at a true anomaly, s; raises as `anomaly_of`."""
        return self._reach(self.anomaly_of(true)) / sqrt(self.mu)

    def anomaly_at(self, seconds: float) -> float:
        """Return the universal anomaly so many seconds after the periapsis: Kepler's equation.

        By Newton's steps from the parabola's own solution, held between bounds.
        """
        if self.period < inf:
            seconds = remainder(seconds, self.period)
        wanted, side = sqrt(self.mu) * abs(seconds), 1.0 if seconds >= 0.0 else -1.0
        size = 2.0 * sqrt(2.0 * self.periapsis)
        chi = size * sinh(asinh(24.0 * wanted / size**3) / 3.0)
        low, high = 0.0, pi / sqrt(self.inverse) if self.inverse > 0.0 else 1.1 * chi + 1.0
        chi = min(chi, high)
        for _ in range(200):
            over = self._reach(chi) - wanted
            low, high = (low, chi) if over > 0.0 else (chi, high)
            step = over / self.radius(chi)
            if abs(step) <= 1e-15 * chi:
                break
            chi = chi - step if low <= chi - step <= high else 0.5 * (low + high)
        return side * chi

    def radius(self, chi: float) -> float:
        """Return the radius at a universal anomaly, m."""
        return self.periapsis + self.ecc * chi * chi * stumpff(self.inverse * chi * chi)[0]

    def state(self, chi: float) -> tuple[float, float, float, float]:
        """Return place and velocity in the plane of the orbit, the first axis to the periapsis."""
        square = chi * chi
        c, s = stumpff(self.inverse * square)
        pace = sqrt(self.mu) / self.radius(chi)
        return (
            self.periapsis - square * c,
            sqrt(self.latus) * (chi - self.inverse * chi * square * s),
            -pace * chi * (1.0 - self.inverse * square * s),
            pace * sqrt(self.latus) * (1.0 - self.inverse * square * c),
        )

    def _reach(self, chi: float) -> float:
        """Return sqrt(mu) times the time since the periapsis."""
        cube = chi * chi * chi
        return self.periapsis * chi + self.ecc * cube * stumpff(self.inverse * chi * chi)[1]


def stumpff(z: float) -> tuple[float, float]:
    """Return Stumpff's functions c2 and c3 of `z`: by their series about 0."""
    if abs(z) < 1.0:
        c = s = 0.0
        for k in range(10, 0, -1):
            c = (1.0 - z * c) / ((2 * k) * (2 * k - 1))
            s = (1.0 - z * s) / ((2 * k + 1) * (2 * k))
        return c, s
    root = sqrt(abs(z))
    if z > 0.0:
        return (1.0 - cos(root)) / z, (root - sin(root)) / (root * z)
    return (cosh(root) - 1.0) / -z, (sinh(root) - root) / (root * -z)
