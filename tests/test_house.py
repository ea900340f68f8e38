"""The house: names, floors, start-up, pins."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FLOORS: dict[str, set[str]] = {
    "helmsight": {"evals", "agents", "tools", "envs", "hardware", "prompts"},
    "evals": {"agents", "tools", "envs", "hardware", "prompts"},
    "agents": {"tools", "envs", "prompts"},
    "tools": {"envs", "prompts"},
    "envs": {"hardware"},
    "hardware": set(),
    "prompts": set(),
}
HEAVY = {
    "torch", "transformers", "langgraph", "langchain_core", "cv2", "matplotlib", "av", "krpc",
    "pygame", "pyautogui", "mss",
}  # fmt: skip


def modules() -> dict[str, Path]:
    found = {}
    for room in FLOORS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(tree: ast.AST, *, at_start: bool) -> Iterator[str]:
    """Yield imported dotted names; `at_start` leaves out functions and TYPE_CHECKING blocks."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (at_start and is_deferred(node)):
            yield from imported(node, at_start=at_start)


def is_deferred(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def module_of(name: str, known: dict[str, Path]) -> str | None:
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


@pytest.mark.parametrize("room", sorted(FLOORS))
def test_a_room_imports_only_from_the_rooms_below_it(room: str) -> None:
    allowed = FLOORS[room] | {room}
    wrong = [
        f"{module} imports {name}"
        for module, path in modules().items()
        if module.split(".")[0] == room
        for name in imported(ast.parse(path.read_text(encoding="utf-8")), at_start=False)
        if name.split(".")[0] in FLOORS and name.split(".")[0] not in allowed
    ]
    assert wrong == []


def test_modules_import_each_other_without_circles() -> None:
    known = modules()
    graph: dict[str, set[str]] = {}
    for module, path in known.items():
        names = imported(ast.parse(path.read_text(encoding="utf-8")), at_start=True)
        targets = {module_of(name, known) for name in names}
        graph[module] = {target for target in targets if target and target != module}
    TopologicalSorter(graph).prepare()  # raises CycleError naming the circle


def test_every_room_is_packaged_and_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(FLOORS)
    assert set(project["tool"]["mypy"]["files"]) == {*FLOORS, "benchmarks", "examples"}


def test_no_other_distribution_claims_our_package_names() -> None:
    claimed = packages_distributions()
    assert {room: set(claimed.get(room, [])) - {"helmsight"} for room in FLOORS} == {
        room: set() for room in FLOORS
    }


@pytest.mark.parametrize("arguments", [["--help"], ["fly", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from helmsight.cli import main\n"
        f"sys.argv = ['helmsight', *{arguments!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print('heavy:', sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_every_requirement_is_pinned_within_its_range() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.lower().split("==") for line in lines if not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        if requirement.name == project["name"]:  # an extra of ours within another
            assert requirement.extras <= project["optional-dependencies"].keys()
            continue
        assert requirement.specifier.contains(pins[requirement.name.lower()]), requirement
    assert pins["torch"] == "2.13.0"
    assert "torchvision" not in pins


def test_the_module_map_names_no_module_that_is_gone() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    gone, room = [], ROOT
    for line in text.partition("## Module map")[2].partition("\n## ")[0].splitlines():
        if match := re.match(r"`(\w+/)", line):
            room = ROOT / match[1]
        for name in re.findall(r"`([\w/{},]+\.py)`", line.removeprefix(f"`{room.name}/")):
            gone += [path for path in expand(name) if not (room / path).is_file()]
    assert gone == []


def expand(name: str) -> list[str]:
    """Return the paths that a name with one {a,b} stands for."""
    match = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    return [match[1] + one + match[3] for one in match[2].split(",")] if match else [name]
