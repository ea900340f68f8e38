"""Flies a manoeuvre node as scripts do: plan, turn, wait, burn, trim. A program of either client.

python node_flight.py RPC_PORT STREAM_PORT engine|thrusters
"""

from __future__ import annotations

import math
import sys
import time
from typing import Any

PAUSE_S = 0.005  # between two looks at a stream


def plan_circle(conn: Any, vessel: Any) -> Any:
    """Return a node that makes the orbit a circle at its apoapsis, and 20 m/s more."""
    orbit = vessel.orbit
    radius, mu = orbit.apoapsis, orbit.body.gravitational_parameter
    speed = math.sqrt(mu * (2.0 / radius - 1.0 / orbit.semi_major_axis))
    when = conn.space_center.ut + min(orbit.time_to_apoapsis, 30.0)
    return vessel.control.add_node(when, prograde=math.sqrt(mu / radius) - speed + 20.0)


def fly(conn: Any, way: str) -> list[float]:
    """Return the delta-v that was planned, what was left before the burn, and after it, m/s."""
    center = conn.space_center
    vessel = center.active_vessel
    control, pilot = vessel.control, vessel.auto_pilot
    node = plan_circle(conn, vessel)
    assert control.nodes == [node]
    pilot.reference_frame = node.reference_frame
    pilot.target_direction = (0.0, 1.0, 0.0)
    pilot.engage()
    pilot.wait()
    if way == "engine":
        vessel.parts.engines[0].active = True
        thrust, impulse = vessel.available_thrust, vessel.specific_impulse
    else:
        control.rcs = True
        thrust, impulse = vessel.available_rcs_force[0][1], vessel.parts.rcs[0].specific_impulse
    flow = thrust / (impulse * 9.80665)
    burn_s = vessel.mass * (1.0 - math.exp(-node.delta_v / (impulse * 9.80665))) / flow
    center.warp_to(node.ut - burn_s / 2.0 - 1.0)
    before = node.remaining_delta_v
    left = conn.add_stream(node.remaining_burn_vector, node.reference_frame)
    time_to = conn.add_stream(getattr, node, "time_to")
    while time_to() > burn_s / 2.0:
        time.sleep(PAUSE_S)
    push(control, way, 1.0)
    while left()[1] > 4.0:
        time.sleep(PAUSE_S)
    push(control, way, 0.1)
    while left()[1] > 0.0:
        time.sleep(PAUSE_S)
    push(control, way, 0.0)
    after = node.remaining_delta_v
    planned = node.delta_v
    node.remove()
    assert control.nodes == []
    pilot.disengage()
    return [planned, before, after]


def push(control: Any, way: str, value: float) -> None:
    """Set the throttle, or the thrusters ahead."""
    if way == "engine":
        control.throttle = value
    else:
        control.forward = value


if __name__ == "__main__":
    import krpc

    rpc_port, stream_port, way = sys.argv[1:]
    client = krpc.connect(rpc_port=int(rpc_port), stream_port=int(stream_port))
    print(*fly(client, way))
    client.close()
