"""SpaceCenter, kRPC's main service, on the twin: vessels, orbits, controls, frames, saves, warp.

What has no counterpart in the twin is not declared, so that a client hears what is missing instead
of an invented value: parts that the scenarios' craft do not have, crew, contracts, alarms, comms,
the camera, manoeuvre nodes, launches, and air below 70 km. `vectors` explains the axes.
"""

from helmsight.envs.orbital.krpc.space_center import procedures, warp
from helmsight.envs.orbital.krpc.space_center.service import service

__all__ = ["procedures", "service", "warp"]
