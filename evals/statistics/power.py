"""What a number of pairs can show: the smallest difference found, and the pairs that one needs."""

from __future__ import annotations

import math

from helmsight.evals.errors import InvalidSample

POWER = 0.8
MOST_PAIRS = 100_000


def fewest_pairs(alpha: float = 0.05) -> int:
    """Return below how many pairs `paired_test` gives no p-value of at most `alpha`.

    n pairs can be swapped in 2**n ways, of which two are as extreme as any.
    """
    _check(alpha)
    return 1 + math.ceil(math.log2(1 / alpha) - 1e-9)


def detectable(spread: float, n: int, alpha: float = 0.05, power: float = POWER) -> float | None:
    """Return the smallest mean difference that n pairs show with probability `power`.

    `spread` is the standard deviation of the pairs' differences, the answer has its unit. The
    test's power is taken for that of the paired t-test, which it comes close to (Hoeffding,
    Annals of Mathematical Statistics 23 (1952) 169). None where n pairs show nothing.
    """
    from scipy.optimize import brentq

    _check(alpha, power)
    if n < fewest_pairs(alpha):
        return None
    if spread <= 0:
        return 0.0
    most = 1.0
    while _power(most, n, alpha) < power:
        most *= 2
    return spread * float(brentq(lambda effect: _power(effect, n, alpha) - power, 0.0, most))


def pairs_needed(
    difference: float, spread: float, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return how many pairs show a mean difference with probability `power`.

    As `detectable`. None for a difference of 0, or one that needs more than 100,000 pairs.
    """
    _check(alpha, power)
    least = fewest_pairs(alpha)
    if difference == 0:
        return None
    effect = math.inf if spread <= 0 else abs(difference) / spread
    if _power(effect, least, alpha) >= power:
        return least
    if _power(effect, MOST_PAIRS, alpha) < power:
        return None
    below, enough = least, MOST_PAIRS
    while enough - below > 1:
        middle = (below + enough) // 2
        if _power(effect, middle, alpha) >= power:
            enough = middle
        else:
            below = middle
    return enough


def _power(effect: float, n: int, alpha: float) -> float:
    """Return how often the two-sided paired t-test finds `effect` standard deviations."""
    from scipy.stats import nct, t

    edge, shift = t.ppf(1 - alpha / 2, n - 1), effect * math.sqrt(n)
    if shift > 30 + edge:  # beyond what the noncentral distribution is reckoned for
        return 1.0
    wrong_way = nct.cdf(-edge, n - 1, shift) if shift < 5 else 0.0  # nothing, and may be NaN
    return float(nct.sf(edge, n - 1, shift) + wrong_way)


def _check(*shares: float) -> None:
    for share in shares:
        if not 0 < share < 1:
            raise InvalidSample(f"{share!r} is no probability between 0 and 1")
