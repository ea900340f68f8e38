"""A chat model's answer about a part to one of the states that were allowed, or to none."""

from __future__ import annotations

import re
from collections.abc import Sequence

AROUND = " \t\r\n\"'`*_.,;:!()[]{}"
DENIES = re.compile(r"\b(no|not|never|without|neither|nor|cannot|can't|isn't|or)\b")
FOLLOWED = re.compile(r"\b(free|unlikely)\b")


def read_state(answer: str, states: Sequence[str]) -> tuple[str | None, bool]:
    """Return the state that an answer says, and whether it had to be mended; None where unclear.

    An answer is a state and nothing else. Around it may be marks, and words as long as they name
    one state only and deny nothing: "The state is: cracked cell." is mended, "no scorch" is not.
    """
    plain = " ".join(answer.lower().split()).strip(AROUND)
    for state in states:
        if plain == state:
            return state, False
    said, rest = [], plain
    for state in sorted(states, key=len, reverse=True):
        shortened = re.sub(rf"\b{re.escape(state)}\b", " ", rest)
        if shortened != rest:
            said.append(state)
            rest = shortened
    if len(said) != 1 or DENIES.search(rest) or FOLLOWED.search(rest):
        return None, False
    return said[0], True
