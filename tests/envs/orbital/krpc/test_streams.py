"""Streams: what changed, after every tick or at their rate, as long as their client is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import garden
import krpc.schema.KRPC_pb2 as KRPC
import pytest

from helmsight.envs.orbital.krpc import core, streams
from helmsight.envs.orbital.krpc.client import Client
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.host import Host
from helmsight.envs.orbital.krpc.serving import Running
from helmsight.envs.orbital.krpc.types import Dialect
from helmsight.envs.orbital.krpc.values import parse
from helmsight.envs.orbital.krpc.wire import Frames

WAIT_S = 600.0


class Listener:
    """The streams of a client of its own, without a network."""

    def __init__(self, dialect: Dialect = Dialect.MODERN) -> None:
        self.plot = garden.Plot()
        host = Host(self.plot, [core.service, garden.service], "0.7.0")
        self.counts = host.counts
        self.streams = Client(b"\x01" * 16, "me", "", dialect, host).streams

    def add(self, procedure: str, *arguments: bytes, start: bool = True) -> int:
        call = KRPC.ProcedureCall(
            service="Garden",
            procedure=procedure,
            arguments=[
                KRPC.Argument(position=n, value=argument) for n, argument in enumerate(arguments)
            ],
        )
        return self.streams.add(call, start=start)

    def update(self, now: float = 0.0) -> dict[int, KRPC.ProcedureResult]:
        """Return what is sent at a time."""
        frame = self.streams.update(now)
        if frame is None:
            return {}
        frames = Frames()
        frames.feed(frame)
        message = frames.next()
        assert message is not None
        return {result.id: result.result for result in parse(KRPC.StreamUpdate, message).results}


def test_only_what_changed_is_sent() -> None:
    here = Listener()
    ticks, mood = here.add("get_UT"), here.add("get_Mood")
    assert list(here.update()) == [ticks, mood]
    assert here.update() == {}
    here.plot.steps += 1
    assert list(here.update()) == [ticks]
    here.plot.notes.append("fine")
    assert here.update()[mood].value == b"\x04fine"


def test_a_round_that_is_cut_short_is_told_and_goes_on_where_it_was() -> None:
    here = Listener()
    numbers = [here.add("Tree_static_Sum", b"\x02", bytes([2 * i])) for i in range(7)]
    reached: list[list[int]] = []
    for tick in range(4):
        for stream in here.streams._streams.values():
            stream.last = None  # as if all of them changed all the time
        here.streams.begin(tick * 0.02)
        for _ in range(3):
            here.streams.go_on(0.0)  # no time: one call each
        reached.append([])
        frames = Frames()
        frames.feed(here.streams.told() or b"")
        message = frames.next()
        assert message is not None
        reached[-1] = [r.id for r in parse(KRPC.StreamUpdate, message).results]
    in_turn = (numbers * 2)[:12]
    assert [number for some in reached for number in some] == in_turn


def test_a_stream_that_is_removed_in_the_middle_of_a_round_is_left_out() -> None:
    here = Listener()
    first, second = here.add("get_UT"), here.add("get_Mood")
    here.streams.begin(0.0)
    assert not here.streams.go_on(0.0)
    here.streams.remove(second)
    assert here.streams.go_on(0.0)
    assert here.streams.told() is not None
    assert list(here.streams._streams) == [first]


def test_equal_calls_share_a_stream_until_it_is_removed() -> None:
    here = Listener()
    first = here.add("get_UT")
    assert here.add("get_UT") == first
    here.streams.remove(first)
    assert here.add("get_UT") != first


def test_a_stream_that_is_not_started_is_not_sent() -> None:
    here = Listener(Dialect.LEGACY)
    number = here.add("get_UT", start=False)
    assert here.update() == {}
    here.streams.start(number)
    assert list(here.update()) == [number]
    here.streams.start(number)
    assert list(here.update()) == [number]


def test_a_rate_limits_how_often_a_stream_is_sent() -> None:
    here = Listener()
    number = here.add("get_UT")
    here.streams.set_rate(number, 10.0)
    sent = 0
    for tick in range(101):
        here.plot.steps += 1
        sent += len(here.update(tick * 0.02))
    assert sent == pytest.approx(20, abs=1)
    here.streams.set_rate(number, 0.0)
    here.plot.steps += 1
    assert here.update(1e9)
    assert here.counts.streamed == sent + 1


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    here = Listener()
    number = here.add("get_UT")
    with pytest.raises(ArgumentOutOfRangeException, match="expected 0 or more"):
        here.streams.set_rate(number, rate)


def test_an_error_is_sent_as_a_result_and_ends_a_stream_for_new_clients_only() -> None:
    new, old = Listener(Dialect.MODERN), Listener(Dialect.LEGACY)
    for here, left in ((new, 0), (old, 1)):
        number = here.add("Refuse")
        assert here.update()[number].error.description == "not now"
        assert here.update() == {}
        assert len(here.streams) == left
        here.streams.remove(number)


def test_what_was_never_a_stream_is_refused() -> None:
    here = Listener()
    for work in (here.streams.remove, here.streams.start):
        with pytest.raises(ArgumentException, match="no stream 1"):
            work(1)


@pytest.mark.parametrize("procedure", ["Wait", "Grow", "Freeze"])
def test_calls_that_cannot_be_streamed_are_refused(procedure: str) -> None:
    with pytest.raises(InvalidOperationException, match=procedure):
        Listener().add(procedure)


def test_what_returns_nothing_is_not_done_again_and_again_by_a_stream() -> None:
    here = Listener()
    with pytest.raises(InvalidOperationException, match=r"Garden\.set_Mood returns nothing"):
        here.add("set_Mood", b"\x03sad")
    assert here.update() == {}


def test_the_number_of_streams_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LIMIT", 2)
    here = Listener()
    here.add("get_UT")
    here.add("get_Mood")
    with pytest.raises(InvalidOperationException, match="2 streams, the limit"):
        here.add("Spot")


def test_an_update_is_bounded_and_the_rest_comes_with_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "MAX_RESPONSE", 50)
    here = Listener()
    numbers = [here.add("Hedge", bytes([n])) for n in (100, 102, 104)]
    assert list(here.update()) == numbers[:1]
    assert list(here.update()) == numbers[1:2]


@pytest.mark.slow
def test_a_listener_that_does_not_read_gets_the_newest_later(
    make_server: Any, bare: Callable[..., Any], make_call: Any
) -> None:
    with make_server() as served:
        conn = bare(served.rpc_port)
        conn.hello(protocol_version=1)
        lazy = bare(served.stream_port)
        lazy.hello(
            type=KRPC.ConnectionRequest.STREAM,
            client_identifier=conn.identifier,
            protocol_version=1,
        )
        for n in range(20):  # two megabytes a tick, if they changed
            served.run(lambda server, n=n: server.game.notes.append("x" * 100_000 + str(n)))
            call = make_call("Garden", "get_Mood")
            conn.call("KRPC", "AddStream", call.SerializeToString())
        deadline = time.monotonic() + 0.5
        n = 0
        while time.monotonic() < deadline:
            n += 1
            served.run(lambda server: server.game.notes.append("y" * 100_000 + str(n)))  # noqa: B023
        buffered = served.run(
            lambda server: max(
                each.transport.get_write_buffer_size() for each in server.admission.connections
            )
        )
        assert buffered < 2 << 20
        last = f"last{n}"
        served.run(lambda server: server.game.notes.append(last))
        while True:
            update = lazy.receive(KRPC.StreamUpdate)
            if update.results[-1].result.value.endswith(last.encode()):
                break


def test_a_function_is_streamed_and_says_its_type(client: Any) -> None:
    make = client.krpc.Expression
    double = make.multiply(
        make.call(client.get_call(getattr, client.garden.Tree.plant(2), "height")),
        make.constant_int(2),
    )
    assert double.has_return_type
    assert double.return_type.code == client.krpc.TypeCode.double
    assert client.add_stream(double)() == 6.0


@pytest.mark.parametrize(
    ("work", "a", "b", "result"),
    [
        ("divide", 7, -2, -3),
        ("modulo", -7, 2, -1),
        ("divide", 1.0, 0.0, float("inf")),
        ("power", 2, 3, 8.0),
        ("subtract", 2, 0.5, 1.5),
    ],
)
def test_arithmetic_is_that_of_the_game(
    client: Any, work: str, a: float, b: float, result: float
) -> None:
    make = client.krpc.Expression

    def constant(value: float) -> Any:
        return (make.constant_int if isinstance(value, int) else make.constant_double)(value)

    assert client.add_stream(getattr(make, work)(constant(a), constant(b)))() == result


def test_expressions_are_put_together_from_what_fits(client: Any) -> None:
    make = client.krpc.Expression
    number, true, word = make.constant_int(1), make.constant_bool(True), make.constant_string("a")
    both = make.and_(make.not_(make.constant_bool(False)), make.or_(true, true))
    assert client.add_stream(both)() is True
    spot = make.call(client.get_call(client.garden.spot))
    for wrong in (
        lambda: make.add(number, word),
        lambda: make.not_(number),
        lambda: make.and_(true, number),
        lambda: make.greater_than(true, number),
        lambda: make.get(number, number),
        lambda: make.cast(word, client.krpc.Type.double()),
        lambda: client.krpc.add_event(number),
        lambda: make.get(spot, number),
    ):
        with pytest.raises(ValueError, match=r"expected|bool"):
            wrong()
    assert client.add_stream(make.cast(make.constant_double(2.9), client.krpc.Type.int()))() == 2


@pytest.mark.slow
def test_equal_expressions_are_one_object_and_their_size_is_bounded(client: Any) -> None:
    make = client.krpc.Expression
    assert make.constant_int(7) == make.constant_int(7)
    grown = make.constant_int(1)
    for _ in range(7):
        grown = make.add(grown, grown)
    with pytest.raises(ValueError, match="511 parts; the limit is 500"):
        make.add(grown, grown)


@pytest.mark.slow
def test_functions_of_python_become_streams_and_events(client: Any) -> None:
    """The client of 0.7 puts the expression together from the function's own code."""
    garden = client.garden
    tree = garden.Tree.plant(2)
    assert client.add_stream(lambda: tree.height * 2.0 + 1.0)() == 7.0
    assert client.add_stream(lambda: tree.height > 2.5 and not tree.height > 3.5)() is True
    assert client.add_stream(lambda: 1.0 if tree.height > 5.0 else 2.0)() == 2.0
    assert client.add_stream(lambda: tree.neighbour.height)() == 4.5
    soon = garden.ut + 3.0
    event = client.add_event(lambda: garden.ut > soon)
    with event.condition:
        assert event.wait(WAIT_S)
    assert garden.ut > soon


