"""Finds the objects that a prompt asked about in an answer, by name or as Object A, B and C."""

from __future__ import annotations

import re
from collections.abc import Sequence

from helmsight.prompts.synonyms import plain

LETTERS = "ABC"
Spot = tuple[str, int, int]  # a name, and where it begins and ends in a plain text


class ObjectNames:
    """Finds the objects that were asked about in a plain text, longest name first."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        order = sorted(range(len(names)), key=lambda i: -len(names[i]))
        ways = [rf"(?P<n{i}>(?:(?:the|an?) )?{re.escape(plain(names[i]))}(?!\w))" for i in order]
        letters = LETTERS[: len(names)].lower()
        ways.append(rf"(?:the )?object (?P<letter>[{letters}])(?!\w)")
        self._name = re.compile(rf"(?<![\w'])(?:{'|'.join(ways)})")
        self._letter = re.compile(rf"(?<![\w'])(?P<letter>[{letters.upper()}])(?![\w'])")

    def find(self, text: str) -> tuple[str, list[Spot]]:
        """Return the plain text and every spot with a name in it, in order."""
        # a bare capital is told from the article "a" before the case is gone
        text = self._letter.sub(
            lambda m: m[0] if self._article(text, m) else f"object {m[0]}", text
        )
        flat = plain(text)
        spots: list[Spot] = []
        for match in self._name.finditer(flat):
            spot = (self._which(match), match.start(), match.end())
            if (
                spots
                and spots[-1][0] == spot[0]
                and not flat[spots[-1][2] : spot[1]].strip(" (),:=")
            ):
                spots[-1] = (spot[0], spots[-1][1], spot[2])  # "object a (the cat)"
            else:
                spots.append(spot)
        return flat, spots

    def _article(self, text: str, match: re.Match[str]) -> bool:
        """Tell the article of "A cat is ..." from the object A."""
        before = text[: match.start()].lower().rstrip("*_` ")
        if before.endswith("object"):
            return True
        longest = max(map(len, self.names)) + 8
        follows = plain(text[match.end() : match.end() + longest])
        return match[0] == "A" and any(follows.startswith(plain(name)) for name in self.names)

    def _which(self, match: re.Match[str]) -> str:
        for group, value in match.groupdict().items():
            if value is not None:
                at = LETTERS.lower().index(value) if group == "letter" else int(group[1:])
                return self.names[at]
        raise AssertionError("a match has a group")
