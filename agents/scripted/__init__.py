"""Scripted pilots: of spacecraft by a rule, a law or words, and of robots through poses."""

from __future__ import annotations

from helmsight.contract.pilot import Pilot

EXPERTS = {
    "naive": "burns at the target, as the public baseline does",
    "navball": "the published expert rule on the navball's vectors",
    "rendezvous": "a guidance law that plans to the score: intercept, brake, capture",
    "relations": "flies from spatial relations in words alone; needs an oracle's grounding",
}


def make(name: str) -> Pilot:
    """Return the scripted pilot called `name`, one of `EXPERTS` (KeyError otherwise)."""
    from helmsight.agents.scripted.naive import Naive
    from helmsight.agents.scripted.navball import Navball
    from helmsight.agents.scripted.relations import Relations
    from helmsight.agents.scripted.rendezvous import Rendezvous

    pilots: dict[str, type[Naive] | type[Navball] | type[Rendezvous] | type[Relations]] = {
        "naive": Naive,
        "navball": Navball,
        "rendezvous": Rendezvous,
        "relations": Relations,
    }
    return pilots[name]()
