"""The room: table, walls, frame, turntable, lights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.satellite.assembly import CENTRE, DECK_M, draw_satellite
from helmsight.envs.inspection.scenery import Light
from helmsight.envs.inspection.shapes import ROOM, Drawing, Owner, euler
from helmsight.envs.inspection.things import draw_thing
from helmsight.hardware.gl import mujoco

OWNER = Owner("room")
TURNTABLE = "turntable"  # the joint, and what the arm touches there
FRAME = (-0.32, 0.88, 0.62, 0.85)  # of the cell: back, front, to the sides, height; m
PROFILE = (0.55, 0.56, 0.58)


def draw_room(drawing: Drawing, plan: CellPlan) -> None:
    """Add everything but the arm."""
    world = drawing.tree.worldbody
    _lights(world, plan.light)
    show = partial(drawing.shape, world, OWNER, group=ROOM)
    at = (0.28, 0.0, -0.02)
    show("box", (0.62, 0.64, 0.02), at, look="table")
    drawing.solid(world, Owner("table"), "box", (0.62, 0.64, 0.02), at, group=ROOM)
    _frame(show)
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
        draw_thing(drawing, world, thing)


def _lights(world: Any, light: Light) -> None:
    """Add the key light, which casts shadows, and two soft ones, which do not."""
    c, s = np.cos(light.elevation), np.sin(light.elevation)
    toward = np.array([c * np.cos(light.azimuth), c * np.sin(light.azimuth), s])
    colour = light.key * np.array(light.colour)
    world.add_light(
        name="key", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=np.array(CENTRE) + 0.9 * toward, dir=-toward,
        diffuse=0.62 * colour, specular=0.5 * colour, ambient=(0, 0, 0), castshadow=True,
    )  # fmt: skip
    for x, y in ((-0.2, 0.6), (0.9, -0.5)):
        at = np.array([x, y, 1.1])
        away = np.array(CENTRE) - at
        world.add_light(
            type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=at, dir=away / np.linalg.norm(away),
            diffuse=0.19 * light.fill * np.ones(3), specular=0.08 * np.ones(3), ambient=(0, 0, 0),
            castshadow=False,
        )  # fmt: skip


def _frame(show: Callable[..., None]) -> None:
    back, front, side, high = FRAME
    show("box", (0.01, side, high / 2), (front + 0.03, 0, high / 2), look="wall")
    for sign in (-1, 1):
        middle = ((back + front) / 2, sign * (side + 0.03), high / 2)
        half = ((front - back) / 2, 0.01, high / 2)
        show("box", half, middle, look="wall")
        for x in (back, front):
            show("box", (0.015, 0.015, high / 2), (x, sign * side, high / 2), colour=PROFILE)
        for z in (0.30, high):
            at = ((back + front) / 2, sign * side, z)
            show("box", ((front - back) / 2, 0.012, 0.012), at, colour=PROFILE)
    for z in (0.30, high):
        show("box", (0.012, side, 0.012), (front, 0, z), colour=PROFILE)


def _turntable(drawing: Drawing, body: Any) -> None:
    owner = Owner(TURNTABLE)
    show, height = partial(drawing.shape, body, owner, group=ROOM), CENTRE[2] - 0.046
    show("cylinder", (0.088, 0.008), (0, 0, 0.008), look="dark")
    show("cylinder", (0.080, DECK_M / 2 - 0.002), (0, 0, DECK_M / 2 + 0.002), look="metal")
    for tick in range(36):
        angle, long = np.radians(10.0 * tick), 0.006 if tick % 9 == 0 else 0.003
        at = ((0.078 - long) * np.cos(angle), (0.078 - long) * np.sin(angle), DECK_M + 0.0001)
        show("box", (long, 0.0006, 0.0001), at, turn=euler(0, 0, angle), look="dark")
    show("cylinder", (0.026, 0.003), (0, 0, DECK_M + 0.003), look="servo")
    show("cylinder", (0.015, (height - DECK_M) / 2), (0, 0, (height + DECK_M) / 2), look="servo")
    show("cylinder", (0.030, 0.003), (0, 0, height - 0.003), look="metal")
    drawing.solid(body, owner, "cylinder", (0.088, DECK_M / 2), (0, 0, DECK_M / 2), group=ROOM)
    drawing.solid(body, owner, "cylinder", (0.030, height / 2), (0, 0, height / 2), group=ROOM)
