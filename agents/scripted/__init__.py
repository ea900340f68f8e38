"""Scripted pilots: of spacecraft by a rule, a law or words, and of robots through poses."""

from __future__ import annotations

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
    """Return the scripted pilot called `name`, one of `EXPERTS` (KeyError otherwise).

    Only what it needs itself is imported: those that plan take scipy's solvers along.
    """
    match name:
        case "naive":
            from helmsight.agents.scripted.naive import Naive

            return Naive()
        case "navball":
            from helmsight.agents.scripted.navball import Navball

            return Navball()
        case "rendezvous":
            from helmsight.agents.scripted.rendezvous import Rendezvous

            return Rendezvous()
        case "bandit":
            from helmsight.agents.scripted.bandit import Bandit

            return Bandit()
        case "shade":
            from helmsight.agents.scripted.shade import Shade

            return Shade()
        case "relations":
            from helmsight.agents.scripted.relations import Relations

            return Relations()
    raise KeyError(name)
