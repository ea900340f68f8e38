"""Edits that make a file of ours one of theirs. A case of a table is a list of them.

`file` is given `text` (`before`, then `text` so many `times`, `between`, and `then` as often) or
`bytes` in hexadecimals: as a whole, as its `line`, or where it has `replace`. Its keys are `set` or
one is `drop`ped; it is `cut` to so many bytes; or it `becomes` no such file at all.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

LIMITS = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to limits")


def cases(name: str) -> dict[str, list[dict[str, Any]]]:
    """Return the table of cases in the file `name` beside this one."""
    table: dict[str, list[dict[str, Any]]] = json.loads(
        Path(__file__).with_name(name).read_text(encoding="utf-8")
    )
    return table


def change(folder: Path, edit: Mapping[str, Any], victim: Path) -> None:
    """Do one edit of a case to a run folder."""
    path = folder / edit["file"]
    if "becomes" in edit:
        become(path, edit["becomes"], victim)
        return
    if "cut" in edit:
        path.write_bytes(path.read_bytes()[: edit["cut"]])
        return
    times = edit.get("times", 1)
    if "bytes" in edit:
        path.write_bytes(bytes.fromhex(edit["bytes"]) * times)
        return
    text = "".join(
        (edit.get("before", ""), edit.get("text", "") * times, edit.get("between", ""),
         edit.get("then", "") * times)
    )  # fmt: skip
    old = path.read_text(encoding="utf-8")
    lines = old.split("\n")
    if "replace" in edit:
        assert edit["replace"] in old
        new = old.replace(edit["replace"], text, 1)
    elif "twice" in edit:
        new = old + old
    elif "drop" in edit:
        new = json.dumps(
            {key: item for key, item in json.loads(old).items() if key != edit["drop"]}
        )
    elif "line" in edit:
        at = edit["line"]
        lines[at] = json.dumps(json.loads(lines[at]) | edit["set"]) if "set" in edit else text
        new = "\n".join(lines)
    else:
        new = json.dumps(json.loads(old) | edit["set"]) if "set" in edit else text
    path.write_text(new, encoding="utf-8")


def become(path: Path, what: str, victim: Path) -> None:
    """Put something else in the place of a file."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if what == "folder":
        path.mkdir()
    elif what == "empty":
        path.touch()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to(victim / "file")
    elif what == "link to a folder":
        path.symlink_to(victim)
    elif what == "dangling link":
        path.symlink_to(victim / "none")
    elif what == "second name":
        os.link(victim / "file", path)
    elif what == "endless":
        with path.open("wb") as file:
            file.truncate(1 << 40)  # holds nothing on the disk
    elif what == "socket":
        here = Path.cwd()
        os.chdir(path.parent)  # the whole path may be longer than a socket's
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
        os.chdir(here)
    else:
        assert what == "nothing"
