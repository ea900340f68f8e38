"""Values are written and read as both real clients do; what no client would send is refused."""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import codec
import pytest
from garden import Plot, Season, Spot, Tree
from hypothesis import given, settings
from hypothesis import strategies as st

from helmsight.envs.orbital.krpc import objects
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentNullException,
    MalformedMessage,
)
from helmsight.envs.orbital.krpc.objects import ObjectStore
from helmsight.envs.orbital.krpc.types import (
    Dialect,
    Float,
    Long,
    UInt32,
    UInt64,
    WireType,
    wire_type,
)
from helmsight.envs.orbital.krpc.values import Values

number = st.floats(allow_nan=False)
single = st.floats(width=32, allow_nan=False)
text = st.text(max_size=20)
signed = st.integers(-(2**63), 2**63 - 1)
small = st.integers(-(2**31), 2**31 - 1)
pair = st.tuples(text, signed)
SAMPLES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "float": (float, number),
    "Float": (Float, single),
    "int": (int, small),
    "Long": (Long, signed),
    "UInt32": (UInt32, st.integers(0, 2**32 - 1)),
    "UInt64": (UInt64, st.integers(0, 2**64 - 1)),
    "bool": (bool, st.booleans()),
    "str": (str, text),
    "bytes": (bytes, st.binary(max_size=200)),
    "vector": (tuple[float, float, float], st.tuples(number, number, number)),
    "pair": (tuple[str, Long], pair),
    "list": (list[tuple[str, Long]], st.lists(pair, max_size=5)),
    "set": (set[int], st.sets(small, max_size=5)),
    "dict": (dict[str, list[float]], st.dictionaries(text, st.lists(number, max_size=3))),
}
SEEDS = random.Random(7)


def values(dialect: Dialect = Dialect.MODERN) -> Values:
    return Values(dialect, ObjectStore())


@pytest.mark.corpus
@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("dialect", Dialect)
def test_values_are_read_and_written_as_the_client_of_0_7_does(name: str, dialect: Dialect) -> None:
    annotation, strategy = SAMPLES[name]
    kind, here = wire_type(annotation), values(dialect)

    @settings(max_examples=25)
    @given(strategy)
    def check(value: Any) -> None:
        written = here.encoder(kind)(value)
        read, rewritten = codec.echo(name, written)
        assert read == value
        assert here.decoder(kind)(rewritten) == value

    check()


def sampled(name: str) -> list[Any]:
    """Return a dozen values of a sample type, the edges of numbers among them."""
    return [_value(name) for _ in range(12)]


def _value(name: str) -> Any:
    text = SEEDS.choice(["", "a", "Grüße, Kerbin", "x" * 200])
    number = SEEDS.choice([0.0, -0.0, math.inf, -math.inf, 5e-324, SEEDS.gauss(0, 1e12)])
    signed = SEEDS.choice([0, -1, 2**62 - 1, -(2**62), SEEDS.randrange(-(2**40), 2**40)])
    small = SEEDS.choice([0, -1, 2**31 - 1, -(2**31), SEEDS.randrange(-1000, 1000)])
    return {
        "float": number,
        "Float": struct.unpack("<f", SEEDS.randbytes(3) + b"\x41")[0],
        "int": small,
        "Long": signed,
        "UInt32": SEEDS.randrange(2**32),
        "UInt64": SEEDS.randrange(2**63),
        "bool": SEEDS.random() < 0.5,
        "str": text,
        "bytes": text.encode(),
        "vector": (number, 1.0, -2.5),
        "pair": (text, signed),
        "list": [(text, signed)] * SEEDS.randrange(4),
        "set": {small, 3},
        "dict": {text: [number] * SEEDS.randrange(3)},
    }[name]


@pytest.mark.slow
def test_values_are_read_and_written_as_the_client_of_0_5_4_does(
    old_client: Callable[..., str],
) -> None:
    """Up to 63 bits: the old client's own reader cannot do all 64."""
    here = values(Dialect.LEGACY)
    sent = [(name, value) for name in SAMPLES for value in sampled(name)]
    lines = []
    for name, value in sent:
        written = here.encoder(wire_type(SAMPLES[name][0]))(value)
        lines.append(json.dumps([name, written.hex()]))
    printed = old_client(Path(codec.__file__), text="\n".join(lines)).splitlines()
    for (name, value), line in zip(sent, printed, strict=True):
        read = here.decoder(wire_type(SAMPLES[name][0]))(bytes.fromhex(line))
        assert read == value, (name, value)


