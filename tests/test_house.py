"""The house: names, floors, start-up, pins."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FLOORS: dict[str, set[str]] = {
    "helmsight": {"evals", "agents", "tools", "envs", "hardware", "prompts", "contract"},
    "evals": {"agents", "tools", "envs", "hardware", "prompts", "contract"},
    "agents": {"tools", "envs", "prompts", "contract"},
    "tools": {"envs", "prompts", "contract"},
    "envs": {"hardware", "contract"},
    "hardware": {"contract"},
    "prompts": {"contract"},
    "contract": set(),
}
HEAVY = {
    "torch", "transformers", "langgraph", "langchain_core", "cv2", "matplotlib", "av", "krpc",
    "pygame", "pyautogui", "mss", "numpy", "gymnasium", "asyncio",
}  # fmt: skip
SPACE_CENTER = "helmsight.envs.orbital.krpc.space_center"
REMOTE_OBJECTS = {
    f"{SPACE_CENTER}.{name}"
    for name in ("vessel.Vessel", "part.Part", "orbit.Orbit", "celestial_body.CelestialBody")
}


def modules() -> dict[str, Path]:
    """Return every module of ours by the name that it is imported by."""
    paths = {}
    for room in FLOORS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            paths[name if room == "helmsight" else f"helmsight.{name}"] = path
    return paths


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file of ours as a syntax tree, which nobody changes.

    The garbage collector would walk all trees over and over while the next one grows.
    """
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    finally:
        gc.enable()


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """Return every call in our modules: the module, the call, and the name of what is called."""
    return [
        (module, node, named(node.func))
        for module, path in modules().items()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
    ]


@pytest.fixture(scope="module", autouse=True)
def _forgotten() -> Iterator[None]:
    """Let go of all trees in the end: the garbage collector would walk them in every later test."""
    yield
    calls.cache_clear()
    parsed.cache_clear()


def named(node: ast.expr) -> str:
    """Return the dotted name of what is called; what is no name in it is "()"."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{named(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "()"


def room_of(name: str) -> str | None:
    """Return the room of a dotted name, None when it is not ours."""
    parts = name.split(".")
    if parts[0] != "helmsight":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in FLOORS else "helmsight"


def imported(tree: ast.AST, *, types: bool = True) -> Iterator[str]:
    """Yield dotted names imported anywhere; without `types` TYPE_CHECKING blocks are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.expr):  # holds no statement
            continue
        elif types or not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield from imported(node, types=types)


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
        if room_of(module) == room
        for name in imported(parsed(path))
        if room_of(name) not in {None, *allowed}
    ]
    assert wrong == []


def test_modules_import_each_other_without_circles_whenever_and_whatever_for() -> None:
    known = modules()
    graph: dict[str, set[str]] = {}
    for module, path in known.items():
        tree = parsed(path)
        names = set(imported(tree))
        if module.startswith(f"{SPACE_CENTER}."):
            # kRPC's API has these classes name each other, a vessel its parts and a part its
            # vessel: their modules may import them for annotations, and nothing else so.
            names -= REMOTE_OBJECTS - set(imported(tree, types=False))
        targets = {module_of(name, known) for name in names}
        graph[module] = {target for target in targets if target and target != module}
    order = TopologicalSorter(graph).static_order()  # raises CycleError naming the circle
    assert len(list(order)) == len(graph)


def test_every_room_is_packaged_and_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    mapped = {
        name: room if room != "helmsight" else None
        for name, room in project["tool"]["setuptools"]["package-dir"].items()
    }
    assert mapped == {"helmsight": None} | {f"helmsight.{r}": r for r in FLOORS if r != "helmsight"}
    assert {".links/helmsight", "benchmarks", "examples"} <= set(project["tool"]["mypy"]["files"])


def test_only_helmsight_is_top_level_of_the_distribution() -> None:
    ours = {name for name, homes in packages_distributions().items() if "helmsight" in homes}
    assert {name for name in ours if not name.startswith("__editable__")} <= {"helmsight"}


