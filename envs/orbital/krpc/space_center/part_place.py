"""Where a part is and how it lies."""

from __future__ import annotations

from helmsight.envs.orbital.krpc.space_center import motion, structure
from helmsight.envs.orbital.krpc.space_center.frames import (
    ReferenceFrame,
    axes_in,
    direction_in,
    position_in,
    velocity_in,
)
from helmsight.envs.orbital.krpc.space_center.part_handle import PartHandle
from helmsight.envs.orbital.krpc.space_center.structure import FixedFrame
from helmsight.envs.orbital.krpc.space_center.vectors import Quaternion, Vector, quaternion


class PartPlace(PartHandle):
    """The place of a part and its frames; `Part` has them as its own."""

    @property
    def reference_frame(self) -> ReferenceFrame:
        """The frame at the part that lies as it does."""
        return self._frame()

    @property
    def center_of_mass_reference_frame(self) -> ReferenceFrame:
        """The frame at the part's centre of mass, which is taken to be the part's place."""
        return self._frame()

    def position(self, reference_frame: ReferenceFrame) -> Vector:
        """Where it is, m."""
        return position_in(reference_frame, self._frame().origin())

    def center_of_mass(self, reference_frame: ReferenceFrame) -> Vector:
        """Where its centre of mass is, m: taken to be where the part is."""
        return self.position(reference_frame)

    def direction(self, reference_frame: ReferenceFrame) -> Vector:
        """Where its own y axis points."""
        return direction_in(reference_frame, self._frame().axes().y)

    def rotation(self, reference_frame: ReferenceFrame) -> Quaternion:
        """How it lies, as a quaternion (x, y, z, w)."""
        return quaternion(axes_in(reference_frame, self._frame().axes()))

    def velocity(self, reference_frame: ReferenceFrame) -> Vector:
        """Its velocity, m/s: as in kRPC that of the vessel's centre of mass."""
        velocity = motion.velocity(self.owner)
        return velocity_in(reference_frame, self._frame().origin(), velocity)

    def _frame(self) -> FixedFrame:
        design = self.design()
        return FixedFrame(self.owner, design.position, structure.lie_of(design))
