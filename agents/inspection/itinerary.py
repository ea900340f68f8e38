"""Which view comes next: those that nobody tried yet, site by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from helmsight.envs.inspection.looks import LOOKS, Way

USUAL: Way = ""
CLOSER: Way = "closer"
ASIDE: Way = "other side"
AGAIN = 2  # times that a view is gone to at most: the second time where the first was dark


class Itinerary:
    """The views of some sites, and what became of those that were tried.

    sites: labels, `PART: SITE`. budget: looks at most.
    """

    def __init__(self, sites: Sequence[str], budget: int) -> None:
        self.sites, self.budget = tuple(sites), budget
        self._by = {(look.site.label, look.way): name for name, look in LOOKS.items()}
        self._went: Counter[str] = Counter()
        self._dark: set[str] = set()
        self._failed: set[str] = set()

    def went(self, view: str) -> None:
        """Take note that a view was tried, whatever came of it."""
        self._went[view] += 1
        self._dark.discard(view)
        self._failed.discard(view)

    def failed(self, view: str) -> None:
        """Take note that the arm did not get to a view: it is as good as not tried, once."""
        if self._went[view] < AGAIN:
            self._failed.add(view)

    def dark(self, view: str) -> None:
        """Take note that nothing was to be seen from a view: it may be tried again, later."""
        self._dark.add(view)

    def untried(self, site: str, ways: Sequence[Way]) -> str | None:
        """Return the first view of a site that was not tried, of some ways to look at it."""
        names = (self._by[site, way] for way in ways)
        return self.new(names)

    def fixed(self) -> Iterator[str]:
        """Yield the same views in every inspection: all sites, then closer, within the budget."""
        names = (self._by[site, way] for way in (USUAL, CLOSER) for site in self.sites)
        for _, name in zip(range(self.budget), names, strict=False):
            yield name

    def new(self, views: Iterable[str]) -> str | None:
        """Return the first of some views that was not tried."""
        return next((v for v in views if not self._went[v] or v in self._failed), None)

    def again(self, sites: Iterable[str]) -> str | None:
        """Return a view of some sites from which it was dark and that may be tried once more."""
        wanted = set(sites)
        return next(
            (
                view
                for view in LOOKS
                if view in self._dark
                and self._went[view] < AGAIN
                and LOOKS[view].site.label in wanted
            ),
            None,
        )
