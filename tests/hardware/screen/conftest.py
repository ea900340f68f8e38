"""A window of another program, that can be moved, resized, hidden and closed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

PROGRAM = """
import json, os, sys, threading, queue
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import pygame
from pygame._sdl2.video import Window

pygame.display.init()
size, orders, keys = (320, 180), queue.SimpleQueue(), []
pygame.display.set_mode(size, pygame.RESIZABLE)
pygame.display.set_caption(sys.argv[1])
def listen():
    for line in sys.stdin:
        orders.put(json.loads(line))
    orders.put(["end"])
threading.Thread(target=listen, daemon=True).start()
colour, told = (10, 200, 60), False
while True:
    for event in pygame.event.get():
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            keys.append([pygame.key.name(event.key), event.type == pygame.KEYDOWN])
    while not orders.empty():
        what, *given = orders.get()
        if what == "end":
            sys.exit()
        if what == "colour":
            colour = given
        elif what == "size":
            Window.from_display_module().size = given
        elif what == "move":
            Window.from_display_module().position = given
        elif what == "hide":
            Window.from_display_module().hide()
        told = True
    shown = pygame.display.get_surface()
    shown.fill(colour)
    shown.fill((250, 0, 0), (0, 0, shown.get_width() // 2, shown.get_height() // 2))
    pygame.display.flip()
    pygame.time.wait(5)
    if told:
        print(json.dumps(keys), flush=True)
        told = False
"""
Program = Callable[..., Any]


class Shown:
    """The running program: `tell` gives an order and returns the keys that it has seen."""

    def __init__(self, title: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, title],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tell("look")

    def tell(self, *order: Any) -> list[list[Any]]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        keys: list[list[Any]] = json.loads(self.process.stdout.readline())
        return keys

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(600)


@pytest.fixture
def program(display: str) -> Iterator[Callable[[str], Shown]]:
    """Open windows by title; all of them are closed at the end."""
    opened: list[Shown] = []

    def show(title: str) -> Shown:
        opened.append(Shown(title))
        return opened[-1]

    yield show
    for one in opened:
        if one.process.poll() is None:
            one.close()
