"""All services together: signatures as in the clients' stubs, and no call that a client refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import every_call
import krpc.services
import pytest
from fair_time import python_path

from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.serving import Running, all_services, serve
from helmsight.envs.orbital.krpc.simulation import Simulation

sys.path.insert(0, str(Path(__file__).parent / "space_center"))
import stubs

pytestmark = pytest.mark.slow  # thousands of calls

OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
FOLDERS = {
    "0.5.4": OLD_CLIENT / "krpc" / "services",
    "0.7.0": Path(krpc.services.__file__).parent,
}
WAIT_S = 600.0  # a deadline against hanging, no claim about speed
# What a client refuses whatever the server declares, also of the game: faults of its own stubs.
OWN_FAULTS = {
    "0.5.4": {"SpaceCenter.launch_vessel"},  # its default for the crew, None, is no list
    "0.7.0": {"Laser.cloud", "Laser.part"},  # it looks for its LiDAR stubs under another name
}


@pytest.fixture(params=["0.5.4", "0.7.0"])
def served(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A server of either version, for one test."""
    with serve("pe1_i4_init", rpc_port=0, stream_port=0, version=request.param) as server:
        yield server


@pytest.mark.parametrize("client", ["0.5.4", "0.7.0"])
def test_no_call_of_the_stubs_fails_for_a_type_that_is_not_declared(
    served: Running, client: str
) -> None:
    """`conn.ui.message("hi")` was a TypeError while the service UI was not declared."""
    if not FOLDERS[client].is_dir():
        pytest.skip(f"krpc {client} is not in {FOLDERS[client]} (make install puts it there)")
    environment = dict(os.environ)
    if client == "0.5.4":
        environment["PYTHONPATH"] = python_path(OLD_CLIENT)
    done = subprocess.run(
        [sys.executable, every_call.__file__, str(served.rpc_port), str(served.stream_port)],
        env=environment, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made, refused = json.loads(done.stdout)
    assert made > 2500
    assert [fault for fault in refused if fault.split(":")[0] not in OWN_FAULTS[client]] == []


@pytest.mark.parametrize("version", ["0.5.4", "0.7.0"])
@pytest.mark.parametrize("service", ["UI", "Drawing"])
def test_signatures_are_those_of_the_stubs(version: str, service: str) -> None:
    folder = FOLDERS[version]
    if not folder.is_dir():
        pytest.skip(f"krpc {version} is not in {folder} (make install puts it there)")
    host = Host(Simulation("pe1_i4_init"), all_services(), version)
    ours = {name: p for (owner, name), p in host.procedures.items() if owner == service}
    theirs = stubs.read(folder / f"{service.lower()}.py")
    modern = version == "0.7.0"
    wrong: list[Any] = []
    for name in set(ours) & set(theirs):
        own = [(p.name, stubs.told(p.kind, structures=modern)) for p in ours[name].parameters]
        wanted = [(parameter, kind) for parameter, kind, _ in theirs[name].parameters]
        result = stubs.told(ours[name].result, structures=modern)
        if (own[: len(wanted)], result) != (wanted, theirs[name].result):
            wrong.append((name, own, result, wanted, theirs[name].result))
    assert wrong == []
    assert set(ours) == set(theirs)
    types = next(own for own in host.services if own.name == service).types
    for name, values in stubs.enumerations(folder / f"{service.lower()}.py").items():
        assert {int(member) for member in types[name]} == values, name
