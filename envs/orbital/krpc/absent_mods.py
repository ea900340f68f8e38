"""The services that kRPC brings along for mods of KSP: without the mod, which is not here.

kRPC has them in every game, and their clients know them. Told of them, a client also knows their
types, so that a call is answered by the server and not stopped by the client itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.registry import Service

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation


def _available(game: Simulation) -> bool:
    """Whether the mod is installed: no."""
    return False


def _ready(game: Simulation) -> bool:
    """Whether the mod is ready: it is not installed."""
    return False


def _absent(name: str, mod: str, *, ready: bool = False) -> Service:
    service = Service(name, f"{mod}, a mod that is not installed.")
    _available.__name__, _ready.__name__ = "available", "ready"
    service.getter(_available)
    if ready:
        service.getter(_ready)
    return service


services = [
    _absent("InfernalRobotics", "Infernal Robotics", ready=True),
    _absent("KerbalAlarmClock", "Kerbal Alarm Clock"),
    _absent("RemoteTech", "RemoteTech"),
    _absent("DockingCamera", "Docking Camera"),
    _absent("LiDAR", "LaserDist"),
]
