"""What the shell offers for a word of a command line: scenarios, pilots, robots, time rules.

A shell asks at every press of Tab: no model is loaded, and when anything goes wrong, nothing is
offered.
"""

from __future__ import annotations

from collections.abc import Callable

Names = dict[str, str]  # name -> one line about it


def offered(names: Callable[[], Names]) -> Callable[[str], list[tuple[str, str]]]:
    """Return a completion out of `names`; of words with commas between, the last is completed."""

    def complete(incomplete: str) -> list[tuple[str, str]]:
        before, comma, last = incomplete.rpartition(",")
        try:
            return [
                (before + comma + name, about)
                for name, about in names().items()
                if name.startswith(last)
            ]
        except Exception:  # a message would be read as a name
            return []

    return complete


def _scenarios() -> Names:
    from helmsight.envs.registry import list_scenarios

    return {known["name"]: known["about"] for known in list_scenarios()}


def _pilots() -> Names:
    from helmsight.agents.models.names import pilots

    return {
        name: about for name, about in pilots().items() if not name.isupper() and ":" not in name
    }


def _robots() -> Names:
    from helmsight.hardware.spec import load_spec, shipped

    return {
        name: load_spec(path).about.partition(":")[0] for name, path in sorted(shipped().items())
    }


def _times() -> Names:
    from helmsight.contract.clock import RULES

    return dict(RULES)


scenarios, pilots, robots = offered(_scenarios), offered(_pilots), offered(_robots)
times = offered(_times)
