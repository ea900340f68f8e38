"""What the documents show is true: their code runs, their commands exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer

from helmsight.cli import application
from helmsight.hardware.drivers import make_robot
from helmsight.hardware.spec import parse_spec

ROOT = Path(__file__).parents[1]
README, ROBOTS = ((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/robots.md"))
DOCUMENTS = [README, *(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))]
CHEAP = {"naive", "navball", "rendezvous"}


def blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(program: str, document: str = README) -> list[list[str]]:
    """Return the arguments of every call of `program` in a document's console blocks."""
    text = "\n".join(blocks("console", document)).replace("\\\n", " ")
    calls = []
    for line in text.splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words and Path(words[0]).name == program:
            calls.append(list(takewhile(lambda word: word != "&", words[1:])))
    return calls


@cache
def command_line() -> Any:
    return typer.main.get_command(application())


def parse(arguments: list[str]) -> dict[str, Any]:
    """Parse `arguments` as the command line does, without running the command."""
    command = command_line()
    while arguments and arguments[0] in getattr(command, "commands", {}):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    parameters: dict[str, Any] = command.make_context("helmsight", list(arguments)).params
    return parameters


@pytest.mark.parametrize(
    "arguments", [call for one in DOCUMENTS for call in commands("helmsight", one)], ids=" ".join
)
def test_a_command_in_a_document_parses(arguments: list[str]) -> None:
    assert isinstance(parse(arguments), dict)


@pytest.mark.parametrize("arguments", commands("make"), ids=" ".join)
def test_a_make_target_in_the_readme_exists(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert {word for word in arguments if "=" not in word} <= targets


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize(
    "arguments",
    [
        call
        for call in commands("helmsight")
        if call[0] == "list" or (call[0] == "fly" and CHEAP & set(call) and "--world" not in call)
    ],
    ids=" ".join,
)
def test_a_command_with_a_quick_pilot_runs(arguments: list[str], tmp_path: Path) -> None:
    few = ["--steps", "20"] if arguments[0] == "fly" else []  # to the end others fly
    command = [sys.executable, "-c", "from helmsight.cli import main; main()", *arguments, *few]
    assert subprocess.run(command, cwd=tmp_path, timeout=600).returncode == 0


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.usefixtures("fair")  # some talk with emulated robots
@pytest.mark.parametrize("code", blocks("python", README))
def test_a_python_block_in_the_readme_runs(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=600)
    assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.serial
@pytest.mark.usefixtures("fair")
@pytest.mark.parametrize("code", blocks("python", ROBOTS))
def test_a_python_block_about_robots_runs(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=600)
    assert done.returncode == 0


def test_the_description_in_the_document_about_robots_is_one_that_its_driver_takes() -> None:
    text = next(block for block in blocks("toml", ROBOTS) if block.startswith("name = "))
    assert make_robot(parse_spec(text, "docs/robots.md"), "nowhere").spec.name == "slide"
