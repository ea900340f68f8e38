"""What a client sees of the garden. Runs in the test's process, or as a program of an old client.

python tour.py RPC_PORT STREAM_PORT stubs|dynamic
"""

from __future__ import annotations

import sys
from typing import Any

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


def raised(work: Any) -> Exception:
    """Return what `work` raises."""
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def values(conn: Any) -> None:
    """Every type, there and back."""
    garden = conn.garden
    sent = (1.5, 0.25, -7, -(2**40), 2**32 - 1, 2**64 - 1, True, "grün", b"\x00\xff")
    assert garden.echo(*sent) == sent
    tree = garden.Tree.plant(2)
    assert tree == garden.Tree.plant(2), "the same thing has the same id"
    assert tree != garden.Tree.plant(3)
    assert (tree.height, tree.g_force()) == (3.0, float("inf"))
    assert garden.Tree.sum(2, -3) == -1
    assert tree.sas_mode == garden.Season.winter
    tree.sas_mode = garden.Season.early_spring
    assert garden.mood == "2:EARLY_SPRING"
    assert (tree.prune(), tree.prune(0.25), tree.prune(gently=False)) == (
        "0.500 True",
        "0.250 True",
        "0.500 False",
    )
    assert tree.neighbour == garden.Tree.plant(3)
    assert tree.neighbour.neighbour is None
    tree.neighbour = None
    assert garden.mood == "2 beside None"
    tree.neighbour = tree
    assert garden.mood == "2 beside 2"
    assert tuple(garden.spot()) == (3, "beans")
    bundle = garden.bundle([tree], {"oak": 1}, {4, 5})
    assert bundle == {"oak": ([tree], {4, 5}), "(1.0, 2.0, 3.0)": ([tree], {4, 5})}
    assert garden.maybe([1.0]) == [1.0]
    assert garden.maybe([]) == []


def errors(conn: Any) -> None:
    """Errors arrive as what they are, and break nothing."""
    garden = conn.garden
    assert "not now" in str(raised(garden.refuse))
    assert isinstance(raised(garden.refuse), RuntimeError)
    frost = raised(garden.freeze)
    assert type(frost).__name__ == "FrostException", frost
    assert "a stone" in str(raised(garden.stumble))
    assert isinstance(raised(lambda: conn.krpc.set_stream_rate(999, 1.0)), ValueError)
    no_tree = type(garden.Tree.plant(1))(conn, 12345)
    assert "12345" in str(raised(lambda: no_tree.height))
    assert garden.ut >= 0.0


def server(conn: Any) -> None:
    """The KRPC service."""
    own = conn.krpc.get_client_id()
    assert conn.krpc.get_client_name() == "tour"
    assert conn.garden.who() == "tour"
    assert own in [next(iter(client)) for client in conn.krpc.clients]
    assert conn.krpc.get_status().rpcs_executed > 3
    conn.krpc.paused = True
    assert conn.krpc.paused
    conn.krpc.paused = False
    scene = conn.krpc.game_scene if hasattr(conn.krpc, "game_scene") else None
    assert (scene or conn.krpc.current_game_scene) == conn.krpc.GameScene.flight
    assert conn.garden.wait(3) >= 3


def streams(conn: Any) -> None:
    """Values that change arrive by themselves."""
    garden = conn.garden
    tree = garden.Tree.plant(1)
    growing = conn.add_stream(getattr, tree, "met")
    still = conn.add_stream(tree.prune, 0.125)
    assert still() == "0.125 True"
    first = growing()
    seen: list[float] = []
    growing.add_callback(seen.append)
    with growing.condition:
        while growing() <= first + 2:
            growing.wait(WAIT_S)
    assert seen
    assert conn.add_stream(getattr, tree, "met")._stream is growing._stream
    growing.rate = 5
    growing.remove()
    with conn.stream(getattr, garden, "mood") as mood:
        garden.mood = "sunny"
        with mood.condition:
            while mood() != "sunny":
                mood.wait(WAIT_S)
    failing = conn.add_stream(garden.refuse)
    assert "not now" in str(raised(failing))
    assert still() == "0.125 True"


def events(conn: Any) -> None:
    """An event fires when its expression holds."""
    make = conn.krpc.Expression
    ut = make.call(conn.get_call(getattr, conn.garden, "ut"))
    soon = make.add(ut, make.constant_double(0.0))
    event = conn.krpc.add_event(make.greater_than(soon, make.constant_double(conn.garden.ut + 2.0)))
    with event.condition:
        event.wait(WAIT_S)
    assert event.stream() or conn.garden.ut > 2.0
    event.remove()
    assert isinstance(raised(lambda: conn.krpc.add_event(soon)), ValueError)


def tour(rpc_port: int, stream_port: int, *, stubs: bool) -> None:
    """See all of it."""
    import krpc

    conn = krpc.connect(
        name="tour", rpc_port=rpc_port, stream_port=stream_port, use_pregenerated_stubs=stubs
    )
    try:
        for part in (values, errors, server, streams, events):
            part(conn)
    finally:
        conn.close()


if __name__ == "__main__":
    tour(int(sys.argv[1]), int(sys.argv[2]), stubs=sys.argv[3] == "stubs")
    import krpc

    print("toured with", krpc.__version__)  # type: ignore[attr-defined]
