"""Where the console listens: at this machine alone, unless somebody says otherwise."""

from __future__ import annotations

import inspect
import socket

import pytest

from helmsight.cli.console import command
from helmsight.console.serving import serve
from helmsight.errors import InvalidSetting


def test_this_machine_alone_is_the_default_everywhere():
    for function in (serve, command):
        parameters = inspect.signature(function).parameters
        assert parameters["host"].default == "127.0.0.1"
        assert parameters["allow_remote"].default is False


def test_it_listens_at_loopback_and_asks_no_token(runs):
    serving = serve(runs, port=0)
    with serving.socket:
        assert serving.socket.getsockname()[0] == "127.0.0.1"
        assert "token" not in serving.address


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_another_address_is_refused_unless_it_is_allowed(host, runs):
    with pytest.raises(InvalidSetting, match="--allow-remote"):
        serve(runs, host, 0)


def test_one_that_is_allowed_asks_for_a_token(runs):
    first, second = (serve(runs, "0.0.0.0", 0, allow_remote=True) for _ in range(2))
    given = serve(runs, "0.0.0.0", 0, allow_remote=True, token="mine")
    with first.socket, second.socket, given.socket:
        tokens = [one.address.partition("?token=")[2] for one in (first, second, given)]
        assert tokens[2] == "mine"
        assert tokens[0] != tokens[1]
        assert min(map(len, tokens[:2])) >= 24


def test_a_port_in_use_is_said_with_what_to_do(runs):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InvalidSetting, match="--port"):
            serve(runs, port=taken.getsockname()[1])
