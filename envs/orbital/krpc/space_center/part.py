"""Part: a part of a craft at its place in the tree, with what it weighs and holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from helmsight.envs.orbital.krpc.registry import absent, hidden, named, since
from helmsight.envs.orbital.krpc.space_center import fitted, structure
from helmsight.envs.orbital.krpc.space_center.absent import never, no
from helmsight.envs.orbital.krpc.space_center.engine import Engine
from helmsight.envs.orbital.krpc.space_center.fittings import Antenna, Light, SolarPanel
from helmsight.envs.orbital.krpc.space_center.module import Module
from helmsight.envs.orbital.krpc.space_center.part_place import PartPlace
from helmsight.envs.orbital.krpc.space_center.part_settings import PartSettings
from helmsight.envs.orbital.krpc.space_center.rcs import RCS
from helmsight.envs.orbital.krpc.space_center.reaction_wheel import ReactionWheel
from helmsight.envs.orbital.krpc.space_center.resources import Resources
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.krpc.types import Float, UInt32

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

T = TypeVar("T")
MODULES: dict[type[Any], str] = {
    Engine: "ModuleEngines",
    RCS: "ModuleRCSFX",
    ReactionWheel: "ModuleReactionWheel",
    Light: fitted.LIGHT,
    SolarPanel: "ModuleDeployableSolarPanel",
    Antenna: fitted.ANTENNA,
}
"""Which module makes a part one of these."""


@service.enum
class AutoStrutMode(IntEnum):
    """What a part is braced to."""

    OFF = 0
    ROOT = 1
    HEAVIEST = 2
    GRANDPARENT = 3
    FORCE_ROOT = 4
    FORCE_HEAVIEST = 5
    FORCE_GRANDPARENT = 6


@service.remote
@dataclass(frozen=True)
class Part(PartSettings, PartPlace):
    """Part `number` of a vessel."""

    @hidden
    def as_a(self, kind: type[T]) -> T | None:
        """Return what the part is of a kind that a module makes it, or None."""
        return kind(self) if MODULES[kind] in self.design().kind.modules else None  # type: ignore[call-arg]

    @property
    def name(self) -> str:
        """Its internal name."""
        return self.design().kind.name

    @property
    def title(self) -> str:
        """Its title."""
        return self.design().kind.title

    @property
    def vessel(self) -> Vessel:
        """The vessel that it belongs to."""
        return self.owner

    @property
    def parent(self) -> Part | None:
        """The part that it hangs on; null for the root."""
        parent = self.design().parent
        return None if parent is None else Part(self.owner, parent)

    @property
    def children(self) -> list[Part]:
        """The parts that hang on it."""
        return [Part(self.owner, number) for number in self.design().children]

    @property
    def axially_attached(self) -> bool:
        """Whether it sits on its parent's end; the root on none."""
        design = self.design()
        return design.parent is not None and not design.radial

    @property
    def radially_attached(self) -> bool:
        """Whether it sits on its parent's side."""
        return self.design().radial

    @property
    def stage(self) -> int:
        """The stage that fires it: 0 for an engine, -1 for none."""
        return self.design().stage

    @property
    def decouple_stage(self) -> int:
        """The stage that throws it off: none, -1."""
        self.check()
        return -1

    @property
    def mass(self) -> float:
        """Its mass with what it holds, kg."""
        return self.design().mass(structure.levels(self.owner))

    @property
    def dry_mass(self) -> float:
        """Its mass without, kg."""
        return self.design().dry_mass

    @property
    @absent
    def massless(self) -> bool:
        """Whether it has no mass: all have."""
        self.check()
        return False

    @property
    def resources(self) -> Resources:
        """What it holds."""
        return Resources(self.owner, number=self.number)

    @property
    def modules(self) -> list[Module]:
        """Its modules."""
        return [Module(self, name) for name in self.design().kind.modules]

    @property
    @absent
    def shielded(self) -> bool:
        """Whether a fairing shields it: none does."""
        self.check()
        return False

    @property
    @absent
    def dynamic_pressure(self) -> Float:
        """Pressure of the air that it flies through, Pa: there is none."""
        self.check()
        return 0.0

    @property
    def crossfeed(self) -> bool:
        """Whether propellant flows through it."""
        self.check()
        return True

    @property
    @absent
    def is_fuel_line(self) -> bool:
        """Whether it is a fuel line."""
        self.check()
        return False

    @property
    @absent
    def fuel_lines_from(self) -> list[Part]:
        """The parts that fuel lines lead from to it: none."""
        self.check()
        return []

    @property
    @absent
    def fuel_lines_to(self) -> list[Part]:
        """The parts that fuel lines lead to from it: none."""
        self.check()
        return []

    @property
    @absent
    def auto_strut_mode(self) -> AutoStrutMode:
        """What it is braced to: nothing."""
        self.check()
        return AutoStrutMode.OFF

    @property
    @absent
    def available_seats(self) -> UInt32:
        """Seats that are free: these are probes."""
        self.check()
        return 0

    @property
    @since("0.7.0")
    @absent
    def crew_capacity(self) -> int:
        """Seats for a crew: these are probes."""
        self.check()
        return 0

    crew = no("CrewMember", "The kerbals in it: none.", first="0.7.0")

    @property
    def engine(self) -> Engine | None:
        """The engine that it is, or null."""
        return self.as_a(Engine)

    @property
    @named("RCS")
    def rcs(self) -> RCS | None:
        """The thruster block that it is, or null."""
        return self.as_a(RCS)

    @property
    def reaction_wheel(self) -> ReactionWheel | None:
        """The reaction wheel that it is or holds, or null."""
        return self.as_a(ReactionWheel)

    @property
    def light(self) -> Light | None:
        """The light that it is, or null."""
        return self.as_a(Light)

    @property
    def solar_panel(self) -> SolarPanel | None:
        """The solar panel that it is, or null."""
        return self.as_a(SolarPanel)

    @property
    def antenna(self) -> Antenna | None:
        """The antenna that it is or holds, or null."""
        return self.as_a(Antenna)

    cargo_bay = never("CargoBay", "The cargo bay that it is: null.")
    control_surface = never("ControlSurface", "The control surface that it is: null.")
    decoupler = never("Decoupler", "The decoupler that it is: null.")
    docking_port = never("DockingPort", "The docking port that it is: null.")
    experiment = never("Experiment", "The experiment that it holds: null.")
    experiments = no("Experiment", "The experiments that it holds: none.")
    fairing = never("Fairing", "The fairing that it is: null.")
    intake = never("Intake", "The intake that it is: null.")
    launch_clamp = never("LaunchClamp", "The launch clamp that it is: null.")
    leg = never("Leg", "The landing leg that it is: null.")
    parachute = never("Parachute", "The parachute that it is: null.")
    radiator = never("Radiator", "The radiator that it is: null.")
    resource_converter = never("ResourceConverter", "The converter that it is: null.")
    resource_drain = never("ResourceDrain", "The drain that it is: null.")
    resource_harvester = never("ResourceHarvester", "The drill that it is: null.")
    robotic_controller = never("RoboticController", "The controller that it is: null.")
    robotic_hinge = never("RoboticHinge", "The hinge that it is: null.")
    robotic_piston = never("RoboticPiston", "The piston that it is: null.")
    robotic_rotation = never("RoboticRotation", "The servo that it is: null.")
    robotic_rotor = never("RoboticRotor", "The rotor that it is: null.")
    sensor = never("Sensor", "The sensor that it is: null.")
    wheel = never("Wheel", "The wheel that it is: null.")
