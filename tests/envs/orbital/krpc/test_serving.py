"""The twin's own services behind the server: loads from two sides, clients that vanish."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import krpc
import krpc.schema.KRPC_pb2 as KRPC
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.errors import UnknownScenario
from helmsight.envs.orbital.krpc.serving import Running, serve

SAVES = ("pe1_i1_init", "lbg1_i1_init")
WAIT_S = 600.0


@pytest.fixture
def twin() -> Iterator[Running]:
    with serve("PE1-E1-I3", rpc_port=0, stream_port=0) as served:
        yield served


def connected(served: Running, **options: Any) -> Any:
    return krpc.connect(rpc_port=served.rpc_port, stream_port=served.stream_port, **options)


@pytest.mark.slow
@pytest.mark.parametrize("stubs", [True, False], ids=["stubs", "dynamic"])
def test_the_world_goes_on_by_the_wall_clock_and_stands_while_it_is_paused(
    twin: Running, stubs: bool
) -> None:
    conn = connected(twin, use_pregenerated_stubs=stubs)
    center = conn.space_center
    assert [vessel.name for vessel in center.vessels] == ["Evader", "Pursuer"]
    began = center.ut
    stream = conn.add_stream(getattr, center, "ut")
    with stream.condition:
        while stream() < began + 0.1:
            stream.wait(WAIT_S)
    conn.krpc.paused = True
    stands = center.ut
    time.sleep(0.1)
    assert center.ut == stands
    conn.close()


@pytest.mark.slow
def test_two_clients_that_load_at_once_both_get_their_game(twin: Running) -> None:
    failed: list[BaseException] = []
    loads = twin.run(lambda server: server.game.load_count)
    ready = threading.Barrier(2)

    def load(save: str) -> None:
        try:
            conn = connected(twin)
            ready.wait(WAIT_S)
            for _ in range(5):
                conn.space_center.load(save)
                assert len(conn.space_center.vessels) in (2, 3)
            conn.close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=load, args=(save,)) for save in SAVES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert failed == []
    assert twin.run(lambda server: server.game.load_count) == loads + 10


@pytest.mark.slow
def test_a_save_that_is_not_there_is_told_to_the_one_who_asked(twin: Running) -> None:
    conn, other = connected(twin), connected(twin)
    with pytest.raises((ValueError, RuntimeError), match="pe9_i9_init"):
        conn.space_center.load("pe9_i9_init")
    assert [vessel.name for vessel in other.space_center.vessels] == ["Evader", "Pursuer"]
    assert [vessel.name for vessel in conn.space_center.vessels] == ["Evader", "Pursuer"]
    conn.close()
    other.close()


@pytest.mark.slow
def test_a_client_that_vanishes_in_mid_call_takes_nothing_with_it(
    twin: Running, bare: Callable[..., Any], make_call: Any
) -> None:
    conn = connected(twin)
    loads = twin.run(lambda server: server.game.load_count)
    gone = bare(twin.rpc_port)
    gone.hello()
    gone.send(KRPC.Request(calls=[make_call("SpaceCenter", "Load", b"\x0bpe1_i1_init")]))
    gone.close()
    deadline = time.monotonic() + WAIT_S
    while twin.run(lambda server: server.game.load_count) == loads:
        assert time.monotonic() < deadline
    assert len(conn.space_center.vessels) == 2
    conn.close()


@pytest.mark.parametrize(
    ("scenario", "rate", "error"),
    [("PE1-E9-I9", 1.0, UnknownScenario), ("PE1-E1-I1", -1.0, InvalidOption)],
)
def test_what_cannot_be_served_is_refused(
    scenario: str, rate: float, error: type[Exception]
) -> None:
    with pytest.raises(error), serve(scenario, rate=rate, rpc_port=0, stream_port=0):
        pass
