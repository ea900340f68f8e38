"""Short scripts in the manner of kRPC's tutorials, about parts and what hangs on them.

python part_scripts.py RPC_PORT STREAM_PORT stubs|dynamic

Each is written for a craft that may or may not have what it looks for. A program of either client.
"""

from __future__ import annotations

import sys
from typing import Any


def walk_the_tree(conn: Any) -> str:
    """List the parts from the root, each with how it hangs on its parent."""
    lines = []
    stack = [(conn.space_center.active_vessel.parts.root, 0)]
    while stack:
        part, depth = stack.pop()
        how = "axial" if part.axially_attached else "radial"
        lines.append(f"{' ' * depth}{part.title} {how} {part.mass:.1f}")
        stack.extend((child, depth + 1) for child in part.children)
    return f"{len(lines)} parts"


def list_propellants(conn: Any) -> str:
    """Tell what each engine burns, and how long that lasts."""
    words: list[str] = []
    for engine in conn.space_center.active_vessel.parts.engines:
        words.extend(f"{name} {ratio:.4f}" for name, ratio in engine.propellant_ratios.items())
        for propellant in engine.propellants:
            share = propellant.total_resource_available / propellant.total_resource_capacity
            words.append(f"{propellant.name} {share:.0%} full")
    return ", ".join(words) or "no engines"


def combine_impulses(conn: Any) -> str:
    """Work out the specific impulse of the active engines together."""
    vessel = conn.space_center.active_vessel
    engines = [engine for engine in vessel.parts.engines if engine.active and engine.has_fuel]
    thrust = sum(engine.available_thrust for engine in engines)
    flow = sum(engine.available_thrust / engine.specific_impulse for engine in engines)
    return f"{thrust / flow:.0f} s" if flow else f"{vessel.specific_impulse_at(0.0):.0f} s, none on"


def guide_docking(conn: Any) -> str:
    """Tell the way to the target's docking port, once both are chosen."""
    center = conn.space_center
    own = center.active_vessel.parts.controlling.docking_port
    target = center.target_docking_port
    if own is None:
        return "awaiting control from a docking port"
    if target is None:
        return "awaiting a target docking port"
    return str(own.position(target.reference_frame))


def control_from_a_port(conn: Any) -> str:
    """Steer from a docking port if there is one, or else from the claw."""
    parts = conn.space_center.active_vessel.parts
    ports = parts.with_title("Clamp-O-Tron Docking Port") or parts.with_module("ModuleGrappleNode")
    if ports:
        parts.controlling = ports[0]
    return str(parts.controlling.title)


def open_parachutes(conn: Any) -> str:
    """Open the parachutes, drop the fairings, put out what folds."""
    parts = conn.space_center.active_vessel.parts
    for parachute in parts.parachutes:
        parachute.deploy()
    for fairing in parts.fairings:
        fairing.jettison()
    for antenna in parts.antennas:
        if antenna.deployable:
            antenna.deployed = True
    return f"{sum(antenna.deployed for antenna in parts.antennas)} antennas out"


def mark_the_tanks(conn: Any) -> str:
    """Tag and highlight the tanks, and find them again by their tag."""
    parts = conn.space_center.active_vessel.parts
    for part in parts.all:
        if {"MonoPropellant", "LiquidFuel"} & set(part.resources.names):
            part.tag, part.highlighted, part.highlight_color = "tank", True, (1.0, 0.0, 0.0)
    tanks = parts.with_tag("tank")
    assert all(tuple(tank.highlight_color) == (1.0, 0.0, 0.0) for tank in tanks)
    return f"{len(tanks)} tanks"


def light_up(conn: Any) -> str:
    """Switch lights on and colour them."""
    lights = conn.space_center.active_vessel.parts.lights
    for light in lights:
        light.active, light.color = True, (0.25, 0.5, 1.0)
    return f"{sum(light.active for light in lights)} lights {[tuple(x.color) for x in lights[:1]]}"


def look_around(conn: Any) -> str:
    """Turn the camera about the craft, and look at Kerbin on the map."""
    camera = conn.space_center.camera
    camera.mode = conn.space_center.CameraMode.free
    camera.pitch, camera.heading, camera.distance = 10.0, 45.0, 25.0
    seen = f"{camera.pitch} {camera.heading} {camera.distance}"
    camera.mode = conn.space_center.CameraMode.map
    camera.focussed_body = conn.space_center.bodies["Kerbin"]
    seen += f" {camera.focussed_body.name} {camera.focussed_vessel}"
    camera.mode = conn.space_center.CameraMode.automatic
    return seen


def ask_for_the_crew(conn: Any) -> str:
    """Tell who is aboard and whether home is in reach."""
    vessel = conn.space_center.active_vessel
    comms = vessel.comms
    ends = [(link.start.name, link.end.name, link.type.name) for link in comms.control_path]
    return f"{vessel.crew} {vessel.crew_count} {comms.can_communicate} {comms.power:.0f} {ends}"


def list_modules(conn: Any) -> str:
    """List all modules by their names."""
    parts = conn.space_center.active_vessel.parts
    names = {module.name for part in parts.all for module in part.modules}
    assert all(module.part.vessel for module in parts.modules_with_name("ModuleCommand"))
    return f"{len(names)} modules"


def sum_up_the_thrusters(conn: Any) -> str:
    """Add up the thrusts of all nozzles that push to the nose."""
    vessel = conn.space_center.active_vessel
    ahead = sum(
        block.max_thrust * max(0.0, nozzle.thrust_direction(vessel.reference_frame)[1])
        for block in vessel.parts.rcs
        for nozzle in block.thrusters
    )
    return f"{ahead:.0f} N"


def find_the_farthest_part(conn: Any) -> str:
    """Find the part that is farthest from the centre of mass."""
    vessel = conn.space_center.active_vessel
    frame = vessel.reference_frame
    return str(max(vessel.parts.all, key=lambda part: abs(part.position(frame)[1])).title)


def stream_a_part(conn: Any) -> str:
    """Follow the mass of a tank and the state of an antenna as streams."""
    parts = conn.space_center.active_vessel.parts
    mass = conn.add_stream(getattr, parts.all[3], "mass")
    state = conn.add_stream(getattr, parts.antennas[0], "state")
    return f"{mass():.0f} {state().name}"


SCRIPTS = (
    walk_the_tree, list_propellants, combine_impulses, guide_docking, control_from_a_port,
    open_parachutes, mark_the_tanks, light_up, look_around, ask_for_the_crew, list_modules,
    sum_up_the_thrusters, find_the_farthest_part, stream_a_part,
)  # fmt: skip


def run(conn: Any) -> dict[str, str]:
    """Return what each script says, or the error that it died of."""
    replies = {}
    for script in SCRIPTS:
        try:
            replies[script.__name__] = script(conn)
        except Exception as error:
            replies[script.__name__] = f"{type(error).__name__}: {error}"
    return replies


if __name__ == "__main__":
    import json

    import krpc

    rpc_port, stream_port, way = sys.argv[1:]
    client = krpc.connect(
        rpc_port=int(rpc_port),
        stream_port=int(stream_port),
        use_pregenerated_stubs=way == "stubs",
    )
    print(json.dumps(run(client)))
    client.close()
