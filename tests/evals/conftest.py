"""A room and its pilots, as a distribution that is installed beside ours."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import pytest

from helmsight.agents.models.names import pilots
from helmsight.envs.registry import load_environments, task_of
from helmsight.evals.runner.work import load_kept

EXAMPLE = Path(__file__).parents[2] / "examples" / "thermostat" / "thermostat.py"
WORLD = "thermostat/Evening-v0"
ODD = {
    "dies": "Dies", "dies-once": "DiesOnce", "hangs": "Hangs",
    "eats": "Eats", "raises": "Raises",
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The id of the example's world; its pilots are "two-point" and those of `odd_pilots`."""
    site = tmp_path_factory.mktemp("site")
    for path in (EXAMPLE, Path(__file__).with_name("odd_pilots.py")):
        shutil.copy(path, site)
    about = site / "odd_room-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-room\nVersion: 1\n")
    lines = ["[helmsight.environments]", "thermostat = thermostat:register", "[helmsight.pilots]"]
    lines += ["two-point = thermostat:TwoPoint"]
    lines += [f"{name} = odd_pilots:{kind}" for name, kind in ODD.items()]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")
    sys.path.insert(0, str(site))  # processes that are spawned have the path of this one
    os.environ["ODD_PILOTS"] = str(tmp_path_factory.mktemp("marks"))
    os.environ["ODD_SITE"] = str(site)  # for processes that are started by a command line
    load_environments.cache_clear()
    load_kept.cache_clear()  # a pilot of another copy of the example answers other commands
    load_environments()
    yield WORLD
    sys.path.remove(str(site))
    del os.environ["ODD_PILOTS"], os.environ["ODD_SITE"], gymnasium.registry[WORLD]
    for name in ("thermostat", "odd_pilots"):
        sys.modules.pop(name, None)
    load_environments.cache_clear()
    load_kept.cache_clear()
    task_of.cache_clear()
    assert pilots()
