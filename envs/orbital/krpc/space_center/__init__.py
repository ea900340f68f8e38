"""SpaceCenter, kRPC's main service, on the twin: vessels, orbits, controls, frames, saves, warp.

What has no counterpart in the twin is not declared, so that a client hears what is missing instead
of an invented value: alarms, launches, and air below 70 km. Of kinds of parts that
the scenarios' craft do not have, of crew and of contracts there is none, which is what the game
says (`absent`). `vectors` explains the axes.
"""

from helmsight.envs.orbital.krpc.space_center import career, procedures, scene, warp
from helmsight.envs.orbital.krpc.space_center.service import service

__all__ = ["career", "procedures", "scene", "service", "warp"]
