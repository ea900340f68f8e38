"""Requests and responses: errors go to the one who caused them, and nothing ends for them."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import krpc.schema.KRPC_pb2 as KRPC
import pytest

from helmsight.envs.orbital.krpc import calls
from helmsight.envs.orbital.krpc.serving import Running
from helmsight.envs.orbital.krpc.wire import sized

Bare = Callable[..., Any]


def test_the_calls_of_one_request_see_one_tick(bare: Bare, make_call: Any) -> None:
    conn = bare(hello=True)
    conn.send(KRPC.Request(calls=[make_call("Garden", "get_UT")] * 500))
    response = conn.receive(KRPC.Response)
    assert len(response.results) == 500
    assert len({result.value for result in response.results}) == 1


def test_requests_that_arrive_at_once_are_answered_in_their_order(
    bare: Bare, make_call: Any
) -> None:
    conn = bare(hello=True)
    sums = [make_call("Garden", "Tree_static_Sum", bytes([2 * n]), b"\x02") for n in range(60)]
    wait = make_call("Garden", "Wait", b"\x02")
    conn.send(b"".join(sized(KRPC.Request(calls=[call]).SerializeToString()) for call in sums[:30]))
    conn.send(KRPC.Request(calls=[wait]))
    conn.send(b"".join(sized(KRPC.Request(calls=[call]).SerializeToString()) for call in sums[30:]))
    answers = [conn.receive(KRPC.Response).results[0].value for _ in range(61)]
    assert answers[:30] + answers[31:] == [bytes([2 * n + 2]) for n in range(60)]


def test_others_are_served_while_one_waits_for_ticks(bare: Bare, make_call: Any) -> None:
    patient, other = bare(hello=True), bare(hello=True)
    patient.send(KRPC.Request(calls=[make_call("Garden", "Wait", b"\x0a")]))
    assert other.call("Garden", "get_Mood").value is not None
    assert patient.receive(KRPC.Response).results[0].value >= b"\x0a"


def test_a_request_without_calls_is_answered_without_results(bare: Bare) -> None:
    conn = bare(hello=True)
    conn.send(b"\x00")
    assert conn.receive(KRPC.Response) == KRPC.Response()


@pytest.mark.parametrize(
    ("service", "procedure", "arguments", "name", "words"),
    [
        ("Garden", "Tree_get_Heigth", [], "InvalidOperationException", "Tree_get_Height"),
        ("Gardens", "get_UT", [], "InvalidOperationException", "no service.*KRPC"),
        ("", "", [], "InvalidOperationException", "no service"),
        ("Garden", "Tree_get_Height", [], "ArgumentException", "this is missing"),
        ("Garden", "Tree_get_Height", [b"\x63"], "ArgumentException", "this: no Tree .* id 99"),
        ("Garden", "Tree_get_Height", [b"\x00"], "ArgumentNullException", "this: .* got null"),
        ("Garden", "Tree_get_Height", [b""], "ArgumentException", "this: .*varint"),
        ("Garden", "get_UT", [b"\x00"], "ArgumentException", "takes 0 arguments"),
        ("Garden", "Wait", [b"\xff" * 20], "ArgumentException", "ticks: .*varint"),
        ("Garden", "Refuse", [], "InvalidOperationException", "not now"),
        ("Garden", "Stumble", [], "", "ZeroDivisionError: a stone"),
        ("KRPC", "StartStream", [b"\x05"], "ArgumentException", "no stream 5"),
        ("KRPC", "SetStreamRate", [b"\x05", b"\0\0\xc0\x7f"], "ArgumentOutOfRangeException", "nan"),
    ],
)
def test_an_error_names_what_was_wrong(
    bare: Bare, service: str, procedure: str, arguments: list[bytes], name: str, words: str
) -> None:
    conn = bare(hello=True)
    error = conn.call(service, procedure, *arguments).error
    assert error.name == name
    assert error.service == ("KRPC" if name else "")
    assert re.search(words, error.description), error.description
    assert conn.call("Garden", "get_Mood").error == KRPC.Error()


def test_a_failed_call_does_not_keep_the_others_of_its_request(bare: Bare, make_call: Any) -> None:
    conn = bare(hello=True)
    conn.send(KRPC.Request(calls=[make_call("Garden", name) for name in ("Stumble", "get_UT")]))
    failed, done = conn.receive(KRPC.Response).results
    assert failed.error.description
    assert len(done.value) == 8


def test_null_for_what_cannot_be_null_is_refused(bare: Bare) -> None:
    conn = bare(hello=True)
    null = KRPC.Argument(position=0, is_null=True)
    call = KRPC.ProcedureCall(service="Garden", procedure="Tree_get_Height", arguments=[null])
    conn.send(KRPC.Request(calls=[call]))
    error = conn.receive(KRPC.Response).results[0].error
    assert error.name == "ArgumentNullException"
    assert "this is null; expected Tree" in error.description


@pytest.mark.parametrize("positions", [[0, 0], [1], [4_000_000_000]])
def test_arguments_at_impossible_positions_are_refused(bare: Bare, positions: list[int]) -> None:
    conn = bare(hello=True)
    call = KRPC.ProcedureCall(service="Garden", procedure="Wait")
    call.arguments.extend(KRPC.Argument(position=position, value=b"\x02") for position in positions)
    conn.send(KRPC.Request(calls=[call]))
    assert "takes 1 arguments" in conn.receive(KRPC.Response).results[0].error.description


def test_a_call_by_number_is_told_to_name_what_it_calls(bare: Bare) -> None:
    conn = bare(hello=True)
    conn.send(KRPC.Request(calls=[KRPC.ProcedureCall(service_id=2, procedure_id=7)]))
    message = conn.receive(KRPC.Response).results[0].error.description
    assert "procedure 7 of service 2" in message
    assert "name the service and the procedure" in message


def test_what_is_not_there_and_what_fails_is_logged_once(
    make_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    import krpc

    with make_server() as served, caplog.at_level(logging.WARNING):
        conn: Any = krpc.connect(rpc_port=served.rpc_port, stream_port=None)
        for _ in range(3):
            with pytest.raises(RuntimeError, match=r"no procedure Garden\.Water"):
                conn._invoke("Garden", "Water", [], [], None)
            with pytest.raises(krpc.error.RPCError, match="a stone"):
                conn.garden.stumble()
        conn.close()
    missing, fault = caplog.records
    assert "Garden.Water" in missing.getMessage()
    assert fault.getMessage() == "Garden.Stumble failed"
    assert fault.exc_info is not None


def test_a_request_that_cannot_be_read_is_an_error_and_the_next_one_is_served(bare: Bare) -> None:
    conn = bare(hello=True)
    conn.send(sized(b"\xff\xff\xff"))
    assert "no Request" in conn.receive(KRPC.Response).error.description
    assert conn.call("Garden", "get_UT").value


def test_a_request_of_too_many_calls_is_refused(bare: Bare, make_call: Any) -> None:
    conn = bare(hello=True)
    conn.send(KRPC.Request(calls=[KRPC.ProcedureCall()] * (calls.MAX_CALLS + 1)))
    assert "the limit is" in conn.receive(KRPC.Response).error.description


def test_a_response_is_bounded(bare: Bare, make_call: Any) -> None:
    conn = bare(hello=True)
    hedge = make_call("Garden", "Hedge", b"\x80\x80\x80\x01")  # a mebibyte
    conn.send(KRPC.Request(calls=[hedge] * 6))
    results = conn.receive(KRPC.Response).results
    assert [bool(result.error.description) for result in results] == [False] * 3 + [True] * 3
    assert "make fewer calls" in results[-1].error.description


def test_what_a_request_means_is_kept_but_not_without_bound(
    make_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import krpc

    monkeypatch.setattr(calls, "KEPT", 10)
    with make_server() as served:
        conn: Any = krpc.connect(rpc_port=served.rpc_port, stream_port=None)
        assert [conn.garden.Tree.sum(n, 1) for n in range(50)] == list(range(1, 51))
        assert conn.garden.who() == ""
        sizes = served.run(
            lambda server: [len(prepared) for prepared in server.calls._kept.values()]
        )
        conn.close()
    assert 0 < max(sizes) <= 10


def test_who_asks_is_never_taken_from_another_client(served: Running) -> None:
    import krpc

    conns: list[Any] = [
        krpc.connect(name=name, rpc_port=served.rpc_port, stream_port=None) for name in "abab"
    ]
    assert [conn.krpc.get_client_name() for conn in conns] == list("abab")
    assert [conn.garden.who() for conn in conns] == list("abab")
    for conn in conns:
        conn.close()
