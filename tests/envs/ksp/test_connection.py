"""Connections: addresses, versions, and ports where no game answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import krpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.contract.errors import InvalidOption
from helmsight.envs.ksp.connection import GameConnection, ServerAddress
from helmsight.envs.ksp.errors import ClientUnfit, NobodyListens

if TYPE_CHECKING:
    from tests.envs.ksp.conftest import OpenPorts


@pytest.mark.parametrize(
    ("text", "ports"), [("box:50000", (50000, 50001)), ("box:50000:6000", (50000, 6000))]
)
def test_the_stream_port_is_the_next_one_unless_it_is_given(
    text: str, ports: tuple[int, int]
) -> None:
    address = ServerAddress.parse(text)
    assert (address.host, address.rpc_port, address.stream_port) == ("box", *ports)
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "box", "box:", ":50000", "box:x", "box:0", "box:65535", "box:1:2:3", "box:70000"]
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidOption, match=r"127\.0\.0\.1:50000"):
        ServerAddress.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = ServerAddress.parse(text)
    except InvalidOption:
        return
    assert ServerAddress.parse(str(address)) == address


def test_where_nobody_listens_it_says_what_to_start(closed_port: int) -> None:
    with pytest.raises(NobodyListens, match=f"127.0.0.1:{closed_port}.*helmsight serve-krpc"):
        GameConnection(ServerAddress("127.0.0.1", closed_port, closed_port))


def test_a_port_that_never_greets_is_given_up_on(answering: OpenPorts) -> None:
    with pytest.raises(NobodyListens, match="ask whether to let the client in"):
        GameConnection(ServerAddress.parse(answering(b"")), welcome=0.3)


def test_another_protocol_is_no_krpc_server(answering: OpenPorts) -> None:
    with pytest.raises(NobodyListens, match="another program's port"):
        GameConnection(ServerAddress.parse(answering(b"\x05hello")), welcome=0.5)


def test_an_old_server_refuses_a_new_client_with_what_to_install(
    answering: OpenPorts, legacy_welcome: bytes
) -> None:
    with pytest.raises(ClientUnfit, match=r"pip install krpc==0\.5\.4"):
        GameConnection(ServerAddress.parse(answering(legacy_welcome)))


def test_the_client_0_6_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setattr(krpc, "__version__", "0.6.1")
    with pytest.raises(ClientUnfit, match=r"AutoPilot\.engage.*krpc==0\.5\.4"):
        GameConnection(ServerAddress("127.0.0.1", closed_port, closed_port))
