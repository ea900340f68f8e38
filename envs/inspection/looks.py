"""What can be looked at, by names: every site, closer, and from its other side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from helmsight.envs.inspection.sites import SITES, Site

Way = Literal["", "closer", "other side"]
WAYS: tuple[Way, ...] = get_args(Way)
NO_POSE, NO_MORE = "no pose in reach shows", "reports still count"
"""What the notes say of a look that is not made however often it is asked for."""


@dataclass(frozen=True)
class Look:
    """One look: what at, and how. "" is the view that shows most of the site."""

    site: Site
    way: Way = ""

    @property
    def name(self) -> str:
        """`PART: SITE`, and how."""
        return f"{self.site.label}, {self.way}" if self.way else self.site.label


LOOKS: Mapping[str, Look] = {
    look.name: look for way in WAYS for look in (Look(site, way) for site in SITES)
}
"""Every look by its name: first all sites, then all of them closer, then from the other side."""
VIEWS: tuple[str, ...] = tuple(LOOKS)
