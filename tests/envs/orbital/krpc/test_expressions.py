"""Expressions: functions, collections, statements and texts, with both clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import formulas
import krpc
import pytest

from helmsight.envs.orbital.krpc.serving import Running


@pytest.fixture(scope="module", params=["stubs", "dynamic"])
def client(served: Running, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The client of kRPC 0.7.0, with its stubs and without: one for all that is reckoned here."""
    conn = krpc.connect(
        rpc_port=served.rpc_port, stream_port=served.stream_port,
        use_pregenerated_stubs=request.param == "stubs",
    )  # fmt: skip
    yield conn
    conn.close()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["0.5.4", "0.7.0"])
@pytest.mark.parametrize("stubs", [True, False], ids=["stubs", "dynamic"])
def test_the_client_of_0_7_reckons_all_of_it(make_server: Any, version: str, stubs: bool) -> None:
    with make_server(version) as served:
        version_here = formulas.reckon(served.rpc_port, served.stream_port, stubs=stubs)
    assert version_here == "0.7.0"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_the_client_of_0_5_4_reckons_all_of_it(
    make_server: Any, old_client: Callable[..., str], way: str
) -> None:
    with make_server("0.5.4") as served:
        program = Path(formulas.__file__)
        printed = old_client(program, served.rpc_port, served.stream_port, way)
    assert printed == "reckoned with 0.5.4\n"


def test_functions_of_python_run_on_the_server(client: Any) -> None:
    """The client of 0.7 compiles them into statements."""
    plant, garden = client.garden.Tree.plant, client.garden

    def odd(most: int) -> int:
        total = 0
        for number in range(most):
            if number % 2 == 0:
                continue
            if number > 7:
                break
            total += number
        return total

    def doubled() -> float:
        value = 1.0
        while value < 100.0:
            value *= 2.0
        return value

    def mended() -> str:
        try:
            garden.refuse()
            return "done"
        except RuntimeError:
            return "refused"

    trees = [plant(1), plant(2)]
    assert client.run(odd, 20) == 1 + 3 + 5 + 7
    assert client.run(doubled) == 128.0
    assert client.run(mended) == "refused"
    assert client.run(lambda: [tree.height for tree in trees if tree.height > 2.0]) == [3.0]
    assert client.run(lambda: max(tree.height for tree in trees)) == 3.0
    assert client.run(lambda: sum(tree.height for tree in trees)) == 4.5
    assert client.run(lambda: garden.who().upper()[0:4]) == garden.who().upper()[0:4]
    assert client.run(lambda: {"a": 1, "b": 2}["b"]) == 2


def test_statements_change_variables_and_collections(client: Any) -> None:
    make, types = client.krpc.Expression, client.krpc.Type
    one, two = make.constant_int(1), make.constant_int(2)
    items = make.variable("items", types.list_type(types.int()))
    body = make.block_with_variables(
        [items],
        [
            make.assign(items, make.create_list([one, two])),
            make.append(items, make.constant_int(3)),
            make.set(items, make.constant_int(0), make.constant_int(9)),
            make.remove_at(items, one),
            make.remove(items, make.constant_int(77)),
            make.return_(items),
        ],
    )
    function = make.lambda_([], body)
    assert client.run(function) == [9, 3]
    assert client.run(function) == [9, 3]  # nothing is left of the first evaluation
    count = make.state_variable("count", make.constant_int(10))
    counting = make.lambda_([], make.block([make.assign(count, make.add(count, one))]))
    assert [client.run(counting) for _ in range(3)] == [11, 12, 13]


