"""No loop that tries again does so without a pause: what fails at once would flood a device."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import helmsight.hardware

HARDWARE = Path(helmsight.hardware.__file__).parent
DEVICES = {"emulators", "conformance"}  # the other end of the line, and tests
# What waits: for a time, for the device or for another thread.
WAITS = {"sleep", "wait", "_await", "report", "result"}
WORKS_OFF = {"pop"}  # a list that ends
LEAVES = (ast.Raise, ast.Return, ast.Break)


def loops(tree: ast.AST) -> Iterator[ast.While]:
    for node in ast.walk(tree):
        if isinstance(node, ast.While) and any(tries_again(part) for part in ast.walk(node)):
            yield node


def tries_again(node: ast.AST) -> bool:
    """Whether this is an `except` that goes on with the next turn of its loop."""
    return isinstance(node, ast.ExceptHandler) and not isinstance(node.body[-1], LEAVES)


def calls(node: ast.AST) -> set[str]:
    named = (part.func for part in ast.walk(node) if isinstance(part, ast.Call))
    return {
        func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in named
    }


def hasty(source: str) -> list[int]:
    """Return the lines of loops that try again without a pause."""
    return [
        loop.lineno for loop in loops(ast.parse(source)) if not (WAITS | WORKS_OFF) & calls(loop)
    ]


def test_every_loop_that_tries_again_pauses() -> None:
    files = [
        path
        for path in HARDWARE.rglob("*.py")
        if path.relative_to(HARDWARE).parts[0] not in DEVICES
    ]
    found = {
        f"{path.relative_to(HARDWARE)}:{line}"
        for path in files
        for line in hasty(path.read_text(encoding="utf-8"))
    }
    assert len(files) > 50
    assert found == set()


def test_a_loop_that_spins_is_found() -> None:
    spins = "while True:\n    try:\n        ask()\n    except OSError:\n        continue\n"
    assert hasty(spins) == [1]
    assert hasty(spins.replace("continue", "time.sleep(0.01)")) == []
    assert hasty(spins.replace("continue", "raise")) == []
