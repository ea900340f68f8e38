"""A plan to a MuJoCo model, with what each of its shapes is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from helmsight.envs.inspection.arm import DAMPING
from helmsight.envs.inspection.arm_shapes import draw_arm
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.room import TURNTABLE, draw_room
from helmsight.envs.inspection.scenery import Light
from helmsight.envs.inspection.shapes import Drawing, Owner, matrix, turned
from helmsight.envs.inspection.textures import add_materials
from helmsight.envs.inspection.views import Pose
from helmsight.hardware.gl import mujoco
from helmsight.hardware.spec import RobotSpec

STEP_S = 0.002
TABLE_DAMPING = 2.0  # of the turntable's bearing, N m s/rad
OVERVIEW = Pose.looking(np.array([-0.18, -0.52, 0.46]), np.array([0.24, 0.0, 0.12]))
NOBODY = len(PARTS)  # index of what is no part


@dataclass(frozen=True)
class Built:
    """A model and what its shapes are. owners: by geom id. arm, turntable: places in qpos."""

    model: mujoco.MjModel
    owners: tuple[Owner, ...]
    arm: NDArray[np.intp]
    turntable: int

    @cached_property
    def parts(self) -> NDArray[np.uint8]:
        """The index in PARTS of every geom, NOBODY for what is no part; one more for no geom."""
        order = {part: index for index, part in enumerate(PARTS)}
        return np.array([*(order.get(o.part, NOBODY) for o in self.owners), NOBODY], np.uint8)

    @cached_property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Of every geom its owner, and what it is called where it touches: of the arm the link."""
        bodies = [self.model.body(index).name for index in self.model.geom_bodyid]
        return tuple(
            (owner.part, owner.part if owner.part != "arm" else _link(body))
            for owner, body in zip(self.owners, bodies, strict=True)
        )

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """The middle of every part in its own frame, (parts, 3), m."""
        return np.stack([self._middle(Owner(part), Owner(part, True)) for part in PARTS])

    @cached_property
    def defect_places(self) -> dict[str, NDArray[np.float64]]:
        """The middle of every defect in its part's frame, m."""
        wrong = {owner.part for owner in self.owners if owner.defect}
        return {part: self._middle(Owner(part, True)) for part in PARTS if part in wrong}

    def _middle(self, *owners: Owner) -> NDArray[np.float64]:
        """Return the middle of the box around all shapes of some owners, in their body's frame."""
        ends = []
        for geom, owner in enumerate(self.owners):
            if owner not in owners:
                continue
            half = matrix(self.model.geom_quat[geom]) * self.model.geom_aabb[geom, 3:]
            reach = np.abs(half).sum(axis=1)
            ends += [self.model.geom_pos[geom] - reach, self.model.geom_pos[geom] + reach]
        if not ends:  # a part that is not there
            return np.zeros(3)
        return np.asarray((np.min(ends, axis=0) + np.max(ends, axis=0)) / 2.0)

    @cached_property
    def defects(self) -> NDArray[np.bool_]:
        """Whether a geom is (part of) a defect; one more for no geom."""
        return np.array([*(owner.defect for owner in self.owners), False])


def _link(body: str) -> str:
    return body.removeprefix("arm ") if body != "world" else "base"


def build(plan: CellPlan, spec: RobotSpec) -> Built:
    """Return the cell of a plan with the arm of a description."""
    drawing = Drawing(_tree(plan.light))
    add_materials(drawing, plan.looks)
    draw_room(drawing, plan)
    draw_arm(drawing, spec)
    world, pose = drawing.tree.worldbody, OVERVIEW
    world.add_camera(name="overview", pos=pose.at, quat=turned(pose.rotation), fovy=38)
    world.add_camera(name="eye")  # for Eyes to put anywhere
    model = drawing.tree.compile()
    # in the model: how a description of one holds it differs from version to version of MuJoCo
    for name in spec.names:
        model.dof_damping[model.joint(name).dofadr[0]] = DAMPING
    model.dof_damping[model.joint(TURNTABLE).dofadr[0]] = TABLE_DAMPING
    owners = tuple(drawing.owners[model.geom(index).name] for index in range(model.ngeom))
    places = [int(model.joint(name).qposadr[0]) for name in spec.names]
    return Built(model, owners, np.array(places, np.intp), int(model.joint(TURNTABLE).qposadr[0]))


def _tree(light: Light) -> mujoco.MjSpec:
    """Return an empty world with its physics and the quality of its pictures."""
    tree = mujoco.MjSpec()
    tree.compiler.degree = False
    tree.option.timestep = STEP_S
    tree.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    tree.stat.extent, tree.stat.center = 1.0, np.array([0.25, 0.0, 0.1])
    visual, quality = tree.visual, tree.visual.quality
    visual.map.znear, visual.map.zfar = 0.01, 4.0
    visual.map.shadowclip = 0.24  # m each way of the satellite, as the extent is 1 m
    # small shapes, many of them: coarse ones look the same and take half the time
    quality.shadowsize, quality.numslices, quality.numstacks, quality.numquads = 1024, 16, 5, 1
    visual.headlight.ambient = np.full(3, 0.36 * light.fill)
    visual.headlight.diffuse, visual.headlight.specular = np.full(3, 0.12), np.full(3, 0.04)
    return tree
