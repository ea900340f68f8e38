"""A robot's world as a task: what its pilots are told, and what is kept, drawn and judged of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helmsight.contract.clock import ClockRules
from helmsight.contract.measures import Measure
from helmsight.contract.observation import TelemetryField
from helmsight.contract.outcome import Outcome
from helmsight.contract.plots import Curve, PathPlot, Plot, TimePlot
from helmsight.contract.task import Task
from helmsight.envs.robot.command import RobotCommand
from helmsight.envs.robot.poses import Pose
from helmsight.hardware.kinematics import Kinematics
from helmsight.hardware.motion import Mode, RobotState
from helmsight.hardware.spec import Joint, RobotSpec

NOTE = "Whether the task was done is what the pilot said; nothing here measured it."
CLOCK = ClockRules(("realtime",), "realtime", rebuilt=False, continues=True, frozen_s=None)
"""Frozen pictures are told by the camera's own checks: a still scene may give equal pixels."""
MODES = tuple(Mode)
TOOL_POINT = ("tool_x", "tool_y", "tool_z")
TURNED = ("tool_roll", "tool_pitch", "tool_yaw")
UNKNOWN = -1.0
TOGETHER = 3  # curves in one plot


def unit(joint: Joint) -> str:
    """Return the unit of a joint's place."""
    return "rad" if joint.kind == "revolute" else "m"


def fields(spec: RobotSpec) -> tuple[TelemetryField, ...]:
    """Return the telemetry's fields: joints, their velocities, the tool point, the tool, the mode.

    `tool` is 1 closed or on, 0 open or off; `energised` 1 or 0; both are -1 where the robot cannot
    tell. `mode` counts in ready, moving, held, stopped, alarm.
    """
    return (
        *(TelemetryField(joint.name, unit(joint)) for joint in spec.joint),
        *(TelemetryField(f"{joint.name}_velocity", f"{unit(joint)}/s") for joint in spec.joint),
        *(TelemetryField(name, "m", "base") for name in TOOL_POINT),
        *(TelemetryField(name, "rad", "base") for name in TURNED),
        *(TelemetryField(name, "") for name in ("tool", "energised", "mode")),
    )


def telemetry(state: RobotState, kinematics: Kinematics) -> NDArray[np.float64]:
    """Return a reading as the telemetry vector, float64 (n,)."""
    point, R = kinematics.pose(state.positions)
    bits = [UNKNOWN if bit is None else float(bit) for bit in (state.tool, state.energised)]
    mode = float(MODES.index(state.mode))
    vector = [*state.positions, *state.velocities, *point, *roll_pitch_yaw(R), *bits, mode]
    return np.array(vector, np.float64)


def roll_pitch_yaw(R: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the turns (rad) about the fixed axes x, y and z that make R (3, 3), as in URDF."""
    across = float(np.hypot(R[0, 0], R[1, 0]))
    if across < 1e-9:  # straight up or down: roll and yaw are one turn
        roll, yaw = float(np.arctan2(-R[1, 2], R[1, 1])), 0.0
    else:
        roll, yaw = float(np.arctan2(R[2, 1], R[2, 2])), float(np.arctan2(R[1, 0], R[0, 0]))
    return roll, float(np.arctan2(-R[2, 0], across)), yaw


def measures(spec: RobotSpec) -> tuple[Measure, ...]:
    """Return what every step keeps of a robot."""
    return (
        *(Measure(joint.name, unit(joint), digits=3) for joint in spec.joint),
        *(Measure(name, "m", label=name[-1], live=True, digits=3) for name in TOOL_POINT),
        Measure("tool_point", "m"),
        Measure("way", "m", "way of the tool", digits=3),
        Measure("interventions", "", better="lower", live=True, digits=0),
        Measure("telemetry"),
    )


def plots(spec: RobotSpec) -> tuple[Plot, ...]:
    """Return what is drawn of a run: the joints, the way of the tool, the interventions."""
    drawn: list[Plot] = []
    for kind, title, of in (("revolute", "Joints", "rad"), ("prismatic", "Axes", "m")):
        names = [joint.name for joint in spec.joint if joint.kind == kind]
        for at in range(0, len(names), TOGETHER):
            curves = tuple(
                Curve(name, name.replace("_", " ")) for name in names[at : at + TOGETHER]
            )
            drawn.append(TimePlot(f"{title.lower()}-{at + 1}", title, of, curves))
    path = PathPlot(
        "tool", "Way of the tool point, base frame", "m", "tool_point", ("x", "y", "z"), "base"
    )
    return (
        *drawn,
        path,
        TimePlot("interventions", "Interventions so far", "", (Curve("interventions"),), fill=True),
    )


OUTCOME = Outcome(
    "done",
    terms=(
        Measure("way_m", "m", "way of the tool", key="way", digits=3),
        Measure("interventions", "", "interventions", "lower", digits=0),
        Measure("blind", "", "pictures refused", "lower", digits=0),
    ),
)


def facts(spec: RobotSpec, poses: Mapping[str, Pose]) -> dict[str, Any]:
    """Return what the words for a model are filled with: the robot, its limits, its poses."""
    return {
        "robot": spec.about or spec.name,
        "modes": [f"{number} {mode}" for number, mode in enumerate(MODES)],
        "joints": [
            {
                "name": joint.name, "unit": unit(joint), "lower": f"{joint.lower:.3g}",
                "upper": f"{joint.upper:.3g}", "speed": f"{joint.speed:.3g}",
            }
            for joint in spec.joint
        ],
        "poses": {
            name: ", ".join(
                f"{joint.name} {place:.3g}"
                for joint, place in zip(spec.joint, pose, strict=True)
                if place is not None
            )
            for name, pose in poses.items()
        },
        "workspace": [
            f"{axis} {low:.3g} to {high:.3g}"
            for axis, low, high in zip(
                "xyz", spec.workspace.lower, spec.workspace.upper, strict=True
            )
        ],
        "tool_speed": f"{spec.limits.tool_speed:.3g}",
        "tool": {"none": "", "switch": "on or off", "joint": "a gripper"}[spec.tool.kind],
    }  # fmt: skip


def robot_task(spec: RobotSpec, goal: str, poses: Mapping[str, Pose], consent: str) -> Task:
    """Return the task of a robot with the limits in force, whose goal a person gave in words."""
    return Task(
        name=spec.name,
        goal=goal,
        command=RobotCommand.of(spec, tuple(poses)),
        fields=fields(spec),
        briefing='{% include "robot.j2" %}',
        facts=facts(spec, poses),
        measures=measures(spec),
        outcome=OUTCOME,
        plots=plots(spec),
        clock=CLOCK,
        note=NOTE,
        consent=consent,
    )
