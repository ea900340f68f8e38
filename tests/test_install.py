"""What is built and installed: complete, and out of the way of everybody else's names.

Wheels are built by the build backend in this environment and laid into environments of their own,
where the packages of this one come after; nothing is downloaded.
"""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import tarfile
import tomllib
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.uncounted]

ROOT = Path(__file__).parents[1]
ROOMS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "tool"
]["setuptools"]["package-dir"]
LITTER = shutil.ignore_patterns("__pycache__", "build", "*.egg-info", ".*", "_step.*", "_area.*")
STEP = "helmsight/envs/orbital/_step."
COMPILED = (STEP, "helmsight/tools/_area.")  # where there is a compiler

FLIGHT = """
import helmsight
flight = helmsight.fly(
    "PE1-E1-I3", pilot="navball", time="paused", steps=2, out="run", video=False
)
assert len(flight.records) == 2, flight.summary
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what is built; a build writes beside its sources."""
    copy = tmp_path_factory.mktemp("sources") / "helmsight"
    copy.mkdir()
    for folder in ("tests", "docs", "benchmarks", "examples", *ROOMS.values()):
        shutil.copytree(ROOT / folder, copy / folder, ignore=LITTER)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith(".git"):
            shutil.copy(path, copy)
    return copy


def build(kind: str, sources: Path, out: Path) -> Path:
    """Return the wheel, editable wheel or sdist that the build backend makes of `sources`."""
    out.mkdir(parents=True, exist_ok=True)
    code = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(out)!r}))"
    # a process of its own: setuptools changes much of the one that it runs in
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=sources, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return out / made.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", sources, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=["wheel", "editable"])
def python(
    request: pytest.FixtureRequest, sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the interpreter of an environment with Helmsight in it, installed one way or other."""
    folder = tmp_path_factory.mktemp(request.param)
    wheel = build(request.param, sources, folder / "built")
    return installed(folder / "environment", lambda packages: ZipFile(wheel).extractall(packages))


def installed(folder: Path, install: Callable[[Path], None]) -> Path:
    """Return the interpreter of a new environment after `install(its site-packages)`."""
    venv.create(folder, symlinks=os.name != "nt", with_pip=False)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = packages_of(python)
    # .pth files in these folders are not read: an editable install of this checkout stays out
    (packages / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    install(packages)
    return python


def packages_of(python: Path) -> Path:
    return Path(run(python, "import sysconfig; print(sysconfig.get_path('purelib'))").strip())


def run(python: Path, code: str | Path, folder: Path | None = None) -> str:
    """Return what a script, or code, prints when it is run in `folder`."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    clean = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [python, *([code] if isinstance(code, Path) else ["-c", code])],
        cwd=folder,
        # an editable install would leave its bytecode among the sources, which tests compare
        env=clean | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def contents(wheel: Path) -> set[str]:
    return set(ZipFile(wheel).namelist())


def expected(sources: Path) -> set[str]:
    """Return every file of ours by its path in a wheel."""
    return {
        f"{name.replace('.', '/')}/{path.relative_to(sources / room).as_posix()}"
        for name, room in ROOMS.items()
        for path in (sources / room).rglob("*")
        if path.is_file() and not path.name.startswith(("_step.", "_area."))
    }


def test_a_wheel_holds_every_file_of_ours_and_nothing_else(sources: Path, wheel: Path) -> None:
    packed = contents(wheel)
    packed -= {name for name in packed if name.startswith(COMPILED)}
    assert {name for name in packed if ".dist-info/" not in name} == expected(sources)
    assert {name.partition("/")[0] for name in packed} == {"helmsight", dist_info(packed)}


def dist_info(packed: set[str]) -> str:
    (name,) = {
        match[1] for name in packed if (match := re.match(r"(helmsight-.*\.dist-info)/", name))
    }
    return name


def test_a_wheel_holds_the_data_that_runs_need(wheel: Path) -> None:
    names = contents(wheel)
    for path in (
        "agents/models/bundled/model.safetensors",
        "agents/models/relations/tokenizer.json",
        "envs/orbital/data/orbits.json",
        "hardware/conformance/pytest.ini",
        "hardware/firmware/main.c",
        "hardware/robots/so101.toml",
        "envs/orbital/data/few_shot/few_shot.json",
        "prompts/templates/operator.j2",
        "tools/templates/run.html.j2",
        "py.typed",
    ):
        assert f"helmsight/{path}" in names


TWIN = """
import helmsight
flight = helmsight.fly("PE1-E2-I3", pilot="naive", time="paused", steps=2)
print(helmsight.envs.orbital.stepping.step_code(), flight.records[-1].measures["range"])
"""


def test_where_nothing_compiles_a_wheel_is_built_all_the_same_and_flies_in_numpy(
    sources: Path, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not any(name.startswith(STEP) for name in contents(wheel)):
        pytest.skip("there is no C compiler")
    monkeypatch.setenv("CC", "false")
    folder = tmp_path / "sources"  # what others have built there is not taken
    shutil.copytree(sources, folder, ignore=LITTER)
    without = build("wheel", folder, tmp_path / "built")
    made = {"c": wheel, "numpy": without}
    flown = [
        run(installed(tmp_path / name, ZipFile(built).extractall), TWIN, tmp_path).split()
        for name, built in made.items()
    ]
    assert [code for code, _ in flown] == ["c", "numpy"]
    assert float(flown[0][1]) == pytest.approx(float(flown[1][1]), abs=1e-6)


def test_a_source_distribution_makes_the_same_wheel(
    sources: Path, wheel: Path, tmp_path: Path
) -> None:
    packed = build("sdist", sources, tmp_path / "sdist")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.glob("helmsight-*") if path.is_dir())
    assert (unpacked / "tests" / "test_install.py").is_file()
    assert (unpacked / "constraints.txt").is_file()
    assert contents(build("wheel", unpacked, tmp_path / "wheel")) == contents(wheel)


def own_modules(folder: Path) -> str:
    """Write modules with our folders' names into `folder`; return code that imports them."""
    (folder / "tools.py").write_text("MINE = True\n", encoding="utf-8")
    packages = [room for room in ROOMS.values() if room not in {"helmsight", "tools"}]
    for room in packages:
        (folder / room).mkdir()
        (folder / room / "__init__.py").write_text("MINE = True\n", encoding="utf-8")
    names = ["tools", *packages]
    return f"import {', '.join(names)}\nassert {' and '.join(f'{name}.MINE' for name in names)}\n"


def test_a_script_beside_modules_of_the_same_names_flies(python: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(own_modules(tmp_path) + FLIGHT, encoding="utf-8")
    run(python, script, tmp_path)
    assert (tmp_path / "run" / "summary.json").is_file()


def test_every_module_imports_beside_modules_of_the_same_names(
    python: Path, sources: Path, tmp_path: Path
) -> None:
    modules = sorted(
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in expected(sources)
        if path.endswith(".py")
    )
    script = tmp_path / "script.py"
    imports = "\n".join(f"import {module}" for module in modules)
    script.write_text(f"{imports}\n{own_modules(tmp_path)}print('done')", encoding="utf-8")
    assert run(python, script, tmp_path) == "done\n"


def test_a_script_flies_where_another_distribution_has_a_package_called_agents(
    python: Path, tmp_path: Path
) -> None:
    """As `openai-agents` has, whose import name is `agents`."""
    theirs = packages_of(python) / "agents"
    theirs.mkdir()
    (theirs / "__init__.py").write_text("class Agent: pass\n", encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(f"from agents import Agent\n{FLIGHT}", encoding="utf-8")
    try:
        run(python, script, tmp_path)
    finally:
        shutil.rmtree(theirs)
    assert (tmp_path / "run" / "summary.json").is_file()


def test_an_environment_is_made_with_no_import_of_ours(python: Path, tmp_path: Path) -> None:
    """By gymnasium's module:id form; since its version 1.0 gymnasium loads no plug-ins."""
    code = (
        "import gymnasium\n"
        "env = gymnasium.make('helmsight.envs:helmsight/PE1-E1-I2-v0', observation='telemetry')\n"
        "print(env.reset(seed=1)[1]['range'])"
    )
    assert float(run(python, code, tmp_path)) > 0.0


def test_an_editable_install_sees_new_files(sources: Path, tmp_path: Path) -> None:
    wheel = build("editable", sources, tmp_path / "built")
    python = installed(tmp_path / "environment", lambda there: ZipFile(wheel).extractall(there))
    new = [
        sources / "agents" / "new" / "__init__.py",
        sources / "helmsight" / "new.py",
        sources / "envs" / "orbital" / "new.py",
    ]
    try:
        for path in new:
            path.parent.mkdir(exist_ok=True)
            path.write_text("NEW = True\n", encoding="utf-8")
        code = (
            "import helmsight.agents.new, helmsight.new, helmsight.envs.orbital.new as new\n"
            "print(new.NEW)"
        )
        assert run(python, code, tmp_path) == "True\n"
    finally:
        shutil.rmtree(sources / "agents" / "new")
        for path in new[1:]:
            path.unlink()


def test_make_shell_opens_a_shell_that_finds_the_command(tmp_path: Path) -> None:
    if shutil.which("make") is None or os.name == "nt":
        pytest.skip("needs make and a POSIX shell")
    for name in ("Makefile", "pyproject.toml", "setup.py", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    command = tmp_path / ".venv" / "bin" / "helmsight"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\necho found\n", encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / ".venv" / ".installed").touch()
    done = subprocess.run(
        ["make", "--no-print-directory", "shell"],  # also when make runs the tests
        cwd=tmp_path,
        env=os.environ | {"SHELL": "/bin/sh"},
        input="helmsight",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "found"
