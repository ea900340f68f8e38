"""SpaceCenter, kRPC's main service, on the twin: vessels, orbits, controls, frames, saves, warp."""

from envs.orbital.krpc.space_center import procedures, warp
from envs.orbital.krpc.space_center.service import service

__all__ = ["procedures", "service", "warp"]
