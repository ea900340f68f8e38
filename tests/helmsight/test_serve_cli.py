"""The twin behind kRPC from the command line: unmodified clients come and go, a signal ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import krpc
import pytest
from fair_time import python_path

pytestmark = pytest.mark.slow  # each is a server of its own

WAIT_S = 600.0  # a deadline against hanging, no claim about speed
SERVE = [sys.executable, "-c", "from helmsight.cli import main; main()", "serve-krpc"]
OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
FREE = ["--rpc-port", "0", "--stream-port", "0"]


@contextmanager
def served(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Serve at free ports until the block ends."""
    process = subprocess.Popen(
        [*SERVE, *FREE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    text = process.stdout.readline()
    assert text, process.communicate()[1]
    return text


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_a_summary(ending: signal.Signals) -> None:
    with served("pe1_i3_init", "--rate", "4", "--json") as process:
        where = json.loads(line(process))
        conn = krpc.connect(rpc_port=where["rpc_port"], stream_port=where["stream_port"])
        assert conn.krpc.get_status().version == where["version"] == "0.5.4"
        assert [one.name for one in conn.space_center.vessels] == ["Evader", "Pursuer"]
        conn.close()
        process.send_signal(ending)
        out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, err) == (0, "")
    told: dict[str, Any] = json.loads(out)
    assert told["clients"] == 1
    assert told["rpcs"] >= 5
    assert told["world_time"] > 0.0
    assert told["missed_ticks"] >= 0
    assert where["scenario"] == "pe1_i3_init"
    assert where["rate"] == 4.0


def test_it_says_where_it_listens_and_how_to_get_there() -> None:
    with served("PE1-E3-I3", "--version", "0.7.0") as process:
        heading, first, second = (line(process) for _ in range(3))
        assert heading.startswith("PE1-E3-I3 as kRPC 0.7.0 at 127.0.0.1, RPC port ")
        here: dict[str, Any] = {}
        exec(f"{first.strip()}\n{second.strip()}", here)
        assert here["conn"].krpc.get_status().version == "0.7.0"
        here["conn"].close()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=WAIT_S)
    assert "missed_ticks" in out


def test_a_port_in_use_is_one_line_that_names_the_option(run: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve-krpc", "--rpc-port", port, "--stream-port", 0)
    assert done.status == 2
    assert f"--rpc-port {port} at 127.0.0.1 is in use" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["PE1-E9-I9"], "unknown scenario 'PE1-E9-I9'"),
        (["--rate", "0"], "rate=0"),
        (["--version", "0.6.0"], "expected one of 0.5.4, 0.7.0"),
        (["--host", "0.0.0.0"], "give --allow-remote"),
        (["--host", "nowhere.invalid"], "no IPv4 address"),
        (["--rpc-port", "70000"], "65535"),
    ],
)
def test_what_cannot_be_served_is_one_line_and_status_2(
    run: Any, options: list[str], words: str
) -> None:
    done = run("serve-krpc", *FREE, *options)
    assert done.status == 2
    assert words in done.err
    assert done.err.count("\n") == 1


def test_a_krpc_package_that_is_too_old_is_refused_with_the_reason() -> None:
    if not OLD_CLIENT.is_dir():
        pytest.skip(f"krpc 0.5.4 is not in {OLD_CLIENT} (make install puts it there)")
    done = subprocess.run(
        [*SERVE, *FREE],
        env={**os.environ, "PYTHONPATH": python_path(OLD_CLIENT)},
        capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "krpc 0.5.4 has no protocol_version" in done.stderr
    assert "krpc>=0.7" in done.stderr
