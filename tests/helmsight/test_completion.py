"""What the shell offers at Tab, asked the way that a shell asks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from helmsight.cli import completion


def offers(line: str) -> list[str]:
    """Return what bash is offered for the last word of `line`."""
    words = line.split(" ")
    asked = {
        "_HELMSIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from helmsight.cli import main; main()"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("helmsight fly PE1-E3-I", ["PE1-E3-I1", "PE1-E3-I2", "PE1-E3-I3", "PE1-E3-I4"]),
        ("helmsight fly --pilot na", ["naive", "navball"]),
        ("helmsight latency --pilot naive,na", ["naive,naive", "naive,navball"]),
        ("helmsight fly --time r", ["runner", "runner:0.5", "realtime"]),
        ("helmsight jog --robot so", ["so100", "so101"]),
    ],
)
def test_the_shell_is_offered_names(line: str, names: list[str]) -> None:
    assert offers(line) == names


@pytest.mark.parametrize("kind", ["scenarios", "pilots", "robots", "times"])
def test_every_kind_has_names_with_a_line_about_each(kind: str) -> None:
    offered = getattr(completion, kind)("")
    assert len(offered) >= 5
    assert all(name and about for name, about in offered)


def test_nothing_is_offered_when_something_is_broken() -> None:
    def broken() -> dict[str, str]:
        raise RuntimeError("a broken plug-in")

    assert completion.offered(broken)("any") == []
