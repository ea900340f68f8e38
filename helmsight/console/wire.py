"""How a run and a console find each other: a file of the run's, and what is said between them.

A run that may be attended listens at a port of this machine. Where, and the key without which it
says nothing, stands in a folder that only its owner can read. What is said are messages of JSON; a
JPEG follows one that announces a `frame`. The framing is that of `multiprocessing.connection`;
nothing is ever unpickled.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from helmsight.contract.jsontext import exact_json, parse_json
from helmsight.contract.textfiles import read_text
from helmsight.errors import InvalidSetting

HOME = "HELMSIGHT_DESKS"
"""The environment variable that names another folder for the files of runs under way."""
MOST_ORDER = 64 << 10  # bytes of what a console says
MOST_NEWS = 16 << 20  # and of what a run says
PATIENCE_S = 5.0  # for the other side's proof of the key, and for a reply


@dataclass(frozen=True)
class Address:
    """Where a run can be attended: its folder, the port, the key; `file` says so."""

    folder: str
    port: int
    key: bytes
    file: Path


def home() -> Path:
    """Return the folder of the files of runs under way, which only its owner can read.

    Raises:
        InvalidSetting: it is somebody else's, or others may read it.
    """
    given = os.environ.get(HOME)
    owner = str(os.getuid()) if sys.platform != "win32" else "runs"
    kept = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("LOCALAPPDATA")
    usual = Path(kept) / "helmsight" if kept else Path(tempfile.gettempdir()) / f"helmsight-{owner}"
    folder = Path(given) if given else usual / "desks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32":
        for place in (folder,) if given else (folder, usual):
            found = place.lstat()
            wrong = found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode)
            if wrong or (place == folder and stat.S_IMODE(found.st_mode) & 0o077):
                raise InvalidSetting(
                    f"{place} has to be a folder that only you can read (chmod 700), or name "
                    f"another one in {HOME}"
                )
    return folder


def announce(folder: Path, port: int) -> Address:
    """Write down where the run in `folder` can be attended, and return it."""
    key = secrets.token_hex(32)
    path = home() / f"{os.getpid()}-{secrets.token_hex(8)}.json"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(exact_json({"folder": os.path.realpath(folder), "port": port, "key": key}))
    return Address(os.path.realpath(folder), port, key.encode(), path)


def announced() -> list[Address]:
    """Return the runs that say that they can be attended; some may have been killed since."""
    found = []
    for path in sorted(home().glob("*.json")):
        try:
            said = parse_json(read_text(path, MOST_ORDER, follow=False))
            folder, port, key = str(said["folder"]), int(said["port"]), str(said["key"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half written, or gone again
        found.append(Address(folder, port, key.encode(), path))
    return found


def prove(link: Connection, key: bytes, *, runs: bool) -> bool:
    """Return whether the other side knows `key`, having shown it that this one does.

    runs: this is the run's side. HMAC-SHA256 of the other side's random bytes, so that the key is
    never sent.

    Raises:
        OSError, EOFError: the other side is silent or gone.
    """
    mine, theirs = (b"run", b"console") if runs else (b"console", b"run")
    nonce = secrets.token_bytes(32)
    link.send_bytes(nonce)
    asked = _heard(link)
    link.send_bytes(hmac.digest(key, mine + asked, "sha256"))
    return hmac.compare_digest(_heard(link), hmac.digest(key, theirs + nonce, "sha256"))


def _heard(link: Connection) -> bytes:
    if not link.poll(PATIENCE_S):
        raise EOFError("the other side is silent")
    return link.recv_bytes(32)


def at_once(link: Connection) -> None:
    """Have every message leave when it is said.

    TCP keeps a short one back until the one before it is acknowledged, and that takes 40 ms: the
    answer to a stop would wait for them behind the news of it.
    """
    with _below(link) as below:
        below.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def hang_up(link: Connection) -> None:
    """Have whoever reads from a connection, in any thread, find it ended; they close it."""
    with suppress(OSError), _below(link) as below:
        below.shutdown(socket.SHUT_RDWR)


@contextmanager
def _below(link: Connection) -> Iterator[socket.socket]:
    """Yield the socket of a connection, which stays the connection's."""
    below = socket.socket(fileno=link.fileno())
    try:
        yield below
    finally:
        below.detach()


def say(link: Connection, message: dict[str, Any]) -> None:
    """Send one message."""
    link.send_bytes(exact_json(message, separators=(",", ":")).encode())


def hear(link: Connection, most: int) -> dict[str, Any]:
    """Return the next message, of at most `most` bytes.

    Raises:
        ValueError: it is none. OSError, EOFError: the connection is gone.
    """
    said = parse_json(link.recv_bytes(most))
    if not isinstance(said, dict):
        raise ValueError("no message")
    return said
