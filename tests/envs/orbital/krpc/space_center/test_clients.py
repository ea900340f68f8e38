"""Both real clients, with their stubs and without, over the wire."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import krpc
import pytest
from fair_time import python_path

from helmsight.envs.orbital.krpc.serving import Running, serve

sys.path.insert(0, str(Path(__file__).parent))
import everything
import node_flight
import part_scripts

pytestmark = pytest.mark.slow  # many short flights: together they are long

OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
WAIT_S = 600.0  # a deadline against hanging, no claim about speed


@pytest.fixture(params=["0.5.4", "0.7.0"])
def served(request) -> Iterator[Running]:
    """A server of either version, with the Lady, who has an engine, or a drone, who has not."""
    save = "lbg1_i1_init" if request.param == "0.5.4" else "pe1_i4_init"
    with serve(save, rpc_port=0, stream_port=0, version=request.param) as server:
        yield server


SAID = {
    "guide_docking": "awaiting control from a docking port",
    "open_parachutes": "4 antennas out",
    "look_around": "10.0 45.0 25.0 Kerbin None",
    "combine_impulses": "0 s, none on",
}
DRONE = SAID | {
    "walk_the_tree": "31 parts",
    "list_propellants": "no engines",
    "control_from_a_port": "Advanced Grabbing Unit",
    "mark_the_tanks": "3 tanks",
    "light_up": "3 lights [(0.25, 0.5, 1.0)]",
    "ask_for_the_crew": "[] 0 True 1500000 [('Evader', 'Kerbin', 'home')]",
    "list_modules": "19 modules",
    "sum_up_the_thrusters": "8000 N",
    "find_the_farthest_part": "Advanced Grabbing Unit",
    "stream_a_part": "1850 deployed",
}
LADY = SAID | {
    "walk_the_tree": "14 parts",
    "list_propellants": "LiquidFuel 0.8182, Oxidizer 1.0000, LiquidFuel 100% full, "
    "Oxidizer 100% full",
    "control_from_a_port": "Probodobodyne HECS2",
    "mark_the_tanks": "1 tanks",
    "light_up": "0 lights []",
    "ask_for_the_crew": "[] 0 True 1500000 [('Lady', 'Kerbin', 'home')]",
    "list_modules": "21 modules",
    "sum_up_the_thrusters": "0 N",
    "find_the_farthest_part": "M700 Survey Scanner",
    "stream_a_part": "20 deployed",
}


def with_the_old_client(program: str | None, served: Running, way: str) -> Any:
    """Return what a program with the client of kRPC 0.5.4 prints as JSON."""
    if not OLD_CLIENT.is_dir():
        pytest.skip(f"krpc 0.5.4 is not in {OLD_CLIENT} (make install puts it there)")
    assert program is not None
    done = subprocess.run(
        [sys.executable, program, str(served.rpc_port), str(served.stream_port), way],
        env={**os.environ, "PYTHONPATH": python_path(OLD_CLIENT)},
        capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failures(found: dict[str, Any]) -> list[Any]:
    """Return what was not read, or not written back where that is possible."""
    few = [name for name, least in (("read", 201), ("written", 51)) if found[name] < least]
    return [*found["failed"], *few]


@pytest.mark.filterwarnings("ignore:SpaceCenter.*is deprecated")
@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_the_client_of_0_7_reads_every_property_and_writes_it_back(served, way):
    ports = {"rpc_port": served.rpc_port, "stream_port": served.stream_port}
    conn = krpc.connect(**ports, use_pregenerated_stubs=way == "stubs")
    guide = krpc.connect(**ports, use_pregenerated_stubs=False)
    assert failures(everything.tour(conn, guide)) == []
    conn.close()
    guide.close()


@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_the_client_of_0_5_reads_every_property_and_writes_it_back(served, way):
    assert failures(with_the_old_client(everything.__file__, served, way)) == []


@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_scripts_about_parts_run_with_the_client_of_0_7(served, way):
    ports = {"rpc_port": served.rpc_port, "stream_port": served.stream_port}
    conn = krpc.connect(**ports, use_pregenerated_stubs=way == "stubs")
    assert part_scripts.run(conn) in (DRONE, LADY)
    conn.close()


@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_scripts_about_parts_run_with_the_client_of_0_5(served, way):
    assert with_the_old_client(part_scripts.__file__, served, way) in (DRONE, LADY)


def test_a_wait_and_a_warp_keep_their_client_and_nobody_else(served):
    clients: list[Any] = [
        krpc.connect(rpc_port=served.rpc_port, stream_port=served.stream_port) for _ in range(2)
    ]
    waiting, other = clients
    center = waiting.space_center
    vessel = center.active_vessel
    other.helmsight.rate = 10.0
    vessel.auto_pilot.reference_frame = vessel.orbital_reference_frame
    vessel.auto_pilot.target_pitch_and_heading(0.0, 180.0)
    vessel.auto_pilot.engage()
    vessel.auto_pilot.wait()
    assert vessel.auto_pilot.error <= 0.5
    until = center.ut + 30.0
    center.warp_to(until)
    assert center.ut >= until
    assert other.space_center.warp_mode == other.space_center.WarpMode.none
    waiting.close()
    other.close()


@pytest.mark.parametrize(
    ("save", "way"), [("lbg1_i1_init", "engine"), ("pe1_i4_init", "thrusters")]
)
@pytest.mark.parametrize("client", ["0.5.4", "0.7.0"])
def test_a_script_flies_a_node_to_its_end(save, way, client):
    if client == "0.5.4" and not OLD_CLIENT.is_dir():
        pytest.skip(f"krpc 0.5.4 is not in {OLD_CLIENT} (make install puts it there)")
    environment = dict(os.environ)
    if client == "0.5.4":
        environment["PYTHONPATH"] = python_path(OLD_CLIENT)
    rate = 4.0 if way == "engine" else 16.0  # a main engine overshoots soon
    with serve(save, rpc_port=0, stream_port=0, rate=rate, version=client) as server:
        ports = [str(server.rpc_port), str(server.stream_port)]
        done = subprocess.run(
            [sys.executable, node_flight.__file__, *ports, way],
            env=environment, capture_output=True, text=True, timeout=WAIT_S, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    planned, before, after = map(float, done.stdout.split())
    assert planned > 15.0
    assert before == pytest.approx(planned, rel=1e-3)
    assert after < 0.05 * planned