@pytest.mark.slow
def test_the_help_of_no_command_imports_anything_heavy() -> None:
    code = f"""
import contextlib, io, sys
import typer
from helmsight.cli import application, main

def commands(command, words=()):
    yield words
    for name, inner in getattr(command, "commands", {{}}).items():
        yield from commands(inner, (*words, name))

calls = [(*words, "--help") for words in commands(typer.main.get_command(application()))]
for words in [*calls, ("--version",)]:
    sys.argv = ["helmsight", *words]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main()
    except SystemExit as end:
        assert not end.code, (words, end.code)
    heavy = sorted({HEAVY!r} & set(sys.modules))
    assert not heavy, (words, heavy)
print(len(calls))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def reads_text(call: ast.Call) -> bool:
    """Return whether a call reads a file of text by itself; one of open has to say "b" or to write.

    Methods called `open` belong to cameras and the like, too: with an encoding it is a file's.
    """
    name = named(call.func)
    if name.endswith(".read_text") or name in {"json.load", "tomllib.load"}:
        return True
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    place = 1 if name in {"open", "io.open"} else 0
    given = keywords.get("mode") or (call.args[place] if len(call.args) > place else None)
    mode = given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else "r"
    opens = name in {"open", "io.open"} or (name.endswith(".open") and "encoding" in keywords)
    return opens and not set(mode) & set("bwax")


def test_a_file_of_text_is_read_through_contract_textfiles_only() -> None:
    past = [
        f"{module}:{node.lineno} {ast.unparse(node)[:60]}"
        for module, node, _ in calls()
        if reads_text(node)
    ]
    assert past == [], "use read_text, read_lines or decoded of helmsight.contract.textfiles"


def test_json_of_others_is_read_through_contract_jsontext_only() -> None:
    """Bounded, finite, and never too deep; answers of models have a reader of their own."""
    own = {
        "helmsight.contract.jsontext",
        "helmsight.prompts.reading",
        "helmsight.prompts.relaxed",
        "helmsight.agents.models.load",
    }
    past = [
        f"{module}:{node.lineno} {ast.unparse(node)[:60]}"
        for module, node, name in calls()
        if name in {"json.loads", "json.load"}
        if module not in own
    ]
    assert past == [], "use parse_json of helmsight.contract.jsontext"


def test_what_is_printed_goes_through_contract_printing_only() -> None:
    """Rich and the streams themselves go past what cleans text of others."""
    own = {"helmsight.contract.printing", "helmsight.liveline"}
    past = [
        f"{module}:{node.lineno} {ast.unparse(node)[:60]}"
        for module, node, name in calls()
        if module not in own
        if re.fullmatch(
            r"(.*\.)?Console|sys\.(__std(out|err)__.*|std(out|err)\..*write.*)|rich\.print",
            name,
        )
    ]
    assert past == [], "use print, helmsight.contract.printing.order or helmsight.liveline.Terminal"


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("path.read_text()", True), ("path.read_text('utf-8')", True), ("json.load(file)", True),
        ("open(path)", True), ("open(path, 'r')", True), ("path.open(encoding='ascii')", True),
        ("path.open('r', encoding='utf-8')", True), ("open(path, mode='rt')", True),
        ("read_text(path)", False), ("path.read_bytes()", False), ("open(path, 'rb')", False),
        ("path.open('w', encoding='utf-8')", False), ("Screen.open(name, size=size)", False),
        ("os.open(port, os.O_RDWR)", False), ("self.link.open()", False), ("json.loads(x)", False),
    ],
)  # fmt: skip
def test_what_counts_as_reading_a_file_of_text(code: str, reads: bool) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert reads_text(call) is reads


def test_the_clock_is_looked_up_whenever_it_is_read() -> None:
    """Or tests could not let it stand still (tests/fair/fair_time.py)."""
    bound = []
    for module, path in modules().items():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                bound.append(f"{module}:{node.lineno}")
            elif isinstance(node, ast.arguments):
                given = filter(None, (*node.defaults, *node.kw_defaults))
                bound += [f"{module}:{d.lineno}" for d in given if "time." in ast.unparse(d)[:5]]
    assert bound == []


def asserts(test: ast.AST) -> bool:
    """Return whether a test says itself what has to hold, in no helper that waits or checks."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = named(node.func).rpartition(".")[2]
            if name in {"raises", "warns"} or name.startswith("assert_"):
                return True
    return False


@pytest.mark.slow
def test_every_test_asserts() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_") and not asserts(node)
    ]
    assert silent == []


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
            places = [(room / path, ROOT / path) for path in expand(name)]
            gone += [near for near, far in places if not near.is_file() and not far.is_file()]
    assert gone == []


def expand(name: str) -> list[str]:
    """Return the paths that a name with one {a,b} stands for."""
    match = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    return [match[1] + part + match[3] for part in match[2].split(",")] if match else [name]
