"""When, where and with which code something was made: for records, which outlive all three."""

from __future__ import annotations

import os
import platform
import time
from functools import cache
from pathlib import Path

from helmsight.contract.textfiles import read_text


def made() -> dict[str, str]:
    """Return date, machine and, in a checkout, commit: no names of hosts, people or folders."""
    said = {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": _machine()}
    return said | ({"commit": head} if (head := commit()) else {})


@cache
def _machine() -> str:
    return f"{cpu()}, {cores()} cores, {platform.system()} {platform.release()}"


def cores() -> int:
    """Return the cores this process may use, where the system tells, else those there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu() -> str:
    """Return the processor's name."""
    try:
        text = read_text(Path("/proc/cpuinfo"))
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


@cache
def commit() -> str:
    """Return the commit that is checked out where this code lies, "" where that is no checkout.

    Files may differ from it: that is not looked at, which takes a while.
    """
    try:
        return _head(Path(__file__).resolve().parents[1] / ".git")
    except (OSError, ValueError):
        return ""


def _head(store: Path) -> str:
    if store.is_file():  # of a second worktree, or a submodule
        store = (store.parent / read_text(store).removeprefix("gitdir:").strip()).resolve()
    head = read_text(store / "HEAD").strip()
    if not head.startswith("ref:"):
        return head
    name = head.removeprefix("ref:").strip()
    shared = store / "commondir"
    home = (store / read_text(shared).strip()).resolve() if shared.is_file() else store
    if (home / name).is_file():
        return read_text(home / name).strip()
    packed = read_text(home / "packed-refs").splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
