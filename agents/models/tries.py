"""Allowed answers as a trie of tokens: which may follow, and which have to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Trie = dict[int, "Trie"]


def trie_of(rows: Iterable[Sequence[int]], end: int) -> Trie:
    """Return the trie over `rows` of tokens; the token `end` closes each."""
    trie: Trie = {}
    for row in rows:
        node = trie
        for token in (*row, end):
            node = node.setdefault(token, {})
    return trie


def walk(trie: Trie, tokens: Sequence[int]) -> tuple[list[int], Trie]:
    """Follow `tokens` as far as the trie has them; return these tokens and the node reached."""
    written: list[int] = []
    for token in tokens:
        if token not in trie:  # padding behind a finished answer
            break
        written.append(token)
        trie = trie[token]
    return written, trie


def forced(trie: Trie) -> list[int]:
    """Return the tokens that follow without a choice."""
    tokens: list[int] = []
    while len(trie) == 1:
        ((token, trie),) = trie.items()
        tokens.append(token)
    return tokens


def likely(trie: Trie, guess: Sequence[int]) -> list[int]:
    """Return the tokens that follow, up to the last choice, if every choice is the one in `guess`.

    `guess` are tokens from here on; where it has none that is allowed, nobody knows.
    """
    tokens: list[int] = []
    known = 0
    while trie:
        sure = forced(trie)
        tokens, trie = [*tokens, *sure], walk(trie, sure)[1]
        if not trie:
            break
        known = len(tokens)
        choice = guess[known] if known < len(guess) else None
        if choice is None or choice not in trie:
            break
        tokens.append(choice)
        trie = trie[choice]
    return tokens[:known]
