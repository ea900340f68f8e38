"""Expressions put together call by call. Runs with either client, as a program.

python formulas.py RPC_PORT STREAM_PORT stubs|dynamic
"""

from __future__ import annotations

import sys
import time
from typing import Any

from krpc.error import StreamError

WAIT_S = 600.0  # a deadline against hanging, no claim about speed


class Maker:
    """What makes expressions, and tells whether a client's event holds for one."""

    def __init__(self, conn: Any) -> None:
        self.conn = conn
        self.make = conn.krpc.Expression
        self.types = conn.krpc.Type
        # Version 0.7 calls it Lambda.
        self.function = getattr(self.make, "lambda_", None) or self.make.function

    def ints(self, *values: int) -> Any:
        return self.make.create_list([self.make.constant_int(value) for value in values])

    def holds(self, expression: Any) -> bool:
        """Return whether a boolean expression fires an event."""
        event = self.conn.krpc.add_event(expression)
        if hasattr(event, "start"):  # before 0.7, where an event may block its client for good
            event.start()
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                fired = bool(event.stream())
            except StreamError:
                fired = False
            if fired or time.monotonic() > deadline:
                event.remove()
                return fired
            time.sleep(0.005)

    def equals(self, expression: Any, value: int | float) -> bool:
        constant = self.make.constant_int if isinstance(value, int) else self.make.constant_double
        return self.holds(self.make.equal(expression, constant(value)))


def raised(work: Any) -> str:
    """Return what `work` raises, as text."""
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


def functions(maker: Maker) -> None:
    """Functions of one and two parameters, applied to collections."""
    make, types = maker.make, maker.types
    x, y = make.parameter("x", types.int()), make.parameter("y", types.int())
    square = maker.function([x], make.multiply(x, x))
    plus = maker.function([x, y], make.add(x, y))
    even = maker.function(
        [x], make.equal(make.modulo(x, make.constant_int(2)), make.constant_int(0))
    )
    four = maker.ints(3, 1, 4, 2)
    assert maker.equals(make.invoke(square, {"x": make.constant_int(7)}), 49)
    assert maker.equals(make.sum(make.select(four, square)), 30)
    assert maker.equals(make.count(make.to_list(make.where(four, even))), 2)
    assert maker.equals(make.aggregate(four, plus), 10)
    assert maker.equals(make.aggregate_with_seed(four, make.constant_int(5), plus), 15)
    assert maker.equals(
        make.get(make.to_list(make.order_by(four, square)), make.constant_int(3)), 4
    )
    assert maker.holds(make.any(four, even))
    assert maker.holds(make.not_(make.all(four, even)))
    # A parameter that is bound inside keeps its value outside.
    outer = maker.function([x], make.add(make.invoke(square, {"x": make.constant_int(2)}), x))
    assert maker.equals(make.invoke(outer, {"x": make.constant_int(10)}), 14)


def collections(maker: Maker) -> None:
    """Collections made and asked about."""
    make = maker.make
    four, two = maker.ints(3, 1, 4, 2), maker.ints(1, 9)
    one = make.constant_int(1)
    for name, value in (("sum", 10), ("max", 4), ("min", 1), ("count", 4), ("average", 2.5)):
        assert maker.equals(getattr(make, name)(four), value), name
    assert maker.equals(make.count(make.to_set(make.concat(four, two))), 5)
    assert maker.holds(make.contains(four, one))
    assert maker.holds(make.contains(make.create_set({one, make.constant_int(2)}), one))
    pair = make.create_tuple([one, make.constant_string("a")])
    assert maker.holds(make.equal(make.get(pair, one), make.constant_string("a")))
    table = make.create_dictionary([make.constant_string("k")], [make.constant_double(2.5)])
    assert maker.equals(make.get(table, make.constant_string("k")), 2.5)
    assert maker.equals(make.left_shift(one, make.constant_int(4)), 16)
    assert maker.equals(make.right_shift(make.constant_int(-16), make.constant_int(2)), -4)
    assert maker.equals(make.left_shift(one, make.constant_int(31)), -(2**31))


def mistakes(maker: Maker) -> None:
    """What does not fit is refused when it is put together, or when it is evaluated."""
    make, types = maker.make, maker.types
    x, word = make.parameter("x", types.int()), make.constant_string("a")
    square = maker.function([x], make.multiply(x, x))
    one, four = make.constant_int(1), maker.ints(3, 1, 4, 2)
    for work in (
        lambda: make.select(four, one),
        lambda: make.select(make.create_list([word]), square),
        lambda: make.where(four, square),
        lambda: make.aggregate(four, square),
        lambda: make.invoke(square, {"y": one}),
        lambda: make.invoke(square, {"x": word}),
        lambda: make.create_list([one, word]),
        lambda: make.create_list([]),
        lambda: make.sum(make.create_list([word])),
        lambda: make.sum(one),
        lambda: make.concat(four, make.create_list([word])),
        lambda: make.create_set({four}),
        lambda: make.left_shift(word, one),
        lambda: make.contains(four, word),
        lambda: maker.function([one], one),
        lambda: make.create_dictionary([word], []),
    ):
        text = raised(work)
        assert text.startswith("ValueError"), text
    empty = make.where(four, maker.function([x], make.constant_bool(False)))
    assert "empty" in raised(lambda: maker.holds(make.equal(make.max(empty), one)))


def limits(maker: Maker) -> None:
    """An expression that takes too long ends with an error, and the server goes on."""
    make, types = maker.make, maker.types
    x = make.parameter("x", types.int())
    ten = maker.ints(*range(10))
    work = make.sum(make.select(ten, maker.function([x], x)))
    for _ in range(6):
        z = make.parameter("z", types.int())
        work = make.sum(make.select(ten, maker.function([z], work)))
    assert "steps" in raised(lambda: maker.equals(work, 0))
    assert maker.conn.krpc.get_client_name() == "formulas"


def reckon(rpc_port: int, stream_port: int, *, stubs: bool) -> str:
    """Reckon all of it and return the client's version."""
    import krpc

    ports: dict[str, Any] = {"rpc_port": rpc_port, "stream_port": stream_port}
    conn = krpc.connect(name="formulas", **ports, use_pregenerated_stubs=stubs)
    try:
        maker = Maker(conn)
        for part in (functions, collections, mistakes, limits):
            part(maker)
    finally:
        conn.close()
    return str(krpc.__version__)  # type: ignore[attr-defined]


if __name__ == "__main__":
    stubs = sys.argv[3] == "stubs"
    print("reckoned with", reckon(int(sys.argv[1]), int(sys.argv[2]), stubs=stubs))
