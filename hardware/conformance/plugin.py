"""Options of the suite, for pytest: declared as an entry point, because pytest reads the conftest
of a package named with --pyargs too late for options.

Loaded by every run of pytest where Helmsight is installed, so it imports nothing of it.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

SUITE = "hardware/conformance/"
OURS = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(
        "helmsight", "Helmsight: pytest --pyargs helmsight.hardware.conformance"
    )
    options: dict[str, dict[str, Any]] = {
        "--robot": {"metavar": "NAME", "help": "robot: a name or the path of a .toml"},
        "--port": {"metavar": "PORT", "help": "serial port of the robot"},
        "--yes": {"action": "store_true", "help": "the robot may MOVE: without it nothing begins"},
        "--tool": {"action": "store_true", "help": "switch the tool, too (a spindle starts!)"},
        "--home": {"action": "store_true", "help": "home it first (it drives to its switches!)"},
        "--conformance-json": {"metavar": "FILE", "help": "write the outcome to FILE"},
        "--lifeline": {"metavar": "FD", "type": int, "help": "end as by Ctrl-C when it closes"},
    }
    for name, wanted in options.items():
        with suppress(ValueError):  # another plugin has that name: both read what it holds
            group.addoption(name, **wanted)


def pytest_configure(config: pytest.Config) -> None:
    """Keep pytest's cache out of /dev: it takes the folder of `--port PATH` for its root."""
    port, cache = config.getoption("--port"), getattr(config, "cache", None)
    if port and cache is not None and config.rootpath == Path(port).absolute().parent:
        cache._cachedir = config.invocation_params.dir / ".pytest_cache"
    if (pipe := config.getoption("--lifeline")) is not None:
        _end_with(pipe)


def pytest_report_header(config: pytest.Config) -> list[str]:
    robot, port = config.getoption("--robot"), config.getoption("--port")
    if not (robot and port):
        return []
    return [f"conformance: {robot} at {port}. THE ROBOT MOVES: small and slow, keep clear of it"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the suite in its own order again, whatever shuffled it: a robot is reopened last."""
    places = [place for place, item in enumerate(items) if SUITE in item.path.as_posix()]
    config.stash[OURS] = {items[place].nodeid for place in places}
    if places:
        ordered = sorted((items[place] for place in places), key=lambda item: _order(item))
        for place, item in zip(places, ordered, strict=True):
            items[place] = item


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    outcome = _outcome(terminalreporter, config.stash.get(OURS, set()))
    if outcome["passed"] + outcome["failed"] == 0:
        return
    for name, value in outcome["measured"].items():
        terminalreporter.write_line(f"measured: {name} {value}")
    if path := config.getoption("--conformance-json"):
        outcome |= {"robot": config.getoption("--robot"), "port": config.getoption("--port")}
        Path(path).write_text(json.dumps(outcome), encoding="utf-8")


def _end_with(pipe: int) -> None:
    """End as Ctrl-C does, the robot held, once nobody holds the other end of `pipe` any more.

    So ends whoever began the suite, by whatever signal, SIGKILL too. Only the first signal counts:
    another one would cut the holding short.
    """
    came: list[int] = []

    def once(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            raise KeyboardInterrupt

    def wait() -> None:
        os.read(pipe, 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, once)
    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _order(item: pytest.Item) -> tuple[str, int]:
    line = item.reportinfo()[1] or 0
    return item.path.name, line


def _outcome(reporter: pytest.TerminalReporter, ours: set[str]) -> dict[str, Any]:
    """Return counts, what failed and was skipped with reasons, and what the tests measured."""
    kinds = {"passed": "passed", "failed": "failed", "error": "failed", "skipped": "skipped"}
    outcome: dict[str, Any] = {"passed": 0, "failed": 0, "skipped": 0}
    outcome |= {"failures": {}, "skips": {}, "measured": {}}
    for kind, bucket in kinds.items():
        for report in reporter.getreports(kind):
            if report.nodeid not in ours:
                continue
            name = report.nodeid.rpartition("::")[2]
            outcome[bucket] += 1
            outcome["measured"] |= dict(report.user_properties)
            if bucket == "failed":
                crash = getattr(report.longrepr, "reprcrash", None)
                outcome["failures"][name] = crash.message if crash else str(report.longrepr)[-300:]
            elif bucket == "skipped":
                outcome["skips"][name] = str(report.longrepr[2]).removeprefix("Skipped: ")
    return outcome