def test_exceptions_are_thrown_caught_and_followed(client: Any) -> None:
    make, types = client.krpc.Expression, client.krpc.Type
    message = make.variable("message", types.string())
    frost = make.throw("Garden", "FrostException", make.constant_string("minus two"))
    caught = make.try_catch(frost, "Garden", "FrostException", message, make.return_(message))
    function = make.lambda_([], make.block_with_variables([message], [caught, frost]))
    assert client.run(function) == "minus two"
    with pytest.raises(Exception, match="minus two") as raised:
        client.run(make.lambda_([], frost))
    assert type(raised.value).__name__ == "FrostException"
    with pytest.raises(ValueError, match=r"no service declares the exception Garden\.Hail"):
        make.throw("Garden", "Hail", make.constant_string(""))
    endless = make.while_(make.constant_bool(True), make.block([make.constant_int(1)]))
    careful = make.try_catch_all(endless, None, make.return_(make.constant_int(1)))
    with pytest.raises(RuntimeError, match="more than 20000 steps"):
        client.run(make.lambda_([], careful))


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("string_to_upper", ["beans"], "BEANS"),
        ("string_substring", ["beans", 1, 3], "ean"),
        ("string_get", ["beans", 4], "s"),
        ("string_index_of", ["beans", "an"], 2),
        ("string_index_of", ["beans", "x"], -1),
        ("string_length", ["grün"], 4),
        ("string_split", ["a,b", ","], ["a", "b"]),
        ("string_replace", ["a-b", "-", "+"], "a+b"),
        ("string_trim", ["  a "], "a"),
        ("string_starts_with", ["beans", "be"], True),
    ],
)
def test_texts_are_worked_on(client: Any, name: str, arguments: list[Any], wanted: Any) -> None:
    make = client.krpc.Expression
    given = [
        (make.constant_int if isinstance(value, int) else make.constant_string)(value)
        for value in arguments
    ]
    assert client.run(make.lambda_([], getattr(make, name)(*given))) == wanted


def test_structures_enumerations_and_null(client: Any) -> None:
    make, types = client.krpc.Expression, client.krpc.Type
    spot_type = types.struct_type("Garden", "Spot")
    spot = make.create_struct(spot_type, [make.constant_int(4), make.constant_string("peas")])
    assert tuple(client.run(make.lambda_([], spot))) == (4, "peas")
    assert client.run(make.lambda_([], make.get_field(spot, "Label"))) == "peas"
    with pytest.raises(ValueError, match="no field"):
        make.get_field(spot, "Depth")
    season = make.constant_enum("Garden", "Season", -3)
    assert client.run(make.lambda_([], season)) == client.garden.Season.winter
    tree = types.class_type("Garden", "Tree")
    assert client.run(make.lambda_([], make.constant_null(tree))) is None
    for wrong in (
        lambda: make.constant_enum("Garden", "Season", 7),
        lambda: make.constant_null(types.int()),
        lambda: types.class_type("Garden", "Season"),
        lambda: make.create_struct(spot_type, [make.constant_int(4)]),
    ):
        with pytest.raises(ValueError, match=r"Season|null|structure"):
            wrong()


def test_groups_pairs_and_extremes(client: Any) -> None:
    make, types = client.krpc.Expression, client.krpc.Type
    x, y = make.parameter("x", types.int()), make.parameter("y", types.int())
    items = make.create_list([make.constant_int(value) for value in (5, 2, 4, 5)])
    parity = make.lambda_([x], make.modulo(x, make.constant_int(2)))
    minus = make.lambda_([x], make.negate(x))
    pair = make.lambda_([x, y], make.create_tuple([x, y]))
    for expression, wanted in (
        (make.group_by(items, parity), {1: [5, 5], 0: [2, 4]}),
        (make.build_dictionary(items, parity, minus), {1: -5, 0: -4}),
        (make.max_by(items, minus), 2),
        (make.min_by(items, minus), 5),
        (make.distinct(items), [5, 2, 4]),
        (make.reverse(items), [5, 4, 2, 5]),
        (make.take(items, make.constant_int(2)), [5, 2]),
        (make.skip(items, make.constant_int(3)), [5]),
        (make.first(items), 5),
        (make.element_at(items, make.constant_int(2)), 4),
        (make.zip(items, make.take(items, make.constant_int(1)), pair), [(5, 5)]),
        (make.union(items, items), [5, 2, 4]),
        (
            make.select_many(items, make.lambda_([x], make.create_list([x, x]))),
            [5, 5, 2, 2, 4, 4, 5, 5],
        ),
    ):
        assert client.run(make.lambda_([], expression)) == wanted
