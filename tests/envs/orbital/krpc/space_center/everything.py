"""Reads every property of SpaceCenter and writes back what it read. A program of either client.

python everything.py RPC_PORT STREAM_PORT stubs|dynamic
"""

from __future__ import annotations

import json
import sys
from typing import Any

# What the game itself refuses to tell of an engine with one mode and without a gimbal and of what
# only a career has, and to put into the middle of the map: nothing.
REFUSED = {
    "Engine.mode", "Engine.modes", "Engine.auto_mode_switch", "Engine.gimbal_locked",
    "Engine.gimbal_limit", "Thruster.gimbal_angle", "Camera.focussed_body", "Camera.focussed_node",
    "SpaceCenter.funds", "SpaceCenter.reputation", "SpaceCenter.science",
}  # fmt: skip


def properties(thing: Any) -> dict[str, property]:
    """Return the properties of a remote object or of the service; some can be set only."""
    members = {name: getattr(type(thing), name, None) for name in dir(type(thing))}
    return {
        name: member
        for name, member in members.items()
        if isinstance(member, property) and not name.startswith("_")
    }


def tour(conn: Any, guide: Any) -> dict[str, Any]:
    """Return how many properties were read and written, and (name, error) of those that failed.

    `guide` is a client without stubs, which has exactly what the server declares.
    """
    vessel = conn.space_center.active_vessel
    vessel.auto_pilot.reference_frame = vessel.orbital_reference_frame
    vessel.auto_pilot.target_roll = 0.0
    vessel.auto_pilot.engage()
    things = seen(conn)
    declared = [properties(thing) for thing in seen(guide)]
    read = written = 0
    failed: list[tuple[str, str]] = []
    for thing, known in zip(things, declared, strict=True):
        for name in sorted(set(known) & set(properties(thing))):
            called = f"{type(thing).__name__}.{name}"
            try:
                value = True
                if known[name].fget is not None:
                    value = getattr(thing, name)
                    read += 1
                if known[name].fset is not None:
                    setattr(thing, name, value)
                    written += 1
            except Exception as error:
                if called not in REFUSED:
                    failed.append((called, str(error)))
    return {"read": read, "written": written, "failed": failed}


def seen(conn: Any) -> list[Any]:
    """Return an object of every class."""
    center = conn.space_center
    vessel = center.active_vessel
    parts = vessel.parts
    center.camera.mode = center.CameraMode.map
    link = vessel.comms.control_path[0]
    by_kind = (
        parts.engines, parts.rcs, parts.reaction_wheels, parts.lights, parts.solar_panels,
        parts.antennas[::-1], [engine.propellants[0] for engine in parts.engines],
        [thing.thrusters[0] for thing in (*parts.engines, *parts.rcs)],
        getattr(vessel, "stages", []), [link.start] if hasattr(type(link.start), "name") else [],
    )  # fmt: skip
    node = vessel.control.add_node(center.ut + 1000.0, 1.0)
    return [
        center, vessel, vessel.control, vessel.auto_pilot, vessel.orbit, vessel.orbit.body,
        node, node.orbit,
        vessel.flight(), vessel.flight(vessel.orbital_reference_frame), vessel.resources,
        vessel.resources.all[0], parts, parts.root,
        parts.all[-1], parts.root.modules[0], center.camera, vessel.comms, link,
        *[thing for several in by_kind for thing in several[:1]],
    ]  # fmt: skip


if __name__ == "__main__":
    import krpc

    rpc_port, stream_port, way = sys.argv[1:]
    ports: dict[str, Any] = {"rpc_port": int(rpc_port), "stream_port": int(stream_port)}
    client = krpc.connect(**ports, use_pregenerated_stubs=way == "stubs")
    guide = krpc.connect(**ports, use_pregenerated_stubs=False)
    print(json.dumps(tour(client, guide)))
    client.close()
    guide.close()
