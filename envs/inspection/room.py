"""The room: table, wall, frame, turntable, lights, and things that lie around."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from helmsight.envs.inspection.plan import CellPlan, Light, Thing
from helmsight.envs.inspection.satellite.assembly import CENTRE, DECK_M, draw_satellite
from helmsight.envs.inspection.shapes import ROOM, Drawing, Owner, along, euler

OWNER = Owner("room")
TURNTABLE = "turntable"  # the joint, and what the arm touches there
FRAME = (-0.32, 0.88, 0.62, 0.85)  # of the cell: back, front, to the sides, height; m
PROFILE = (0.55, 0.56, 0.58)


def draw_room(drawing: Drawing, plan: CellPlan) -> None:
    """Add everything but the arm."""
    world = drawing.tree.worldbody
    _lights(world, plan.light)
    at = (0.28, 0.0, -0.02)
    drawing.shape(world, OWNER, "box", (0.62, 0.64, 0.02), at, look="table", group=ROOM)
    drawing.solid(world, Owner("table"), "box", (0.62, 0.64, 0.02), at, group=ROOM)
    _frame(drawing, world)
    body = world.add_body(name=TURNTABLE, pos=(CENTRE[0], CENTRE[1], 0.0))
    joint = body.add_joint(name=TURNTABLE, type=mujoco.mjtJoint.mjJNT_HINGE, axis=(0, 0, 1))
    joint.armature = 0.05
    body.mass, body.inertia, body.explicitinertial = 1.0, np.full(3, 4e-3), True
    servo = drawing.tree.add_actuator(
        name=TURNTABLE, target=TURNTABLE, trntype=mujoco.mjtTrn.mjTRN_JOINT
    )
    servo.set_to_position(kp=200.0)
    _turntable(drawing, body)
    draw_satellite(drawing, body, plan)
    for thing in plan.things:
        _thing(drawing, world, thing)


def _lights(world: Any, light: Light) -> None:
    """Add the key light, which casts shadows, and two soft ones, which do not."""
    c, s = np.cos(light.elevation), np.sin(light.elevation)
    toward = np.array([c * np.cos(light.azimuth), c * np.sin(light.azimuth), s])
    colour = light.key * np.array(light.colour)
    world.add_light(
        name="key", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=np.array(CENTRE) + 0.9 * toward,
        dir=-toward, diffuse=0.62 * colour, specular=0.5 * colour, ambient=(0, 0, 0),
        castshadow=True,
    )  # fmt: skip
    for x, y in ((-0.2, 0.6), (0.9, -0.5)):
        at = np.array([x, y, 1.1])
        away = np.array(CENTRE) - at
        world.add_light(
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=at, dir=away / np.linalg.norm(away),
            diffuse=0.19 * light.fill * np.ones(3), specular=0.08 * np.ones(3), ambient=(0, 0, 0),
            castshadow=False,
        )  # fmt: skip


def _frame(drawing: Drawing, world: Any) -> None:
    back, front, side, high = FRAME
    drawing.shape(
        world, OWNER, "box", (0.01, side, high / 2), (front + 0.03, 0, high / 2), look="wall", group=ROOM
    )
    for sign in (-1, 1):
        middle = ((back + front) / 2, sign * (side + 0.03), high / 2)
        half = ((front - back) / 2, 0.01, high / 2)
        drawing.shape(world, OWNER, "box", half, middle, look="wall", group=ROOM)
        for x in (back, front):
            drawing.shape(
                world, OWNER, "box", (0.015, 0.015, high / 2), (x, sign * side, high / 2),
                colour=PROFILE, group=ROOM,
            )  # fmt: skip
        for z in (0.30, high):
            at = ((back + front) / 2, sign * side, z)
            drawing.shape(
                world, OWNER, "box", ((front - back) / 2, 0.012, 0.012), at, colour=PROFILE, group=ROOM
            )
    for z in (0.30, high):
        drawing.shape(
            world, OWNER, "box", (0.012, side, 0.012), (front, 0, z), colour=PROFILE, group=ROOM
        )


def _turntable(drawing: Drawing, body: Any) -> None:
    owner = Owner(TURNTABLE)
    show, height = drawing.shape, CENTRE[2] - 0.046
    show(body, owner, "cylinder", (0.088, 0.008), (0, 0, 0.008), look="dark", group=ROOM)
    show(body, owner, "cylinder", (0.080, DECK_M / 2 - 0.002), (0, 0, DECK_M / 2 + 0.002), look="metal", group=ROOM)
    for tick in range(36):
        angle, long = np.radians(10.0 * tick), 0.006 if tick % 9 == 0 else 0.003
        at = ((0.078 - long) * np.cos(angle), (0.078 - long) * np.sin(angle), DECK_M + 0.0001)
        show(body, owner, "box", (long, 0.0006, 0.0001), at, turn=euler(0, 0, angle), look="dark", group=ROOM)
    show(body, owner, "cylinder", (0.026, 0.003), (0, 0, DECK_M + 0.003), look="servo", group=ROOM)
    show(body, owner, "cylinder", (0.015, (height - DECK_M) / 2), (0, 0, (height + DECK_M) / 2), look="servo", group=ROOM)
    show(body, owner, "cylinder", (0.030, 0.003), (0, 0, height - 0.003), look="metal", group=ROOM)
    drawing.solid(body, owner, "cylinder", (0.088, DECK_M / 2), (0, 0, DECK_M / 2), group=ROOM)
    drawing.solid(body, owner, "cylinder", (0.030, height / 2), (0, 0, height / 2), group=ROOM)


def _thing(drawing: Drawing, world: Any, thing: Thing) -> None:
    """Add something that lies around; it is felt as the box or drum around it."""
    size, owner = thing.scale, Owner("thing")
    body = world.add_body(pos=(*thing.place, 0.0), quat=euler(0, 0, thing.turn))
    more: dict[str, Any] = {"group": ROOM}
    if thing.kind == "mug":
        drawing.shape(body, owner, "cylinder", (0.034 * size, 0.042 * size), (0, 0, 0.042 * size), colour=thing.colour, **more)
        drawing.shape(body, owner, "cylinder", (0.030 * size, 0.001), (0, 0, 0.0835 * size), look="dark", **more)
        drawing.rod(body, owner, (0.05 * size, 0, 0.02 * size), (0.05 * size, 0, 0.06 * size), 0.005, colour=thing.colour, **more)
    elif thing.kind == "spool":
        for z in (0.004, 0.05):
            drawing.shape(body, owner, "cylinder", (0.04 * size, 0.004), (0, 0, z * size), look="dark", **more)
        drawing.shape(body, owner, "cylinder", (0.03 * size, 0.022 * size), (0, 0, 0.027 * size), colour=thing.colour, **more)
    elif thing.kind == "target":
        turn = along((-1.0, 0.0, 0.5))
        drawing.shape(body, owner, "box", (0.05 * size, 0.05 * size, 0.002), (0, 0, 0.05 * size), turn=turn, look="target", **more)
    elif thing.kind == "driver":
        drawing.rod(body, owner, (-0.03, 0, 0.012), (0.03, 0, 0.012), 0.011, colour=thing.colour, **more)
        drawing.rod(body, owner, (0.03, 0, 0.012), (0.10, 0, 0.008), 0.003, look="metal", **more)
    elif thing.kind == "weight":
        drawing.shape(body, owner, "cylinder", (0.022 * size, 0.02 * size), (0, 0, 0.02 * size), look="brass", **more)
        drawing.shape(body, owner, "sphere", (0.009 * size,), (0, 0, 0.046 * size), look="brass", **more)
    else:
        half = (0.045 * size, 0.03 * size, 0.028 * size)
        drawing.shape(body, owner, "box", half, (0, 0, half[2]), colour=thing.colour, **more)
        drawing.shape(body, owner, "box", (half[0] + 0.001, 0.008, half[2] + 0.001), (0, 0, half[2]), look="brass", **more)
    drawing.solid(body, owner, "cylinder", (0.05 * size, 0.045 * size), (0, 0, 0.045 * size), group=ROOM)
