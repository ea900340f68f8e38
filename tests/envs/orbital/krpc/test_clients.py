"""Unmodified clients of both dialects, with their stubs and without, see the same server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import tour

from helmsight.envs.orbital.krpc.serving import Running

Servers = Callable[..., AbstractContextManager[Running]]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.5.4", "0.7.0"])
@pytest.mark.parametrize("stubs", [True, False], ids=["stubs", "dynamic"])
def test_the_client_of_0_7_sees_all_of_it(make_server: Servers, version: str, stubs: bool) -> None:
    with make_server(version) as served:
        tour.tour(served.rpc_port, served.stream_port, stubs=stubs)  # with assertions of its own
        assert served.run(lambda server: server.clients_seen) > 0


@pytest.mark.slow
@pytest.mark.parametrize("stubs", ["stubs", "dynamic"])
def test_the_client_of_0_5_4_sees_all_of_it(
    make_server: Servers, old_client: Callable[..., str], stubs: str
) -> None:
    with make_server("0.5.4") as served:
        printed = old_client(Path(tour.__file__), served.rpc_port, served.stream_port, stubs)
    assert printed == "toured with 0.5.4\n"
