"""Real krpc clients of both dialects, each in its own process, before one server of the twin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fair_time import python_path

from helmsight.envs.orbital.krpc.serving import Running, serve

FLIGHTS = Path(__file__).with_name("flights.py")
OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
PAIRS = [
    pytest.param(("0.5.4", "0.5.4"), id="0.5.4-on-0.5.4"),
    pytest.param(("0.7.0", "0.5.4"), id="0.7.0-on-0.5.4"),
    pytest.param(("0.7.0", "0.7.0"), id="0.7.0-on-0.7.0"),
]
"""Version of the client, version that the server declares."""


class Client:
    """Does the tasks of flights.py with one version of the client.

    Attributes:
        server: the twin that it flies on. version: of the client.
    """

    def __init__(self, version: str, server: Running) -> None:
        self.version, self.server = version, server
        paths = [OLD_CLIENT] if version == "0.5.4" else []
        self._process = subprocess.Popen(
            [sys.executable, str(FLIGHTS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": python_path(*paths)},
        )

    def do(self, task: str, **given: Any) -> Any:
        """Return what the task answers; an error over there is one here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if task != "version":
            given["ports"] = [self.server.rpc_port, self.server.stream_port]
        print(json.dumps({"task": task, "given": given}), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def stop(self) -> None:
        self._process.communicate(timeout=600)


@pytest.fixture(scope="module", params=PAIRS)
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client and its server, both as the parameter says."""
    theirs, ours = request.param
    if theirs == "0.5.4" and not OLD_CLIENT.is_dir():
        pytest.skip("the client 0.5.4 is not installed: make install")
    with serve("pe1_i3_init", rpc_port=0, stream_port=0, version=ours) as server:
        client = Client(theirs, server)
        yield client
        client.stop()
