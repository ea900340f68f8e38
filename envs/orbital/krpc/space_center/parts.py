"""Parts: the parts of a vessel, all of them and by what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import hidden, until
from helmsight.envs.orbital.krpc.space_center import structure
from helmsight.envs.orbital.krpc.space_center.absent import no
from helmsight.envs.orbital.krpc.space_center.engine import Engine
from helmsight.envs.orbital.krpc.space_center.fittings import Antenna, Light, SolarPanel
from helmsight.envs.orbital.krpc.space_center.module import Module
from helmsight.envs.orbital.krpc.space_center.part import Part
from helmsight.envs.orbital.krpc.space_center.rcs import RCS
from helmsight.envs.orbital.krpc.space_center.reaction_wheel import ReactionWheel
from helmsight.envs.orbital.krpc.space_center.service import service
from helmsight.envs.orbital.part_tree import UNTURNED

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.space_center.vessel import Vessel

T = TypeVar("T")


@service.remote
@dataclass(frozen=True)
class Parts:
    """The parts of a vessel."""

    vessel: Vessel

    @hidden
    def check(self) -> None:
        """Raise InvalidOperationException if the vessel is gone."""
        self.vessel.index()

    @hidden
    def that_are(self, kind: type[T]) -> list[T]:
        """Return what the parts are of a kind."""
        fittings = (part.as_a(kind) for part in self.all)
        return [thing for thing in fittings if thing is not None]

    @property
    def all(self) -> list[Part]:
        """All parts, in the order of the save."""
        return [Part(self.vessel, number) for number in range(len(structure.tree(self.vessel)))]

    @property
    def root(self) -> Part:
        """The part that everything hangs on: the probe core."""
        self.check()
        return Part(self.vessel, 0)

    @property
    def controlling(self) -> Part:
        """The part that the vessel is steered from: at first the probe core."""
        return Part(self.vessel, self.vessel.craft().controlling)

    @controlling.setter
    def controlling(self, value: Part) -> None:
        if value.owner != self.vessel or value.design().rotation != UNTURNED:
            raise InvalidOperationException(
                f"{value.title} cannot steer {self.vessel.name}: the twin's craft are steered "
                "along the nose, from the probe core or another part of theirs that lies as it does"
            )
        self.vessel.craft().controlling = value.number

    def with_name(self, name: str) -> list[Part]:
        """The parts with a name."""
        return [part for part in self.all if part.name == name]

    def with_title(self, title: str) -> list[Part]:
        """The parts with a title."""
        return [part for part in self.all if part.title == title]

    def with_tag(self, tag: str) -> list[Part]:
        """The parts with a name tag."""
        return [part for part in self.all if part.tag == tag]

    def with_module(self, module_name: str) -> list[Part]:
        """The parts with a module."""
        return [part for part in self.all if module_name in part.design().kind.modules]

    def modules_with_name(self, module_name: str) -> list[Module]:
        """The modules of all parts that have a name."""
        return [Module(part, module_name) for part in self.with_module(module_name)]

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
        return self.that_are(Engine)

    @property
    def rcs(self) -> list[RCS]:
        """The thruster blocks."""
        return self.that_are(RCS)

    @property
    def reaction_wheels(self) -> list[ReactionWheel]:
        """The reaction wheels."""
        return self.that_are(ReactionWheel)

    @property
    def lights(self) -> list[Light]:
        """The spotlights."""
        return self.that_are(Light)

    @property
    def solar_panels(self) -> list[SolarPanel]:
        """The solar panels."""
        return self.that_are(SolarPanel)

    @property
    def antennas(self) -> list[Antenna]:
        """The antennas, the probe core's own among them."""
        return self.that_are(Antenna)

    cargo_bays = no("CargoBay", "The cargo bays: none.")
    control_surfaces = no("ControlSurface", "The control surfaces: none.")
    decouplers = no("Decoupler", "The decouplers: none.")
    docking_ports = no("DockingPort", "The docking ports: none.")
    experiments = no("Experiment", "The experiments: none.")
    fairings = no("Fairing", "The fairings: none.")
    intakes = no("Intake", "The intakes: none.")
    launch_clamps = no("LaunchClamp", "The launch clamps: none.")
    legs = no("Leg", "The landing legs: none.")
    parachutes = no("Parachute", "The parachutes: none.")
    radiators = no("Radiator", "The radiators: none.")
    resource_converters = no("ResourceConverter", "The converters: none.")
    resource_drains = no("ResourceDrain", "The drains: none.")
    resource_harvesters = no("ResourceHarvester", "The drills: none.")
    robotic_controllers = no("RoboticController", "The controllers: none.", first="0.7.0")
    robotic_hinges = no("RoboticHinge", "The hinges: none.")
    robotic_pistons = no("RoboticPiston", "The pistons: none.")
    robotic_rotations = no("RoboticRotation", "The servos: none.")
    robotic_rotors = no("RoboticRotor", "The rotors: none.")
    sensors = no("Sensor", "The sensors: none.")
    wheels = no("Wheel", "The wheels: none.")
