"""Things that lie around in the room and have nothing to do with the task."""

from __future__ import annotations

from functools import partial
from typing import Any

from helmsight.envs.inspection.scenery import Thing
from helmsight.envs.inspection.shapes import ROOM, Drawing, Owner, along, euler


def draw_thing(drawing: Drawing, world: Any, thing: Thing) -> None:
    """Add something that lies around; it is felt as the box or drum around it."""
    size, owner = thing.scale, Owner("thing")
    body = world.add_body(pos=(*thing.place, 0.0), quat=euler(0, 0, thing.turn))
    show = partial(drawing.shape, body, owner, group=ROOM)
    rod = partial(drawing.rod, body, owner, group=ROOM)
    if thing.kind == "mug":
        show("cylinder", (0.034 * size, 0.042 * size), (0, 0, 0.042 * size), colour=thing.colour)
        show("cylinder", (0.030 * size, 0.001), (0, 0, 0.0835 * size), look="dark")
        rod(
            (0.05 * size, 0, 0.02 * size), (0.05 * size, 0, 0.06 * size), 0.005, colour=thing.colour
        )
    elif thing.kind == "spool":
        for z in (0.004, 0.05):
            show("cylinder", (0.04 * size, 0.004), (0, 0, z * size), look="dark")
        show("cylinder", (0.03 * size, 0.022 * size), (0, 0, 0.027 * size), colour=thing.colour)
    elif thing.kind == "target":
        turn = along((-1.0, 0.0, 0.5))
        show(
            "box", (0.05 * size, 0.05 * size, 0.002), (0, 0, 0.05 * size), turn=turn, look="target"
        )
    elif thing.kind == "driver":
        rod((-0.03, 0, 0.012), (0.03, 0, 0.012), 0.011, colour=thing.colour)
        rod((0.03, 0, 0.012), (0.10, 0, 0.008), 0.003, look="metal")
    elif thing.kind == "weight":
        show("cylinder", (0.022 * size, 0.02 * size), (0, 0, 0.02 * size), look="brass")
        show("sphere", (0.009 * size,), (0, 0, 0.046 * size), look="brass")
    else:
        half = (0.045 * size, 0.03 * size, 0.028 * size)
        show("box", half, (0, 0, half[2]), colour=thing.colour)
        show("box", (half[0] + 0.001, 0.008, half[2] + 0.001), (0, 0, half[2]), look="brass")
    drawing.solid(
        body, owner, "cylinder", (0.05 * size, 0.045 * size), (0, 0, 0.045 * size), group=ROOM
    )
