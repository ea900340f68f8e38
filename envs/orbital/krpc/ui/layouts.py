"""Where things are on the screen: rectangles, and what arranges the contents of a panel."""

from __future__ import annotations

from typing import Any, NamedTuple

from helmsight.envs.orbital.krpc.errors import (
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.scene import Thing, kept
from helmsight.envs.orbital.krpc.space_center.vectors import IDENTITY, Quaternion, Vector
from helmsight.envs.orbital.krpc.types import Float
from helmsight.envs.orbital.krpc.ui.service import (
    ContentSizeFit,
    GridConstraint,
    TextAnchor,
    service,
)

Pair = tuple[float, float]
CENTRE: Pair = (0.5, 0.5)
FREE: Pair = (-1.0, -1.0)  # sizes that a layout chooses


class UIThing(Thing):
    """An object of the UI service."""

    scene_name = "UI"


@service.remote
class RectTransform(UIThing):
    """The rectangle of an object, in pixels from the anchor, which is the middle at first."""

    position = kept("position", Pair, (0.0, 0.0), "Place of the pivot.")
    size = kept("size", Pair, (0.0, 0.0), "Width and height.")
    anchor_max = kept("anchor_max", Pair, CENTRE, "The upper right anchor, 0 to 1.")
    anchor_min = kept("anchor_min", Pair, CENTRE, "The lower left anchor, 0 to 1.")
    pivot = kept("pivot", Pair, CENTRE, "The point that it is placed and turned by, 0 to 1.")
    rotation = kept("rotation", Quaternion, IDENTITY, "How it is turned, as (x, y, z, w).")
    scale = kept("scale", Vector, (1.0, 1.0, 1.0), "How it is scaled.")

    def _set_anchor(self, value: Pair) -> None:
        """Set both anchors."""
        self.check()
        self.values["anchor_max"] = self.values["anchor_min"] = value

    anchor = property(None, _set_anchor)

    @property
    def local_position(self) -> Vector:
        """Place of the pivot in the object that it is in."""
        x, y = self.position
        return (x, y, self.values.get("depth", 0.0))

    @local_position.setter
    def local_position(self, value: Vector) -> None:
        self.check()
        self.values["position"], self.values["depth"] = value[:2], value[2]

    @property
    def upper_right(self) -> Pair:
        """Its upper right corner. Setting it leaves the other where it is."""
        return self._corner(1.0)

    @upper_right.setter
    def upper_right(self, value: Pair) -> None:
        self._span(self._corner(0.0), value)

    @property
    def lower_left(self) -> Pair:
        """Its lower left corner. Setting it leaves the other where it is."""
        return self._corner(0.0)

    @lower_left.setter
    def lower_left(self, value: Pair) -> None:
        self._span(value, self._corner(1.0))

    def _corner(self, side: float) -> Pair:
        place, size, pivot = self.position, self.size, self.pivot
        return (
            place[0] + (side - pivot[0]) * size[0],
            place[1] + (side - pivot[1]) * size[1],
        )

    def _span(self, low: Pair, high: Pair) -> None:
        size, pivot = (high[0] - low[0], high[1] - low[1]), self.pivot
        self.values["size"] = size
        self.values["position"] = (low[0] + pivot[0] * size[0], low[1] + pivot[1] * size[1])


@service.remote
@since("0.7.0")
class LayoutElement(UIThing):
    """What an object asks of the layout that it is in."""

    min_size = kept("min_size", Pair, FREE, "The least size; negative leaves it to the layout.")
    preferred_size = kept("preferred_size", Pair, FREE, "The size that it would like to have.")
    flexible_size = kept("flexible_size", Pair, FREE, "Its share of what room is left.")
    ignore_layout = kept("ignore_layout", bool, False, "Whether the layout leaves it alone.")


@service.struct
@since("0.7.0")
class Padding(NamedTuple):
    """The room inside the edges of a layout, pixels."""

    left: int
    right: int
    top: int
    bottom: int


def _of_grid(name: str, kind: Any, at_first: Any, doc: str) -> Any:
    plain = kept(name, kind, at_first, doc)

    def get(self: Layout) -> Any:
        self._check_grid()
        return plain.fget(self)

    def put(self: Layout, value: Any) -> None:
        self._check_grid()
        if name == "constraint_count" and value < 1:
            raise ArgumentOutOfRangeException(f"constraint_count is {value}; give 1 or more")
        plain.fset(self, value)

    get.__doc__ = put.__doc__ = doc
    get.__annotations__ = {"return": kind}
    put.__annotations__ = {"value": kind, "return": None}
    return property(get, put)


@service.remote
@since("0.7.0")
class Layout(UIThing):
    """What arranges the contents of a panel: in a row, a column or a grid."""

    spacing = kept("spacing", Float, 0.0, "Room between the contents, pixels.")
    padding = kept("padding", Padding, Padding(0, 0, 0, 0), "Room inside the edges.")
    child_alignment = kept(
        "child_alignment", TextAnchor, TextAnchor.UPPER_LEFT, "Where the contents lie."
    )
    cell_size = _of_grid("cell_size", Pair, (100.0, 100.0), "Size of a cell of a grid.")
    constraint = _of_grid(
        "constraint", GridConstraint, GridConstraint.FLEXIBLE, "What fixes the grid's shape."
    )
    constraint_count = _of_grid("constraint_count", int, 2, "Columns or rows that are fixed.")

    def _check_grid(self) -> None:
        self.check()
        if not self.values.get("grid"):
            raise InvalidOperationException(
                "only a grid has cells and a constraint; add one with Panel.AddGridLayout"
            )


@service.remote
@since("0.7.0")
class SizeFitter(UIThing):
    """What makes a panel as large as its contents."""

    horizontal_fit = kept(
        "horizontal_fit", ContentSizeFit, ContentSizeFit.UNCONSTRAINED, "The width."
    )
    vertical_fit = kept("vertical_fit", ContentSizeFit, ContentSizeFit.UNCONSTRAINED, "The height.")
