"""Nothing moves, lets go or is set up without a person's word, whatever the command."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import pytest
from typer.main import get_command

from helmsight.cli import application
from helmsight.consent import agreed
from helmsight.errors import InvalidSetting
from helmsight.hardware.emulators import emulate
from helmsight.hardware.emulators.serve import Emulation

pytestmark = pytest.mark.serial

TIOCPKT_FLUSHREAD = 1  # of tty_ioctl(4); not in termios before Python 3.13
ROBOT = {"robot", "port"}  # parameters that name a real one
# What a command that can move is given besides --robot and --port, and a robot that it fits.
MOVING = {
    "calibrate": ("so101", ()),
    "conformance": ("helm_arm", ()),
    "doctor": ("so101", ("--move",)),
    "home": ("gantry", ()),
    "inspect": ("so101", ()),
    "jog": ("so101", ()),
    "operate": ("helm_arm", ("--camera", "none", "--pilot", "poses:home", "--steps", "1")),
}
AS_IT_STANDS = ("helm_arm", ())  # for a command that is new: it has to ask as well
READING = {  # commands that open a port and never move anything, with what they are given
    "devices": (),
    "doctor": ("--robot", "so101"),
}
OTHERS = {
    "emulate",
    "console",
}  # open no port of a robot: it is the robot, and a port of the network
KEYS_ARE_CONSENT = {"jog"}  # at a terminal, where a person presses each of them
MOVES = {"move", "release", "reset", "home", "tool", "setting"}


def commands_with_a_port() -> list[str]:
    """Return every command of the application that names a robot or its port."""
    found = []

    def walk(command: Any, name: str) -> None:
        for part, below in getattr(command, "commands", {}).items():
            walk(below, f"{name} {part}".strip())
        named = {one.name for one in command.params}
        named |= {option.lstrip("-") for one in command.params for option in one.opts}
        if named & ROBOT:
            found.append(name)

    walk(get_command(application()), "")
    return found


ASKING = [
    name for name in commands_with_a_port() if name in MOVING or name not in {*READING, *OTHERS}
]


@contextmanager
def pipe(text: bytes) -> Iterator[TextIO]:
    source, sink = os.pipe()
    os.write(sink, text)
    os.close(sink)
    with open(source, encoding="utf-8") as stream:
        yield stream


@contextmanager
def terminal(text: bytes, before: bytes = b"") -> Iterator[TextIO]:
    """A real terminal at which `text` is typed; \\x04 alone is its end of file.

    A person types it once they are asked, which begins with forgetting what was typed before: the
    terminal tells its other end of that.
    """
    import fcntl
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(master, termios.TIOCPKT, struct.pack("i", 1))
    os.write(master, before)

    def answers() -> None:
        with suppress(OSError):  # nobody asked
            while not os.read(master, 1024)[0] & TIOCPKT_FLUSHREAD:
                pass
            os.write(master, text)

    person = threading.Thread(target=answers, daemon=True)
    person.start()
    with open(slave, encoding="utf-8") as stream:
        yield stream
    person.join()
    os.close(master)


@contextmanager
def closed() -> Iterator[TextIO]:
    stream = io.StringIO()
    stream.close()
    yield stream


@contextmanager
def null() -> Iterator[TextIO]:
    with open(os.devnull, encoding="utf-8") as stream:
        yield stream


NOBODY: dict[str, Callable[[], Any]] = {
    "a pipe that says n": lambda: pipe(b"n\n"),
    "a pipe that says y": lambda: pipe(b"y\ny\ny\n"),
    "/dev/null": null,
    "no standard input": lambda: ExitStack(),
    "a closed one": closed,
}
REFUSING: dict[str, Callable[[], Any]] = {
    "n": lambda: terminal(b"n\n"),
    "just Enter": lambda: terminal(b"\n"),
    "the end of a terminal": lambda: terminal(b"\x04"),
}


def given(name: str, emulation: Emulation) -> list[str]:
    robot, more = MOVING.get(name, AS_IT_STANDS)
    return [*name.split(), "--robot", robot, "--port", emulation.port, *more]


def robot_of(name: str) -> str:
    return MOVING.get(name, AS_IT_STANDS)[0]


def test_the_commands_that_move_are_found() -> None:
    assert set(MOVING) <= set(commands_with_a_port())
    assert {*READING, *OTHERS} <= set(commands_with_a_port())


@pytest.mark.parametrize("situation", NOBODY)
@pytest.mark.parametrize("name", ASKING)
def test_without_a_terminal_and_without_yes_nothing_is_opened(
    run: Any, monkeypatch: pytest.MonkeyPatch, name: str, situation: str
) -> None:
    with emulate(robot_of(name)) as emulation, NOBODY[situation]() as stream:
        monkeypatch.setattr(sys, "stdin", None if isinstance(stream, ExitStack) else stream)
        result = run(*given(name, emulation))
        assert (result.status, result.out) == (2, "")
        assert "nothing was moved" in result.err
        assert "--yes" in result.err
        assert emulation.to_device.size == 0
        assert emulation.device.journal == []


@pytest.mark.parametrize("answer", REFUSING)
@pytest.mark.parametrize("name", [name for name in ASKING if name not in KEYS_ARE_CONSENT])
def test_a_person_at_a_terminal_who_does_not_say_yes_is_obeyed(
    run: Any, monkeypatch: pytest.MonkeyPatch, name: str, answer: str
) -> None:
    with emulate(robot_of(name)) as emulation, REFUSING[answer]() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        result = run(*given(name, emulation))
        assert result.status == 2
        assert "Go on? [y/N]" in result.err
        assert "nothing was moved" in result.err
        assert emulation.to_device.size == 0


@pytest.mark.parametrize("name", sorted(KEYS_ARE_CONSENT & set(ASKING)))
def test_where_keys_are_consent_a_key_that_means_nothing_moves_nothing(
    run: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with emulate(robot_of(name)) as emulation, terminal(b"") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        result = typed(run, stream, name, emulation)
        assert result.status == 0, result.err
        moved = [entry for entry in emulation.device.journal if entry.kind in MOVES - {"release"}]
        assert moved == []


def typed(run: Any, stream: TextIO, name: str, emulation: Emulation) -> Any:
    """Run a command at whose terminal n, Enter and then the end are typed."""
    import helmsight.keyboard

    keys = iter([["n"], ["\n"], ["end"]])
    with pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def pressed() -> Iterator[Callable[[float], list[str]]]:
            yield lambda within_s: next(keys)

        patch.setattr(helmsight.keyboard, "keys", pressed)
        return run(*given(name, emulation))


@pytest.mark.parametrize("name", READING)
def test_what_only_reads_moves_nothing_and_lets_go_of_nothing(
    run: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with emulate("so101") as emulation, NOBODY["/dev/null"]() as stream:
        for servo in emulation.device.servos:  # type: ignore[attr-defined]
            servo["torque_enable"] = 1  # it holds the arm up
        monkeypatch.setattr(sys, "stdin", stream)
        result = run(name, "--port", emulation.port, *READING[name])
        assert result.status == 0, result.out
        assert MOVES.isdisjoint(entry.kind for entry in emulation.device.journal)
        assert all(servo.energised for servo in emulation.device.servos)  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKING)
def test_a_process_without_any_terminal_refuses(name: str, tmp_path: Path) -> None:
    """In a session of its own, its standard input closed: as a service starts it."""
    command = [sys.executable, "-c", "from helmsight.cli import main; main()"]
    with emulate(robot_of(name)) as emulation:
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *command, *given(name, emulation)],
            cwd=tmp_path, start_new_session=True, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert "nothing was moved" in done.stderr
        assert emulation.to_device.size == 0


@pytest.mark.slow
def test_the_suite_under_pytest_wants_yes_too(tmp_path: Path) -> None:
    with emulate("helm_arm") as board:
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "--pyargs", "helmsight.hardware.conformance",
                "-p", "helmsight-conformance", "--robot", "helm_arm", "--port", board.port,
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
        assert done.returncode == 4
        assert "nothing was begun without --yes" in done.stdout + done.stderr
        assert board.to_device.size == 0


@pytest.mark.parametrize("answer", [b"y\n", b"Yes\n"])
def test_yes_at_a_terminal_is_consent(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with terminal(answer) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        agreed(False, "x will move")
    with terminal(b"yessir\n") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(InvalidSetting, match="nothing was moved"):
            agreed(False, "x will move")


def test_what_was_typed_before_the_question_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(b"n\n", before=b"y\n") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        with pytest.raises(InvalidSetting, match="nothing was moved"):
            agreed(False, "x will move")
