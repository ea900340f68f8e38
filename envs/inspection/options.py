"""What an inspection can be made with, and told before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helmsight.contract.clock import TimeRule
from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.stress import Stress
from helmsight.envs.robot.options import NONE, check_options, check_seconds, checked_size
from helmsight.hardware.cameras import Camera
from helmsight.hardware.emulators.faults import Faults

SIZE = (480, 360)


@dataclass(frozen=True)
class Options:
    """The options of an inspection, checked. port "": the cell is emulated. parts: never empty."""

    cell: int | None
    robot: str
    port: str
    turntable_port: str
    camera: str | Camera
    parts: tuple[str, ...]
    budget_views: int
    budget_seconds: float | None
    faults: str
    size: tuple[int, int]
    settle_s: float
    patience_s: float
    limits: Mapping[str, Any] | None
    stress: Stress

    @property
    def own(self) -> bool:
        """Whether the cell is ours: emulated, its truth known."""
        return not self.port

    @property
    def turns(self) -> bool:
        """Whether there is a turntable that turns."""
        return self.own or bool(self.turntable_port)


def check_cell(
    cell: int | None, port: str, turntable_port: str, camera: str | Camera, faults: str, stress: str
) -> None:
    """Raise InvalidOption for a cell that is neither wholly emulated nor wholly there."""
    if cell is not None and (isinstance(cell, bool) or not isinstance(cell, int) or cell < 0):
        raise InvalidOption(f"cell={cell!r}: expected a seed, a whole number from 0")
    if not port:
        given = {"turntable_port": turntable_port, "camera": camera}
        for name in (name for name, value in given.items() if value):
            raise InvalidOption(
                f"{name}={given[name]!r} without port: a cell is emulated as a whole, or give "
                "port, camera and, where there is one, turntable_port"
            )
        Faults.parse(faults)
        return
    if cell is None:
        raise InvalidOption(f"port={port!r} without cell: say by which drawing (cell=SEED) to plan")
    if camera == NONE:
        raise InvalidOption('camera="none": nothing can be inspected without one')
    for name, value in (("faults", faults), ("stress", stress)):
        if value:
            raise InvalidOption(f"{name}={value!r}: only an emulated cell (port=) has that")


def checked(
    cell: int | None, robot: str, port: str, turntable_port: str, camera: str | Camera,
    parts: Sequence[str], budget_views: int, budget_seconds: float | None, faults: str,
    size: tuple[int, int], observation: str, rule: TimeRule, settle_s: float, patience_s: float,
    limits: Mapping[str, Any] | None, stress: str,
) -> Options:  # fmt: skip
    """Return the options. Raises InvalidOption for what nothing can be inspected with."""
    check_cell(cell, port, turntable_port, camera, faults, stress)
    given = (port, camera) if port else ("emulated", "emulated")
    check_options(robot, *given, observation, rule)
    seconds = {"settle_s": settle_s, "patience_s": patience_s}
    check_seconds(seconds | ({} if budget_seconds is None else {"budget_seconds": budget_seconds}))
    if isinstance(budget_views, bool) or not isinstance(budget_views, int) or budget_views < 1:
        raise InvalidOption(f"budget_views={budget_views!r}: expected a whole number from 1")
    return Options(
        cell, robot, port, turntable_port, camera, checked_parts(parts), budget_views,
        budget_seconds, faults, checked_size(size), settle_s, patience_s, limits,
        Stress.parse(stress),
    )  # fmt: skip


def checked_parts(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts that are asked for, in their order, all for none named.

    Capitals and spaces do not matter, nor does a part that is named twice.

    Raises:
        InvalidOption: a name that is none, with what there is.
    """
    listed = [parts] if isinstance(parts, str) else list(parts)
    known = {part.casefold(): part for part in PARTS}
    given = [known.get(" ".join(str(part).split()).casefold(), part) for part in listed]
    strange = [part for part in given if part not in PARTS]
    if strange:
        raise InvalidOption(
            f"parts: there is no {', '.join(map(repr, strange))}; the satellite has "
            f"{', '.join(PARTS)}"
        )
    return tuple(part for part in PARTS if part in given or not given)