@pytest.mark.parametrize(
    ("annotation", "data", "why"),
    [
        (float, b"\0" * 7, "8 bytes"),
        (Float, b"\0" * 3, "4 bytes"),
        (int, b"", "varint"),
        (int, b"\x80", "varint"),
        (int, b"\xff\xff\xff\xff\xff\x01", "does not fit into 32 bits"),
        (UInt32, b"\xff\xff\xff\xff\xff\x01", "does not fit into 32 bits"),
        (str, b"\x02\xff\xff", "not UTF-8"),
        (str, b"\x05ab", "expected 5 bytes, found 2"),
        (bytes, b"", "varint"),
        (Season, b"\x08", "4 is no Season"),
        (tuple[float, float, float], b"", "a tuple of 3, found 0"),
        (list[int], b"\x0a\x05\x00", "no List"),
        (dict[str, int], b"\x0a\x02\x0a\x05", "no Dictionary"),
    ],
)
def test_what_no_client_would_send_is_refused(annotation: Any, data: bytes, why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        values().decoder(wire_type(annotation))(data)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(float, 1.5), (int, -3), (bool, True), (str, "Kerbin"), (bytes, b"ab")],
)
def test_a_buffer_that_was_not_cut_to_its_value_is_read_all_the_same(
    annotation: Any, value: Any
) -> None:
    here = values()
    kind = wire_type(annotation)
    assert here.decoder(kind)(here.encoder(kind)(value) + b"\0" * 7) == value


@given(st.sampled_from(sorted(SAMPLES)), st.binary(max_size=60))
def test_any_bytes_are_a_value_or_are_refused(name: str, noise: bytes) -> None:
    kind = wire_type(SAMPLES[name][0])
    try:
        value = values().decoder(kind)(noise)
    except MalformedMessage:
        return
    assert isinstance(values().encoder(kind)(value), bytes)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 2**31),
        (UInt32, -1),
        (Long, 2**63),
        (tuple[float, float, float], (1.0, 2.0)),
        (tuple[float, float], (1.0, 2.0, 3.0)),
        (tuple[str, int], ("a",)),
    ],
)
def test_a_value_that_its_type_cannot_hold_is_never_sent(annotation: Any, value: Any) -> None:
    with pytest.raises(ValueError, match=r"fit|expected|zip|unpack"):
        values().encoder(wire_type(annotation))(value)


def test_null_is_zero_for_old_clients_and_a_presence_byte_inside_collections_for_new_ones() -> None:
    kind, plot = wire_type(list[Tree | None]), Plot()
    for dialect, there, absent in (
        (Dialect.LEGACY, b"\x01", b"\x00"),
        (Dialect.MODERN, b"\x01\x01", b"\x00"),
    ):
        here = values(dialect)
        data = here.encoder(kind)([Tree(1, plot), None])
        assert data == b"\x0a" + bytes([len(there)]) + there + b"\x0a\x01" + absent
        assert here.decoder(kind)(data) == [Tree(1, plot), None]


def test_a_position_for_null_without_its_presence_byte_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="presence"):
        values().decoder(wire_type(list[Tree | None]))(b"\x0a\x00")


def test_a_structure_is_written_as_a_tuple_and_read_as_itself() -> None:
    here = values()
    data = here.encoder(wire_type(Spot))(Spot(3, "beans"))
    assert data == here.encoder(wire_type(tuple[int, str]))((3, "beans"))
    assert here.decoder(wire_type(Spot))(data) == Spot(3, "beans")


def test_floats_beyond_single_precision_become_infinite() -> None:
    here = values()
    assert here.encoder(wire_type(Float))(-1e300) == struct.pack("<f", -math.inf)


class TestObjects:
    def test_the_same_thing_has_the_same_id_and_ids_begin_at_1(self) -> None:
        store, plot = ObjectStore(), Plot()
        assert [store.id_of(Tree(n, plot), Tree) for n in (5, 6, 5)] == [1, 2, 1]
        assert store.thing(2, Tree) == Tree(6, plot)

    def test_ids_of_nothing_and_of_other_classes_are_refused(self) -> None:
        store = ObjectStore()
        store.id_of(Tree(1, Plot()), Tree)
        with pytest.raises(ArgumentNullException, match="expected a Tree, got null"):
            store.thing(0, Tree)
        with pytest.raises(ArgumentException, match="no Tree has the id 2"):
            store.thing(2, Tree)
        with pytest.raises(ArgumentException, match="object 1 is a Tree, not a Spot"):
            store.thing(1, Spot)

    def test_what_is_of_another_class_gets_no_id(self) -> None:
        with pytest.raises(TypeError, match="expected a Tree"):
            ObjectStore().id_of("a stone", Tree)

    def test_their_number_is_bounded(self) -> None:
        store, plot = ObjectStore(limit=2), Plot()
        for n in (1, 2, 1):
            store.id_of(Tree(n, plot), Tree)
        with pytest.raises(Exception, match="keeps 2 objects of Tree"):
            store.id_of(Tree(3, plot), Tree)


def test_a_kind_says_what_it_is() -> None:
    assert str(wire_type(list[tuple[float, Tree | None]])) == "list(tuple(double, Tree or null))"
    assert isinstance(wire_type(Season), WireType)


class Own:
    """What clients put together themselves."""

    krpc_owned = True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 1


def test_what_a_client_owns_is_its_own_and_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "OWN_LIMIT", 1)
    store = ObjectStore()
    store.holder = b"a"
    first = store.id_of(Own(), Own)
    assert store.id_of(Own(), Own) == first
    store.holder = b"b"
    other = store.id_of(Own(), Own)
    assert other != first
    store.release(b"a")
    with pytest.raises(ArgumentException, match=f"no Own has the id {first}"):
        store.thing(first, Own)
    assert store.thing(other, Own) == Own()
