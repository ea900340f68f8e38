"""Scripted pilots: of spacecraft by a rule, a law or words, and of robots through poses."""

from __future__ import annotations

from collections.abc import Callable

from helmsight.contract.pilot import Pilot

EXPERTS = {
    "naive": "burns at the target, as the public baseline does",
    "navball": "the published expert rule on the navball's vectors",
    "rendezvous": "plans to the score: intercept, brake, capture; knows what the public bots do",
    "bandit": "plans around the guard to the lady, for lady-bandit-guard",
    "shade": "flies between evader and sun and stays there, for sun blocking",
    "relations": "flies from spatial relations in words alone; needs an oracle's grounding",
}


def make(name: str) -> Pilot:
    """Return the scripted pilot called `name`, one of `EXPERTS` (KeyError otherwise)."""
    from helmsight.agents.scripted.bandit import Bandit
    from helmsight.agents.scripted.naive import Naive
    from helmsight.agents.scripted.navball import Navball
    from helmsight.agents.scripted.relations import Relations
    from helmsight.agents.scripted.rendezvous import Rendezvous
    from helmsight.agents.scripted.shade import Shade

    pilots: dict[str, Callable[[], Pilot]] = {
        "naive": Naive,
        "navball": Navball,
        "rendezvous": Rendezvous,
        "bandit": Bandit,
        "shade": Shade,
        "relations": Relations,
    }
    return pilots[name]()
