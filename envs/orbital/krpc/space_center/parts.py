"""Parts: those of the scenarios' craft that do something, and what hangs on them.

A craft is rigid and its parts have no places of their own: each is at the centre of mass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import named, until
from helmsight.envs.orbital.krpc.space_center.frames import ReferenceFrame
from helmsight.envs.orbital.krpc.space_center.propulsion import BLOCKS, RCS, Engine, ReactionWheel
from helmsight.envs.orbital.krpc.space_center.resources import Resources
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.space_center.vectors import Quaternion, Vector

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

CORE = ("HECS2.ProbeCore", "HECS2")
WHEEL = ("advSasModule", "Advanced Inline Stabilizer")
CLAW = ("GrapplingDevice", "Advanced Grabbing Unit")
BLOCK = ("RCSBlock.v2", "RV-105 RCS Thruster Block")
CHEETAH = ("LiquidEngineLV-T91", 'LV-T91 "Cheetah" Liquid Fuel Engine')
WHEELS = (CORE, WHEEL)
THRUSTERS = (CORE, WHEEL, CLAW, *[BLOCK] * BLOCKS)
"""Parts of a craft with thrusters, (name, title), the root first."""
ENGINES = (CORE, CHEETAH)
"""Parts of a craft with a main engine."""


@service.remote
@dataclass(frozen=True)
class Parts:
    """The parts of a vessel."""

    vessel: Vessel

    @property
    def all(self) -> list[Part]:
        """All parts that do something."""
        kinds = ENGINES if self.vessel.vehicle().engine else THRUSTERS
        return [Part(self.vessel, number, kind) for number, kind in enumerate(kinds)]

    @property
    def root(self) -> Part:
        """The part that everything hangs on: the probe core."""
        return self.all[0]

    @property
    def controlling(self) -> Part:
        """The part that the vessel is steered from: the probe core."""
        return self.all[0]

    @controlling.setter
    def controlling(self, value: Part) -> None:
        if value != self.root:
            raise InvalidOperationException("the twin's craft are steered from their probe core")

    def with_name(self, name: str) -> list[Part]:
        """The parts with a name."""
        return [part for part in self.all if part.name == name]

    def with_title(self, title: str) -> list[Part]:
        """The parts with a title."""
        return [part for part in self.all if part.title == title]

    @until("0.7.0")
    def in_stage(self, stage: int) -> list[Part]:
        """The parts that a stage fires."""
        return [part for part in self.all if part.stage == stage]

    @until("0.7.0")
    def in_decouple_stage(self, stage: int) -> list[Part]:
        """The parts that come off with a stage: none do, so all of them at -1."""
        return self.all if stage == -1 else []

    @property
    def engines(self) -> list[Engine]:
        """The main engines; a drone has none."""
        return [Engine(part) for part in self.all if part.kind == CHEETAH]

    @property
    def rcs(self) -> list[RCS]:
        """The thruster blocks."""
        return [RCS(part) for part in self.all if part.kind == BLOCK]

    @property
    def reaction_wheels(self) -> list[ReactionWheel]:
        """The reaction wheels."""
        return [ReactionWheel(part) for part in self.all if part.kind in WHEELS]


@service.remote
@dataclass(frozen=True)
class Part:
    """A part of a vessel; `kind` is its name and title in KSP."""

    owner: Vessel
    number: int
    kind: tuple[str, str]

    @property
    def name(self) -> str:
        """Its internal name."""
        return self.kind[0]

    @property
    def title(self) -> str:
        """Its title."""
        return self.kind[1]

    @property
    def tag(self) -> str:
        """Its tag: none has one."""
        return ""

    @property
    def vessel(self) -> Vessel:
        """The vessel that it belongs to."""
        return self.owner

    @property
    def parent(self) -> Part | None:
        """The part that it hangs on; null for the root."""
        return self.owner.parts.root if self.number else None

    @property
    def children(self) -> list[Part]:
        """The parts that hang on it."""
        return [] if self.number else self.owner.parts.all[1:]

    @property
    def stage(self) -> int:
        """The stage that fires it: 0 for an engine, -1 for none."""
        return 0 if self.kind == CHEETAH else -1

    @property
    def decouple_stage(self) -> int:
        """The stage that throws it off: none, -1."""
        return -1

    @property
    def resources(self) -> Resources:
        """What it stores: the root stands for all tanks."""
        return Resources(self.owner, everything=self.number == 0)

    @property
    def engine(self) -> Engine | None:
        """The engine that it is, or null."""
        return Engine(self) if self.kind == CHEETAH else None

    @property
    @named("RCS")
    def rcs(self) -> RCS | None:
        """The thruster block that it is, or null."""
        return RCS(self) if self.kind == BLOCK else None

    @property
    def reaction_wheel(self) -> ReactionWheel | None:
        """The reaction wheel that it is or holds, or null."""
        return ReactionWheel(self) if self.kind in WHEELS else None

    @property
    def reference_frame(self) -> ReferenceFrame:
        """The vessel's frame."""
        return self.owner.reference_frame

    @property
    def center_of_mass_reference_frame(self) -> ReferenceFrame:
        """The vessel's frame."""
        return self.owner.reference_frame

    def position(self, reference_frame: ReferenceFrame) -> Vector:
        """The vessel's centre of mass, m."""
        return self.owner.position(reference_frame)

    def center_of_mass(self, reference_frame: ReferenceFrame) -> Vector:
        """The vessel's centre of mass, m."""
        return self.owner.position(reference_frame)

    def direction(self, reference_frame: ReferenceFrame) -> Vector:
        """Where the vessel's nose points."""
        return self.owner.direction(reference_frame)

    def rotation(self, reference_frame: ReferenceFrame) -> Quaternion:
        """How the vessel lies, as a quaternion (x, y, z, w)."""
        return self.owner.rotation(reference_frame)

    def velocity(self, reference_frame: ReferenceFrame) -> Vector:
        """The vessel's velocity, m/s."""
        return self.owner.velocity(reference_frame)
