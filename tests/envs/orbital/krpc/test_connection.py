"""Connections that are wrong, slow, silent or too many harm nobody but themselves."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import krpc
import krpc.schema.KRPC_pb2 as KRPC
import pytest

from helmsight.envs.orbital.krpc import admission, connection
from helmsight.envs.orbital.krpc import server as server_module
from helmsight.envs.orbital.krpc.serving import Running
from helmsight.envs.orbital.krpc.wire import MAX_FRAME, sized, varint

Status = KRPC.ConnectionResponse
RPC, STREAM = KRPC.ConnectionRequest.RPC, KRPC.ConnectionRequest.STREAM
Bare = Callable[..., Any]
WAIT_S = 600.0


def until(true: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def alive(served: Running, bare: Bare) -> Any:
    """After the test the server still serves a client that was there before."""
    conn = bare(hello=True)
    game: Any = served.server.game
    before = game.steps
    yield conn
    assert len(conn.call("Garden", "get_UT").value) == 8
    until(lambda: game.steps > before)


@pytest.mark.usefixtures("alive")
class TestTheFirstMessage:
    @pytest.mark.parametrize(("version", "echoed"), [(0, 0), (1, 1)])
    def test_is_answered_in_the_dialect_it_is_in(
        self, bare: Bare, version: int, echoed: int
    ) -> None:
        answer = bare().hello(protocol_version=version, client_name="me")
        assert (answer.status, answer.protocol_version) == (Status.OK, echoed)
        assert len(answer.client_identifier) == 16

    def test_of_another_protocol_is_refused(self, bare: Bare) -> None:
        conn = bare()
        answer = conn.hello(protocol_version=2)
        assert answer.status == Status.WRONG_PROTOCOL_VERSION
        assert "protocol version 2: expected 1" in answer.message
        assert conn.receive(KRPC.Response) is None

    def test_for_the_other_port_is_refused(self, served: Running, bare: Bare) -> None:
        assert bare().hello(type=STREAM).status == Status.WRONG_TYPE
        answer = bare(served.stream_port).hello(type=RPC)
        assert answer.status == Status.WRONG_TYPE
        assert "this is the stream port" in answer.message

    @pytest.mark.parametrize("identifier", [b"", b"\x01" * 16, b"x" * 1000])
    def test_of_an_unknown_client_is_refused(
        self, served: Running, bare: Bare, identifier: bytes
    ) -> None:
        answer = bare(served.stream_port).hello(type=STREAM, client_identifier=identifier)
        assert answer.status == Status.MALFORMED_MESSAGE
        assert "connect to the RPC port first" in answer.message

    def test_of_a_second_stream_connection_is_refused(self, served: Running, bare: Bare) -> None:
        conn = bare(hello=True)
        hello = {"type": STREAM, "client_identifier": conn.identifier}
        assert bare(served.stream_port).hello(**hello).status == Status.OK
        answer = bare(served.stream_port).hello(**hello)
        assert answer.status == Status.MALFORMED_MESSAGE
        assert "has a stream connection already" in answer.message

    @pytest.mark.parametrize(
        "data",
        [
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1:50000\r\nUser-Agent: a lost browser".ljust(99),
            b"\xff" * 20,
            sized(b"\xff\xff"),
            varint(1 << 20),
            varint(1 << 40),
        ],
    )
    def test_that_is_none_is_refused(self, bare: Bare, data: bytes) -> None:
        conn = bare()
        conn.send(data)
        assert conn.receive(Status).status == Status.MALFORMED_MESSAGE
        assert conn.receive(Status) is None

    def test_may_come_byte_by_byte(self, bare: Bare) -> None:
        conn = bare()
        for byte in sized(KRPC.ConnectionRequest(client_name="slow").SerializeToString()):
            conn.send(bytes([byte]))
            time.sleep(0.001)
        assert conn.receive(Status).status == Status.OK

    def test_may_be_followed_by_requests_at_once(self, bare: Bare, make_call: Any) -> None:
        conn = bare()
        hello = KRPC.ConnectionRequest(protocol_version=1).SerializeToString()
        request = KRPC.Request(calls=[make_call("Garden", "get_UT")]).SerializeToString()
        conn.send(sized(hello) + sized(request))
        assert conn.receive(Status).status == Status.OK
        assert len(conn.receive(KRPC.Response).results[0].value) == 8


def test_a_connection_that_says_nothing_is_refused_after_a_while(
    make_server: Any, bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HELLO_S", 0.05)
    with make_server() as served:
        conn = bare(served.rpc_port)
        answer = conn.receive(Status)
        assert answer.status == Status.TIMEOUT
        assert "no connection request" in answer.message
        assert conn.receive(Status) is None
        until(lambda: not served.server.admission.connections)


@pytest.mark.usefixtures("alive")
class TestRequests:
    @pytest.mark.parametrize("data", [b"\xff" * 30, varint(MAX_FRAME + 1), varint(1 << 34)])
    def test_of_impossible_length_end_the_connection_with_a_reason(
        self, bare: Bare, data: bytes
    ) -> None:
        conn = bare(hello=True)
        conn.send(data)
        assert "a message" in conn.receive(KRPC.Response).error.description
        assert conn.receive(KRPC.Response) is None

    def test_of_a_whole_mebibyte_are_read(self, bare: Bare) -> None:
        conn = bare(hello=True)
        call = KRPC.ProcedureCall(service="Garden", procedure="x" * (MAX_FRAME - 100))
        conn.send(KRPC.Request(calls=[call]))
        error = conn.receive(KRPC.Response).results[0].error
        assert "no procedure" in error.description
        assert len(error.description) < 1000

    def test_that_are_cut_off_by_a_vanishing_client_leave_nothing(
        self, served: Running, bare: Bare
    ) -> None:
        conn = bare(hello=True)
        assert conn.call("Garden", "Who").value
        conn.send(varint(1000) + b"\x0a\x05Garde")
        conn.close()
        until(lambda: conn.identifier not in served.server.clients)

    def test_that_wait_for_ticks_end_with_their_client(
        self, served: Running, bare: Bare, make_call: Any
    ) -> None:
        conn = bare(hello=True)
        conn.send(KRPC.Request(calls=[make_call("Garden", "Wait", varint(2_000_000))]))
        until(lambda: served.run(lambda server: len(server.waiting)))
        conn.close()
        until(lambda: not served.run(lambda server: len(server.waiting)))
        assert served.run(lambda server: len(server.waiting)) == 0

    def test_before_a_half_closed_socket_are_answered(self, bare: Bare, make_call: Any) -> None:
        conn = bare(hello=True)
        conn.send(KRPC.Request(calls=[make_call("Garden", "get_UT")]))
        conn.socket.shutdown(socket.SHUT_WR)
        assert conn.receive(KRPC.Response).results[0].value
        assert conn.receive(KRPC.Response) is None


def test_what_a_client_held_is_let_go_when_it_leaves(make_server: Any) -> None:
    with make_server() as served:
        conn: Any = krpc.connect("gone", rpc_port=served.rpc_port, stream_port=served.stream_port)
        conn.garden.who()
        conn.add_stream(getattr, conn.garden, "ut")()
        conn.close()
        until(lambda: served.server.game.notes == ["gone left"])
        until(lambda: not served.server.admission.connections)
        assert not served.server.clients
        assert not served.server.listeners


def test_a_client_that_reads_nothing_is_served_no_more_and_holds_no_memory(
    make_server: Any, bare: Bare, make_call: Any
) -> None:
    """Four gigabytes are asked for; the server keeps a few megabytes of them, and lives."""
    with make_server() as served:
        greedy, other = bare(served.rpc_port), bare(served.rpc_port)
        assert greedy.hello(protocol_version=1).status == Status.OK
        assert other.hello(protocol_version=1).status == Status.OK
        request = sized(
            KRPC.Request(
                calls=[make_call("Garden", "Hedge", b"\x80\x80\x80\x01")]
            ).SerializeToString()
        )
        greedy.socket.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            for _ in range(4096):
                greedy.send(request * 100)
        sent = served.run(lambda server: server.traffic.bytes_written)
        assert sent < 64 << 20
        buffered = served.run(
            lambda server: max(
                each.transport.get_write_buffer_size() for each in server.admission.connections
            )
        )
        assert 0 < buffered < 8 << 20
        assert other.call("Garden", "get_UT").value
        greedy.socket.settimeout(WAIT_S)
        assert len(greedy.receive(KRPC.Response).results[0].value) > 1 << 20


def test_a_client_that_reads_nothing_for_long_is_cut_off(
    make_server: Any, bare: Bare, make_call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "UNREAD_S", 0.1)
    with make_server() as served:
        greedy = bare(served.rpc_port)
        greedy.hello(protocol_version=1)
        request = KRPC.Request(calls=[make_call("Garden", "Hedge", b"\x80\x80\x80\x01")])
        greedy.send(sized(request.SerializeToString()) * 100)
        until(lambda: not served.run(lambda server: server.clients))
        assert served.run(lambda server: list(server.clients)) == []


def test_a_client_that_asks_without_end_leaves_the_others_their_turn(
    make_server: Any, bare: Bare, make_call: Any
) -> None:
    with make_server() as served:
        flood, other = bare(served.rpc_port), bare(served.rpc_port)
        for conn in (flood, other):
            conn.hello(protocol_version=1)
        request = sized(KRPC.Request(calls=[make_call("Garden", "get_UT")]).SerializeToString())
        flood.send(request * 4000)
        for _ in range(20):
            assert other.call("Garden", "get_UT").value
        answers = [flood.receive(KRPC.Response) for _ in range(4000)]
        assert len(answers) == 4000


def test_connections_beyond_the_limit_are_refused_with_a_reason(
    make_server: Any, bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (server_module, admission):
        monkeypatch.setattr(module, "CLIENTS", 3)
    monkeypatch.setattr(admission, "IDLE_S", WAIT_S)  # none of them counts as idle
    with make_server() as served:
        conns = [bare(served.rpc_port) for _ in range(4)]
        answers = [conn.hello(protocol_version=1) for conn in conns]
        assert [answer.status for answer in answers] == [Status.OK] * 3 + [Status.MALFORMED_MESSAGE]
        assert "the server has 3 clients, its limit" in answers[3].message
        conns[0].close()
        until(lambda: len(served.server.clients) == 2)
        assert bare(served.rpc_port).hello(protocol_version=1).status == Status.OK


@pytest.fixture
def crowded(make_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A server with room for four clients, and for as many who say nothing."""
    for module in (server_module, admission):
        monkeypatch.setattr(module, "CLIENTS", 4)
    monkeypatch.setattr(admission, "SILENT", 4)
    monkeypatch.setattr(admission, "IDLE_S", 0.0)
    with make_server() as served:
        yield served