def test_computed_arguments_are_of_the_types_that_are_wanted(
    client: Any, make_call: Callable[..., Any]
) -> None:
    make = client.krpc.Expression
    add = make_call("Garden", "Tree_static_Sum")
    number = make.constant_int(1)
    assert (
        client.add_stream(make.call_with_arguments(add, {0: number, 1: make.add(number, number)}))()
        == 3
    )
    for wrong in ({0: make.constant_double(1.0), 1: number}, {5: number}, {-1: number}):
        with pytest.raises(ValueError, match="expected sint32, sint32"):
            make.call_with_arguments(add, wrong)
    with pytest.raises(ValueError, match="b is missing"):
        make.call_with_arguments(add, {0: number})
    with pytest.raises(ValueError, match="id 4000"):
        make.constant_object(4000)


def test_the_world_may_fail_and_clients_are_served(make_server: Any) -> None:
    import krpc

    with make_server() as served:
        conn: Any = krpc.connect(rpc_port=served.rpc_port, stream_port=served.stream_port)
        served.run(lambda server: setattr(server.game, "fails", True))
        stream = conn.add_stream(getattr, conn.garden, "mood")
        assert stream() == ""
        assert conn.garden.wait(2) == 0
        conn.close()


def test_status_counts(served: Running) -> None:
    import krpc

    conn: Any = krpc.connect(rpc_port=served.rpc_port, stream_port=served.stream_port)
    before = conn.krpc.get_status()
    stream = conn.add_stream(getattr, conn.garden, "ut")
    stream()
    after = conn.krpc.get_status()
    assert after.version == "0.7.0"
    assert after.rpcs_executed >= before.rpcs_executed + 2
    assert after.bytes_read > before.bytes_read
    assert after.bytes_written > before.bytes_written
    assert after.stream_rpcs == 1
    assert after.stream_rpcs_executed > before.stream_rpcs_executed
    conn.close()


@pytest.mark.parametrize(("dialect", "waits"), [(Dialect.LEGACY, True), (Dialect.MODERN, False)])
def test_events_of_old_clients_leave_them_time_to_wait(dialect: Dialect, waits: bool) -> None:
    """Their clients hold the event's condition while they start it; see `GRACE`."""
    host = Host(garden.Plot(), [core.service, garden.service])
    own = Client(bytes(16), "a script", "127.0.0.1", dialect, host).streams
    number = own.follow(lambda: b"\x12\x01\x01", event=True)
    assert own.update(9.9) is None
    own.start(number)
    assert (own.update(10.0) is None) == waits
    assert (own.update(10.0 + streams.GRACE / 2) is None) == waits
    assert own.update(10.0 + streams.GRACE) is not None
    assert own.update(10.02 + streams.GRACE) is not None
