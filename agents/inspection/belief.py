"""What several looks at a part come to: odds of every state, by Bayes' rule on mixtures.

A crop tells how well it fits each state, the likelihoods of `Seen`. What a crop should show, if a
part is in some state, is a mixture: a site that should be in sight is hidden after all now and
then, the more often the less of it should be; a defect does not show from everywhere; a part that
is not there shows nothing, wherever one looks from. So no view weighs more than it can tell, looks
at what is hidden speak neither for sound nor for a defect, and several clear ones at nothing speak
for `absent`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from helmsight.agents.inspection.trust import TRUST, Trust
from helmsight.envs.inspection.parts import DEFECTS, PARTS
from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND, UNSURE

Hypothesis = tuple[str, str]
"""A state and, for a defect, the site that has it."""


@dataclass(frozen=True)
class Seen:
    """One crop of a site, and how well it fits each state.

    look: its number, from 1. share: of the site that should be seen from there. near: of the
    pixels that a small defect needs, 1 for enough. fits: likelihoods of the crop by what it may
    show (`not seen`, `sound`, the defects), up to a factor. eye: who judged it.
    """

    site: str
    look: int
    share: float
    near: float
    fits: Mapping[str, float]
    eye: str = ""

    def shares(self) -> dict[str, float]:
        """Return the likelihoods as shares of their sum."""
        whole = sum(self.fits.values())
        return {state: fit / whole for state, fit in self.fits.items()}


@dataclass
class Belief:
    """What is believed of one part. sites: names of its surfaces."""

    part: str
    sites: Sequence[str]
    trust: Trust = TRUST
    seen: list[Seen] = field(default_factory=list)

    @property
    def defects(self) -> tuple[str, ...]:
        """What can be wrong with the part."""
        return DEFECTS[PARTS[self.part]]

    def add(self, seen: Seen) -> None:
        """Take one more crop into account; it takes the place of the same eye's of that look."""
        key = (seen.site, seen.look, seen.eye)
        kept = [old for old in self.seen if (old.site, old.look, old.eye) != key]
        self.seen = [*kept, seen]

    def odds(self) -> dict[str, float]:
        """Return the probabilities of `sound`, each defect and `absent`; they sum to 1."""
        logs = {h: math.log(prior) + self._evidence(h) for h, prior in self._priors().items()}
        top = max(logs.values())
        weights = {h: math.exp(value - top) for h, value in logs.items()}
        whole = sum(weights.values())
        odds = dict.fromkeys((SOUND, *self.defects, ABSENT), 0.0)
        for (state, _), weight in weights.items():
            odds[state] += weight / whole
        return odds

    def top(self) -> tuple[str, float]:
        """Return the likeliest state and its probability."""
        odds = self.odds()
        state = max(odds, key=odds.__getitem__)
        return state, odds[state]

    @property
    def settled(self) -> bool:
        """Whether further looks would hardly change the answer."""
        return bool(self.seen) and self.top()[1] >= self.trust.sure

    def state(self) -> tuple[str, float]:
        """Return what to report, and how sure that is, 0 to 1.

        `not seen` where no crop showed the part and it is not thought absent, `unsure` where no
        state is likely enough.
        """
        state, odds = self.top()
        if state != ABSENT and not self.looks():
            return NOT_SEEN, 1.0 - odds if self.seen else 1.0
        if state == ABSENT and len(self._empty()) < self.trust.empty:
            return UNSURE, odds
        return (state, odds) if odds >= self.trust.least else (UNSURE, odds)

    def looks(self) -> list[Seen]:
        """Return the crops that showed the part."""
        return [seen for seen in self.seen if seen.shares().get(NOT_SEEN, 0.0) < 0.5]

    def best(self, state: str) -> Seen | None:
        """Return the crop that speaks for a state most clearly, None without any."""
        wanted = NOT_SEEN if state == ABSENT else state

        def speaks(seen: Seen) -> float:
            shares = seen.shares()
            return seen.share * shares.get(wanted, 1.0 - shares.get(NOT_SEEN, 0.0))

        return max(self.seen, key=speaks, default=None)

    def site_in_doubt(self) -> str:
        """Return the site where another look tells most.

        It is that of the likeliest defect, or else the one that was looked at least.
        """
        logs = {h: math.log(p) + self._evidence(h) for h, p in self._priors().items() if h[1]}
        state, site = max(logs, key=logs.__getitem__)
        if self.odds()[state] > 1.0 - self.trust.sure:
            return site
        return min(self.sites, key=lambda name: sum(seen.site == name for seen in self.seen))

    def _empty(self) -> list[Seen]:
        return [s for s in self.seen if s.share >= 0.8 and s.shares().get(NOT_SEEN, 0.0) > 0.5]

    def _priors(self) -> dict[Hypothesis, float]:
        trust, many = self.trust, len(self.defects) * len(self.sites)
        priors = {(d, site): trust.defective / many for d in self.defects for site in self.sites}
        priors[SOUND, ""] = 1.0 - trust.defective - trust.missing
        priors[ABSENT, ""] = trust.missing
        return priors

    def _evidence(self, hypothesis: Hypothesis) -> float:
        return sum(self.trust.alone * self._log(seen, hypothesis) for seen in self.seen)

    def _log(self, seen: Seen, hypothesis: Hypothesis) -> float:
        trust, (state, site) = self.trust, hypothesis
        there = trust.drawn * min(1.0, seen.share / trust.enough)
        if state == ABSENT:
            expected = {NOT_SEEN: trust.nothing, SOUND: 1.0 - trust.nothing}
        elif state == SOUND or site != seen.site:
            expected = {SOUND: there, NOT_SEEN: 1.0 - there}
        else:
            shows = trust.shows * seen.near * there
            expected = {state: shows, SOUND: there - shows, NOT_SEEN: 1.0 - there}
        shares = seen.shares()
        fit = sum(share * shares.get(shown, 0.0) for shown, share in expected.items())
        return math.log((1.0 - trust.wrong) * fit + trust.wrong / (2 + len(self.defects)))
