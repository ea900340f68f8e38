"""The conversions of a servo bus's joints, within all limits, against what the servos hold."""

from __future__ import annotations

from collections.abc import Sequence

from helmsight.hardware.calibration import Calibration, Held
from helmsight.hardware.errors import SetupNeeded
from helmsight.hardware.lerobot import calibration_in_servos
from helmsight.hardware.scales import IN_SERVOS, described_scales, load_calibration, scales_of
from helmsight.hardware.spec import Joint, RobotSpec
from helmsight.hardware.ticks import TickScale, inward

ENOUGH = 0.5  # share of a described range that a servo's own limits must leave


def scales_before_asking(spec: RobotSpec, calibration: str | None) -> list[TickScale]:
    """Return the conversions as far as they are known without the servos. Raises as scales_of."""
    return _limited(spec, scales_of(spec, calibration))


def scales_by_servos(
    spec: RobotSpec, calibration: str | None, held: Sequence[Held]
) -> list[TickScale]:
    """Return the conversions that agree with what the servos hold, within their limits.

    calibration: `device.calibration`. held: in the order of the joints.

    Raises:
        InvalidSpec: as scales_of. SetupNeeded: servos that hold another calibration, none at all,
        or limits that leave too little.
    """
    if calibration is None:
        known: Sequence[TickScale] = described_scales(spec)
    elif calibration == IN_SERVOS:
        known = calibration_in_servos(spec, held).scales(spec)
    else:
        made = load_calibration(calibration, spec)
        known = made.scales(spec)
        _refuse_another(spec, made, calibration, held)
    scales = _limited(spec, known)
    return [
        scale if (own.lower, own.upper) == (0, 0) else _narrowed(joint, scale, own)  # 0, 0: none
        for joint, scale, own in zip(spec.joint, scales, held, strict=True)
    ]


def _refuse_another(
    spec: RobotSpec, calibration: Calibration, source: str, held: Sequence[Held]
) -> None:
    told = []
    for name, own in zip(spec.names, held, strict=True):
        joint = calibration.joint[name]
        if differences := joint.differences(own):
            told.append(f"{name} (servo {joint.id}): {'; '.join(differences)}")
    if told:
        raise SetupNeeded(
            f"calibration {source} is not what the servos hold: {'. '.join(told)}. It is of "
            "another arm, or this one was calibrated again since. Give the newest file of this "
            'arm, name "servos" as device.calibration to take what they hold, or calibrate again '
            "(helmsight calibrate)"
        )


def _narrowed(joint: Joint, before: TickScale, own: Held) -> TickScale:
    """Return a conversion within a servo's own limits. Raises SetupNeeded at too little."""
    scale = before.within(own.lower, own.upper)
    whole = abs(scale.per_unit) * (joint.upper - joint.lower)
    home = scale.tick(joint.home)
    if scale.upper - scale.lower < ENOUGH * whole or not scale.lower <= home <= scale.upper:
        raise SetupNeeded(
            f"{joint.name} (servo {scale.id}): its own limits {own.lower} to {own.upper} and its "
            f"calibration leave ticks {scale.lower} to {scale.upper} of "
            f"{scale.tick(joint.lower)} to {scale.tick(joint.upper)}: calibrate it again, or "
            "set the servo's limits"
        )
    return scale


def _limited(spec: RobotSpec, scales: Sequence[TickScale]) -> list[TickScale]:
    """Return scales whose range is within the description's limits as well, to the last tick."""
    plain = []
    for joint, scale in zip(spec.joint, scales, strict=True):
        ends = (scale.zero + limit * scale.per_unit for limit in (joint.lower, joint.upper))
        plain.append(scale.within(*inward(*ends)))
    return plain
