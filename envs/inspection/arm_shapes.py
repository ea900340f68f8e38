"""What the arm looks like and what of it is felt: boxes and discs of the size of an SO-101's parts.

Written down where they stand at the zero pose, in the base frame, m.
"""

from __future__ import annotations

from helmsight.envs.inspection.arm import ArmDrawing
from helmsight.envs.inspection.shapes import Drawing
from helmsight.hardware.spec import RobotSpec


def draw_arm(drawing: Drawing, spec: RobotSpec) -> None:
    """Add the arm of `spec`, whose joints are named as those of the shipped `so101`."""
    arm = ArmDrawing(drawing, spec)
    _base(arm)
    _links(arm)
    _hand(arm)
    for link, half, at in (
        ("base", (0.052, 0.04, 0.035), (0.015, 0, 0.035)),
        ("shoulder_pan", (0.027, 0.028, 0.026), (0.064, 0, 0.102)),
        ("wrist_flex", (0.032, 0.022, 0.020), (0.258, 0, 0.234)),
        ("wrist_roll", (0.022, 0.03, 0.026), (0.313, 0, 0.238)),
        ("wrist_roll", (0.033, 0.012, 0.008), (0.360, 0, 0.212)),
        ("wrist_roll", (0.010, 0.018, 0.034), (0.305, 0, 0.190)),
    ):
        arm.solid(link, half, at)
    arm.solid_beam("shoulder_lift", (0.080, 0, 0.152), (0.093, 0, 0.222), 0.022, 0.026)
    arm.solid_beam("elbow_flex", (0.118, 0, 0.230), (0.212, 0, 0.234), 0.018, 0.024)
    arm.solid_beam("gripper", (0.330, 0, 0.248), (0.392, 0, 0.230), 0.008, 0.010)


def _base(arm: ArmDrawing) -> None:
    arm.box("base", (0.062, 0.052, 0.004), (0.008, 0, 0.004))
    arm.box("base", (0.030, 0.026, 0.024), (0.028, 0, 0.030))
    arm.box("base", (0.0226, 0.0178, 0.0126), (0.028, 0, 0.050), "servo")
    arm.box("base", (0.004, 0.034, 0.030), (-0.031, 0, 0.036))
    arm.box("base", (0.0015, 0.026, 0.020), (-0.0365, 0, 0.038), "dark")
    for y in (-0.042, 0.042):
        arm.disc("base", 0.004, 0.002, (0.055, y, 0.0095), (0, 0, 1), "bolt")
    arm.disc("base", 0.020, 0.003, (0.0388, 0, 0.0655), (0, 0, 1), "metal")


def _links(arm: ArmDrawing) -> None:
    arm.box("shoulder_pan", (0.030, 0.026, 0.004), (0.056, 0, 0.073))
    arm.box("shoulder_pan", (0.0128, 0.0178, 0.0226), (0.069, 0, 0.102), "servo")
    for y in (-0.0245, 0.0245):
        arm.box("shoulder_pan", (0.016, 0.0025, 0.018), (0.062, y, 0.092))
        arm.disc("shoulder_lift", 0.0115, 0.002, (0.069, 1.16 * y, 0.117), (0, 1, 0), "metal")
        arm.plate(
            "shoulder_lift", (0.066, 1.10 * y, 0.106), (0.096, 1.10 * y, 0.240), 0.0135, 0.0028
        )
        arm.disc("elbow_flex", 0.0115, 0.002, (0.097, 0.98 * y, 0.229), (0, 1, 0), "metal")
        arm.plate("elbow_flex", (0.098, 0.90 * y, 0.229), (0.205, 0.90 * y, 0.234), 0.0125, 0.0025)
        arm.disc("wrist_flex", 0.0105, 0.002, (0.232, 1.02 * y, 0.234), (0, 1, 0), "metal")
        arm.box("wrist_flex", (0.020, 0.0022, 0.012), (0.248, 0.96 * y, 0.234))
    arm.box("shoulder_lift", (0.014, 0.024, 0.013), (0.080, 0, 0.172))
    arm.box("shoulder_lift", (0.0226, 0.0178, 0.0126), (0.0845, 0, 0.2296), "servo")
    arm.box("elbow_flex", (0.034, 0.0195, 0.009), (0.152, 0, 0.2318))
    arm.box("elbow_flex", (0.0226, 0.0178, 0.0126), (0.2194, 0, 0.2342), "servo")


def _hand(arm: ArmDrawing) -> None:
    arm.box("wrist_flex", (0.0178, 0.0226, 0.0126), (0.272, 0, 0.234), "servo")
    arm.disc("wrist_roll", 0.0165, 0.003, (0.293, 0, 0.234), (1, 0, 0), "metal")
    arm.box("wrist_roll", (0.006, 0.024, 0.022), (0.301, 0, 0.236))
    arm.box("wrist_roll", (0.0128, 0.0178, 0.0226), (0.318, 0, 0.242), "servo")
    arm.plate("wrist_roll", (0.302, 0, 0.216), (0.345, 0, 0.213), 0.004, 0.022)
    arm.plate("wrist_roll", (0.340, 0, 0.212), (0.392, 0, 0.2205), 0.0045, 0.011)
    arm.plate("wrist_roll", (0.306, 0, 0.224), (0.300, 0, 0.186), 0.003, 0.011)  # to the camera
    arm.camera("wrist_roll")
    arm.disc("gripper", 0.0105, 0.023, (0.316, 0, 0.254), (0, 1, 0), "metal")
    arm.plate("gripper", (0.316, 0, 0.254), (0.356, 0, 0.250), 0.006, 0.012)
    arm.plate("gripper", (0.352, 0, 0.251), (0.392, 0, 0.230), 0.0045, 0.010)
