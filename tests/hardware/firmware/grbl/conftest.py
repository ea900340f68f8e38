"""grbl's own firmware in simavr, with motors, switches and buttons at its pins.

HELMSIGHT_GRBL names the folder of its sources (the one with main.c of github.com/gnea/grbl, 1.1h),
which is not part of this repository, or a firmware built from it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helmsight.hardware.drivers.grbl import Grbl
from helmsight.hardware.emulators.grbl_firmware import GrblBoard, build_grbl
from helmsight.hardware.spec import RobotSpec, parse_spec, shipped

HERE, GIVEN = Path(__file__).parent, os.environ.get("HELMSIGHT_GRBL", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs sources that are not in the repository."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if not GIVEN:
                item.add_marker(pytest.mark.skip(reason="HELMSIGHT_GRBL names no grbl"))


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return what builds grbl once, with and without lines of its config.h."""
    built: dict[tuple[str, str], Path] = {}

    def build(on: str = "", off: str = "") -> Path:
        if not Path(GIVEN).is_dir():
            if on or off:
                pytest.skip("HELMSIGHT_GRBL is a built firmware, this needs its sources")
            return Path(GIVEN)
        if (on, off) not in built:
            folder = tmp_path_factory.mktemp("grbl") / "grbl"
            built[on, off] = build_grbl(Path(GIVEN), folder, on, off)
        return built[on, off]

    return build


@pytest.fixture(scope="session")
def spec() -> RobotSpec:
    text = shipped()["gantry"].read_text(encoding="utf-8")
    return parse_spec(text.replace("reply_s = 0.25", "reply_s = 0.5"))


class Mill(GrblBoard):
    """A gantry with grbl's own firmware, and its driver."""

    def robot(self) -> Grbl:
        return Grbl(self.spec, self.port)


@pytest.fixture
def mill_of(firmware: Callable[..., Path], spec: RobotSpec) -> Iterator[Callable[..., Mill]]:
    """Return what makes a mill, with and without lines of grbl's config.h."""
    mills: list[Mill] = []

    def make(on: str = "", off: str = "") -> Mill:
        mills.append(Mill(firmware(on, off), spec, trace=True))
        return mills[-1]

    yield make
    for mill in mills:
        mill.close()


@pytest.fixture
def mill(mill_of: Callable[..., Mill]) -> Mill:
    return mill_of()
