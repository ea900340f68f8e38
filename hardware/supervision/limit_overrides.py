"""Limits below those of a description: the only direction in which they can be changed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from helmsight.contract.errors import InvalidOption
from helmsight.contract.validation import wrong
from helmsight.hardware.spec import Box, Joint, RobotSpec


@dataclass(frozen=True, config=ConfigDict(allow_inf_nan=False, extra="forbid"))
class LimitOverrides:
    """Limits below those of the description; nothing here can widen or lift one.

    speed, acceleration: share of every joint's. tool_speed: m/s. horizon_s: s.
    joints: (lower, upper) by name, rad or m. workspace: a box within the described one.
    """

    speed: float = Field(default=1.0, gt=0, le=1)
    acceleration: float = Field(default=1.0, gt=0, le=1)
    tool_speed: float | None = Field(default=None, gt=0)
    horizon_s: float | None = Field(default=None, gt=0)
    joints: Mapping[str, tuple[float, float]] = Field(default_factory=dict)
    workspace: Box | None = None


def tightened(spec: RobotSpec, limits: LimitOverrides | Mapping[str, object] | None) -> RobotSpec:
    """Return `spec` with tighter limits.

    Raises:
        InvalidOption: one that is unknown or wider than the description's.
    """
    if limits is None:
        return spec
    if not isinstance(limits, LimitOverrides):
        given = dict(limits)
        try:
            limits = LimitOverrides(**given)  # type: ignore[arg-type]
        except (ValidationError, TypeError) as error:
            said = wrong(error) if isinstance(error, ValidationError) else error
            fields = ", ".join(LimitOverrides.__dataclass_fields__)
            raise InvalidOption(f"limits: {said}; those that there are: {fields}") from None
    if unknown := set(limits.joints) - set(spec.names):
        raise InvalidOption(
            f"limits of {', '.join(sorted(unknown))}: {spec.name} has {', '.join(spec.names)}"
        )
    general = spec.limits.model_copy(
        update={
            name: _below(name, getattr(limits, name), getattr(spec.limits, name))
            for name in ("tool_speed", "horizon_s")
        }
    )
    return spec.model_copy(
        update={
            "joint": tuple(_narrowed(joint, limits) for joint in spec.joint),
            "workspace": _smaller(limits.workspace, spec.workspace),
            "limits": general,
        }
    )


def _below(name: str, value: float | None, limit: float) -> float:
    if value is not None and value > limit:
        raise InvalidOption(
            f"{name} {value:g} is above the description's {limit:g}; limits only tighten"
        )
    return limit if value is None else value


def _narrowed(joint: Joint, limits: LimitOverrides) -> Joint:
    lower, upper = limits.joints.get(joint.name, (joint.lower, joint.upper))
    if not joint.lower <= lower < upper <= joint.upper:
        raise InvalidOption(
            f"limits of {joint.name} {lower:g} to {upper:g}: expected a range within the "
            f"description's {joint.lower:g} to {joint.upper:g}"
        )
    return joint.model_copy(
        update={
            "lower": lower,
            "upper": upper,
            "speed": joint.speed * limits.speed,
            "acceleration": joint.acceleration * limits.acceleration,
        }
    )


def _smaller(box: Box | None, described: Box) -> Box:
    if box is None:
        return described
    within = zip((*described.lower, *box.upper), (*box.lower, *described.upper), strict=True)
    if any(low > high for low, high in within):
        raise InvalidOption(
            f"workspace {box.lower} to {box.upper} leaves the description's "
            f"{described.lower} to {described.upper}; limits only tighten"
        )
    return box
