"""Scripted pilots: the naive burn, the published navball rule, and the guidance law."""

from __future__ import annotations

from agents.pilot import Pilot

NAMES = ("naive", "navball", "rendezvous")


def make(name: str) -> Pilot:
    """Return the scripted pilot called `name`, one of `NAMES` (KeyError otherwise)."""
    from agents.scripted.naive import Naive
    from agents.scripted.navball import Navball
    from agents.scripted.rendezvous import Rendezvous

    pilots: dict[str, type[Naive] | type[Navball] | type[Rendezvous]] = {
        "naive": Naive,
        "navball": Navball,
        "rendezvous": Rendezvous,
    }
    return pilots[name]()
