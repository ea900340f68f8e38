"""Where the server listens, and why it does not."""

from __future__ import annotations

import socket
import time
from typing import Any

import garden
import pytest

from helmsight.envs.orbital.krpc import core
from helmsight.envs.orbital.krpc.errors import NotLoopback, PortInUse, ServerError
from helmsight.envs.orbital.krpc.server import TICK_S, Server
from helmsight.envs.orbital.krpc.serving import running


def made(**options: Any) -> Server:
    return Server(garden.Plot(), [core.service, garden.service], **options)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_it_listens_at_loopback_by_address_and_by_name(make_server: Any, address: str) -> None:
    with make_server(address=address) as served:
        assert served.server.address == "127.0.0.1"
        assert 0 < served.rpc_port != served.stream_port > 0
        socket.create_connection(("127.0.0.1", served.stream_port)).close()


def test_an_address_that_others_reach_needs_leave() -> None:
    with pytest.raises(NotLoopback, match=r"no authentication; give --allow-remote"):
        made(address="0.0.0.0")


def test_with_leave_it_warns_that_there_is_no_authentication(make_server: Any) -> None:
    with (
        pytest.warns(UserWarning, match="no authentication"),
        make_server(address="0.0.0.0", allow_remote=True) as served,
    ):
        socket.create_connection(("127.0.0.1", served.rpc_port)).close()


@pytest.mark.parametrize("name", ["rpc_port", "stream_port"])
def test_a_port_in_use_is_an_error_that_says_how_to_mend_it(make_server: Any, name: str) -> None:
    with make_server() as served:
        taken = getattr(served, name)
        option = "--" + name.replace("_", "-")
        with (
            pytest.raises(PortInUse, match=rf"{option} {taken} at .* is in use.*{option}"),
            running(made(**{"rpc_port": 0, "stream_port": 0, name: taken})),
        ):
            pass
        assert served.server._servers[0].is_serving()


def test_requests_and_streams_need_a_port_each() -> None:
    with (
        pytest.raises(ServerError, match=r"--rpc-port and --stream-port are both 50123"),
        running(made(rpc_port=50123, stream_port=50123)),
    ):
        pass


def test_a_port_is_free_again_at_once(make_server: Any) -> None:
    with make_server() as served:
        port = served.rpc_port
        conn = socket.create_connection(("127.0.0.1", port))
    conn.close()
    with running(made(rpc_port=port, stream_port=0)) as again:
        assert again.rpc_port == port


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"address": "nowhere.invalid"}, "no IPv4 address"),
        ({"version": "0.6.0"}, "expected one of"),
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ServerError, match=why):
        made(**options)


def test_an_impossible_port_is_refused() -> None:
    with pytest.raises(ServerError, match="expected 0 to 65535"), running(made(rpc_port=70000)):
        pass


def test_ticks_that_come_late_are_counted(make_server: Any) -> None:
    with make_server() as served:
        served.run(lambda server: time.sleep(0.1))
        assert served.run(lambda server: server.missed_ticks) >= 3
        served.run(lambda server: setattr(server.game, "lockstep", True))
        before = served.run(lambda server: server.missed_ticks)
        served.run(lambda server: time.sleep(0.1))
        assert served.run(lambda server: server.missed_ticks) == before


class Slow(garden.Plot):
    """A world of which a second takes ten."""

    def __init__(self) -> None:
        super().__init__()
        self.told = [0.0]

    def catch_up(self, now: float) -> int:
        """Take ten times as long as what passed."""
        time.sleep(10.0 * (now - self.told[-1]))
        self.told.append(now)
        return super().catch_up(now)


def test_a_world_that_does_not_keep_the_rate_leaves_the_clients_their_time() -> None:
    game = Slow()
    server = Server(game, [core.service, garden.service], rpc_port=0, stream_port=0)
    with running(server) as served:
        while len(game.told) < 30:
            time.sleep(0.01)
        dropped = served.run(lambda server: server.dropped_s)
    steps = [b - a for a, b in zip(game.told[10:], game.told[11:], strict=False)]
    assert max(steps) < 0.2 * TICK_S
    assert dropped > 0.0
