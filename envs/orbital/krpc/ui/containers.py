"""What widgets are put into: canvases, panels, views that scroll; the service's procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from helmsight.envs.orbital.krpc.errors import InvalidOperationException
from helmsight.envs.orbital.krpc.registry import since
from helmsight.envs.orbital.krpc.scene import kept, newer, scene
from helmsight.envs.orbital.krpc.stdlib import OPAQUE_WHITE, ColorRGBA
from helmsight.envs.orbital.krpc.types import Float
from helmsight.envs.orbital.krpc.ui.layouts import Layout, SizeFitter
from helmsight.envs.orbital.krpc.ui.service import MessagePosition, PanelStyle, service
from helmsight.envs.orbital.krpc.ui.widgets import (
    Button,
    Dropdown,
    Image,
    InputField,
    Slider,
    Text,
    Toggle,
    ToggleGroup,
    Widget,
)

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.simulation import Simulation

SCREEN = (1280.0, 720.0)
"""The size of the screen that there is not, pixels: that of screenshots."""
W = TypeVar("W", bound=Widget)


class Container(Widget):
    """What widgets are put into."""

    def add_panel(self, visible: bool = True) -> Panel:
        """Add a panel."""
        return self._add(Panel, (200.0, 200.0), visible=visible)

    def add_text(self, content: str, visible: bool = True) -> Text:
        """Add a text."""
        return self._add(Text, (160.0, 30.0), content=content, visible=visible)

    def add_input_field(self, visible: bool = True) -> InputField:
        """Add a field for text."""
        return self._add(InputField, (160.0, 30.0), visible=visible)

    def add_button(self, content: str, visible: bool = True) -> Button:
        """Add a button with a text on it."""
        button = self._add(Button, (160.0, 30.0), visible=visible)
        button.text.values["content"] = content
        return button

    @since("0.7.0")
    def add_image(self, visible: bool = True) -> Image:
        """Add a picture."""
        return self._add(Image, (100.0, 100.0), visible=visible)

    @since("0.7.0")
    def add_slider(self, vertical: bool = False, visible: bool = True) -> Slider:
        """Add a slider."""
        return self._add(Slider, (20.0, 160.0) if vertical else (160.0, 20.0), visible=visible)

    @since("0.7.0")
    def add_dropdown(self, visible: bool = True) -> Dropdown:
        """Add a list to choose from."""
        return self._add(Dropdown, (160.0, 30.0), visible=visible)

    @since("0.7.0")
    def add_toggle(self, content: str, visible: bool = True) -> Toggle:
        """Add a box to tick with a text beside it."""
        toggle = self._add(Toggle, (160.0, 20.0), visible=visible)
        toggle.text.values["content"] = content
        return toggle

    @since("0.7.0")
    def add_toggle_group(self) -> ToggleGroup:
        """Add a group of toggles."""
        return self._add(ToggleGroup, (0.0, 0.0), members=[])

    @since("0.7.0")
    def add_scroll_view(self, visible: bool = True) -> ScrollView:
        """Add a view that scrolls."""
        return self._add(ScrollView, (200.0, 200.0), visible=visible)

    def _add(self, cls: type[W], size: tuple[float, float], **values: Any) -> W:
        widget = cls(self.game, self, **values)
        widget.rect_transform.values["size"] = size
        return widget


@service.remote
class Canvas(Container):
    """What fills the screen. The stock canvas cannot be removed."""

    def remove(self) -> None:
        """Remove it, and what is in it."""
        if self.values.get("stock"):
            raise InvalidOperationException("the stock canvas cannot be removed")
        super().remove()


@service.remote
class Panel(Container):
    """A window, or what widgets are put together in."""

    color = newer(kept("color", ColorRGBA, OPAQUE_WHITE, "The colour of what is behind it."))
    draggable = newer(kept("draggable", bool, False, "Whether a mouse could move it."))
    style = newer(kept("style", PanelStyle, PanelStyle.WINDOW, "What is behind it."))

    @property
    @since("0.7.0")
    def layout(self) -> Layout | None:
        """What arranges its contents, or null."""
        self.check()
        layout: Layout | None = self.values.get("layout")
        return layout

    @property
    @since("0.7.0")
    def size_fitter(self) -> SizeFitter:
        """What makes it as large as its contents."""
        fitter: SizeFitter = self.part("fitter", lambda: SizeFitter(self.game, self))
        return fitter

    @since("0.7.0")
    def add_horizontal_layout(self) -> Layout:
        """Arrange its contents in a row."""
        return self._arrange(grid=False)

    @since("0.7.0")
    def add_vertical_layout(self) -> Layout:
        """Arrange its contents in a column."""
        return self._arrange(grid=False)

    @since("0.7.0")
    def add_grid_layout(self) -> Layout:
        """Arrange its contents in a grid."""
        return self._arrange(grid=True)

    @since("0.7.0")
    def bring_to_front(self) -> None:
        """Draw it over the others."""
        self.check()

    def _arrange(self, *, grid: bool) -> Layout:
        if self.layout is not None:
            raise InvalidOperationException("the panel has a layout already")
        layout: Layout = self.part("layout", lambda: Layout(self.game, self, grid=grid))
        return layout


@service.remote
@since("0.7.0")
class ScrollView(Widget):
    """A view of a panel that may be larger."""

    horizontal = kept("horizontal", bool, True, "Whether it scrolls sideways.")
    vertical = kept("vertical", bool, True, "Whether it scrolls up and down.")

    @property
    def content(self) -> Panel:
        """The panel that it shows."""
        panel: Panel = self.part("content", lambda: Panel(self.game, self, style=PanelStyle.NONE))
        return panel


@service.getter
def stock_canvas(game: Simulation) -> Canvas:
    """The canvas that is always there."""
    fixed = scene(game, "UI").fixed
    if "stock" not in fixed:
        canvas = fixed["stock"] = Canvas(game, stock=True)
        canvas.scene().things.pop(canvas)  # it is nobody's, and stays
        canvas.rect_transform.values["size"] = SCREEN
    return cast(Canvas, fixed["stock"])


@service.procedure
def add_canvas(game: Simulation) -> Canvas:
    """Add a canvas."""
    canvas = Canvas(game)
    canvas.rect_transform.values["size"] = SCREEN
    return canvas


@service.procedure
def message(
    game: Simulation,
    content: str,
    duration: Float = 1.0,
    position: MessagePosition = MessagePosition.TOP_CENTER,
    color: ColorRGBA = ColorRGBA(1.0, 0.92, 0.016),  # noqa: B008
    size: Float = 20.0,
) -> None:
    """Show a message, which nobody sees; the last ones are remembered."""
    scene(game, "UI").messages.append(content)


@service.procedure
def clear(game: Simulation, client_only: bool = False) -> None:
    """Remove all objects, or those of the client that asks."""
    scene(game, "UI").clear(game.caller if client_only else None)