def test_the_newest_idle_client_gives_way_and_those_that_are_there_for_long_stay(
    crowded: Running, bare: Any
) -> None:
    first = bare(crowded.rpc_port, hello=True)
    idle = [bare(crowded.rpc_port, hello=True) for _ in range(20)]
    assert idle[-1].call("Garden", "get_UT").value  # who came last is in
    assert first.call("Garden", "get_UT").value
    assert len(crowded.server.clients) == 4
    assert idle[5].receive(Status) is None  # cut off


def test_clients_with_streams_are_not_idle(crowded: Running, bare: Any, make_call: Any) -> None:
    listening = [bare(crowded.rpc_port, hello=True) for _ in range(4)]
    for conn in listening:
        added = KRPC.Argument(position=0, value=make_call("Garden", "get_UT").SerializeToString())
        assert conn.call("KRPC", "AddStream", added.value).value
    answer = bare(crowded.rpc_port).hello(protocol_version=1)
    assert "the server has 4 clients, its limit" in answer.message
    assert all(conn.call("Garden", "get_UT").value for conn in listening)


def test_a_crowd_of_one_address_does_not_push_out_who_comes_from_another(
    crowded: Running, bare: Any
) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has more than one loopback address without asking for it")
    crowd = [bare(crowded.rpc_port, hello=True) for _ in range(3)]
    guest = bare(crowded.rpc_port, source="127.0.0.2")
    assert guest.hello(protocol_version=1).status == Status.OK
    crowd += [bare(crowded.rpc_port, hello=True) for _ in range(10)]
    assert guest.call("Garden", "get_UT").value
    assert crowd[-1].call("Garden", "get_UT").value


@pytest.mark.slow
def test_connections_that_say_nothing_keep_nobody_out(crowded: Running, bare: Any) -> None:
    silent = [bare(crowded.rpc_port) for _ in range(40)]
    until(lambda: len(crowded.server.admission.connections) >= 12)
    for _ in range(3):
        assert bare(crowded.rpc_port, hello=True).call("Garden", "get_UT").value
    assert silent[0].receive(Status) is None  # who had the longest to speak


@pytest.mark.usefixtures("alive")
def test_two_hundred_idle_connections_are_no_burden(served: Running, bare: Bare) -> None:
    for n in range(200):
        conn = bare()
        if n % 2:
            assert conn.hello(protocol_version=n % 3 and 1).status == Status.OK
    assert len(served.server.clients) >= 100
