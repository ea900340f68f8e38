"""Scripted pilots: of spacecraft by a rule, a law or words, and of robots through poses."""

from __future__ import annotations

from importlib import import_module

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

    Its module and its class are called as it is. Only what it needs itself is imported: those that
    plan take scipy's solvers along.
    """
    if name not in EXPERTS:
        raise KeyError(name)
    pilot: Pilot = getattr(import_module(f"{__name__}.{name}"), name.capitalize())()
    return pilot
