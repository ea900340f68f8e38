"""CommNode as kRPC tells it from 0.7 on: a structure; `comms` has the class that it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.space_center.service import service

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel


@service.struct
@since("0.7.0")
class CommNode(NamedTuple):
    """An end of a hop: a vessel, or null and a ground station."""

    name: str
    is_home: bool
    is_control_point: bool
    is_vessel: bool
    vessel: Vessel | None
