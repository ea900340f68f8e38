"""UI and Drawing: what clients put there stays as they set it, until it or they are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import krpc
import pytest
import stage

from helmsight.envs.orbital.krpc import objects
from helmsight.envs.orbital.krpc.errors import (
    ArgumentException,
    ArgumentOutOfRangeException,
    InvalidOperationException,
)
from helmsight.envs.orbital.krpc.scene import scene
from helmsight.envs.orbital.krpc.serving import Running, serve
from helmsight.envs.orbital.krpc.simulation import Simulation
from helmsight.envs.orbital.krpc.ui import containers
from helmsight.envs.orbital.krpc.ui.service import PanelStyle
from helmsight.envs.orbital.krpc.ui.widgets import Image


@pytest.fixture(params=["0.5.4", "0.7.0"])
def served(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A server of either version."""
    with serve("pe1_i3_init", rpc_port=0, stream_port=0, version=request.param) as server:
        yield server


@pytest.fixture
def panel() -> Any:
    """A panel in the stock canvas of a game without a server."""
    return containers.stock_canvas(Simulation("pe1_i3_init")).add_panel()


def put(thing: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(thing, name, value)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_the_client_of_0_7_puts_all_of_it_on_the_stage(served: Running, way: str) -> None:
    assert stage.play(served.rpc_port, served.stream_port, stubs=way == "stubs") == "0.7.0"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["stubs", "dynamic"])
def test_the_client_of_0_5_4_puts_all_of_it_on_the_stage(
    served: Running, old_client: Callable[..., str], way: str
) -> None:
    printed = old_client(Path(stage.__file__), served.rpc_port, served.stream_port, way)
    assert printed == "played with 0.5.4\n"


@pytest.mark.slow
def test_objects_go_with_their_client_and_messages_stay(served: Running) -> None:
    ports: dict[str, Any] = {"rpc_port": served.rpc_port, "stream_port": served.stream_port}
    one, two = krpc.connect(**ports), krpc.connect(**ports)
    one.ui.message("hi")
    own, other = one.ui.stock_canvas.add_text("one"), two.ui.stock_canvas.add_text("two")
    frame = two.space_center.active_vessel.reference_frame
    line = two.drawing.add_line((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), frame)
    one.close()
    gone = type(other)(two, own._object_id)
    two.krpc.get_status()
    with pytest.raises(ValueError, match="no Text has the id"):
        assert gone.content
    assert other.content == "two"
    two.ui.clear(True)
    two.drawing.clear()
    for thing in (other, line):
        with pytest.raises(RuntimeError, match="was removed"):
            assert thing.visible
    told = served.run(lambda server: list(server.host.game.scenes["UI"].messages))
    assert told == ["hi"]
    assert served.run(lambda server: len(server.host.game.scenes["UI"].things)) == 0
    two.close()


def test_a_script_that_draws_anew_every_frame_never_runs_out_of_ids(
    monkeypatch: pytest.MonkeyPatch, panel: Any
) -> None:
    monkeypatch.setattr(objects, "OWN_LIMIT", 10)
    store = objects.ObjectStore()
    store.holder = b"a client"
    seen = set()
    for _ in range(50):
        text = panel.add_text("again")
        seen.add(store.id_of(text, type(text)))
        text.remove()
    assert len(seen) == 50
    kept = [panel.add_text("stays") for _ in range(11)]
    for text in kept[:10]:
        store.id_of(text, type(text))
    with pytest.raises(InvalidOperationException, match="no room"):
        store.id_of(kept[10], type(kept[10]))


def test_a_panel_has_one_layout_and_only_a_grid_has_cells(panel: Any) -> None:
    assert panel.add_panel().layout is None
    layout = panel.add_vertical_layout()
    assert panel.layout is layout
    put(layout, spacing=6.0, padding=(1, 2, 3, 4))
    assert (layout.spacing, layout.padding) == (6.0, (1, 2, 3, 4))
    with pytest.raises(InvalidOperationException, match="has a layout already"):
        panel.add_grid_layout()
    with pytest.raises(InvalidOperationException, match="only a grid"):
        assert layout.cell_size
    grid = panel.add_panel().add_grid_layout()
    put(grid, cell_size=(10.0, 20.0), constraint_count=3)
    assert (grid.cell_size, grid.constraint_count) == ((10.0, 20.0), 3)
    with pytest.raises(ArgumentOutOfRangeException, match="constraint_count is 0"):
        put(grid, constraint_count=0)


def test_a_slider_keeps_its_value_in_its_range(panel: Any) -> None:
    slider = panel.add_slider(vertical=True)
    assert (slider.min, slider.max, slider.value) == (0.0, 1.0, 0.0)
    put(slider, max=10.0, value=7.0)
    put(slider, max=5.0)
    assert slider.value == 5.0
    with pytest.raises(ArgumentOutOfRangeException, match=r"value is 6\.0; give 0\.0 to 5\.0"):
        put(slider, value=6.0)
    with pytest.raises(ArgumentException, match="min has to be less"):
        put(slider, min=5.0)


def test_a_dropdown_has_what_is_chosen_among_its_options(panel: Any) -> None:
    dropdown = panel.add_dropdown()
    put(dropdown, options=["a", "b"], selected_index=1)
    assert (dropdown.options, dropdown.selected_index) == (["a", "b"], 1)
    with pytest.raises(ArgumentOutOfRangeException, match="there are 2 options"):
        put(dropdown, selected_index=2)
    put(dropdown, options=["c"])
    assert dropdown.selected_index == 0


def test_of_the_toggles_of_a_group_one_is_on(panel: Any) -> None:
    group = panel.add_toggle_group()
    first, second = panel.add_toggle("a"), panel.add_toggle("b")
    for toggle in (first, second):
        put(toggle, group=group, checked=True)
    assert (first.checked, second.checked, group.selected) == (False, True, second)
    assert second.text.content == "b"
    put(second, group=None)
    assert group.selected is None
    put(first, checked=True)
    group.remove()
    assert first.group is None


def test_what_scrolls_holds_a_panel(panel: Any) -> None:
    view = panel.add_scroll_view()
    assert view.content is view.content
    assert view.content.style is PanelStyle.NONE
    text = view.content.add_text("long")
    view.remove()
    with pytest.raises(InvalidOperationException, match="was removed"):
        assert text.content


def test_pixels_have_to_be_as_many_as_was_said(panel: Any) -> None:
    image: Image = panel.add_image()
    image.set_pixels(bytes(16), 2, 2)
    image.update_pixels(bytes(4), 1, 1, 1, 1)
    with pytest.raises(ArgumentException, match="15 bytes for 2 x 2 pixels; give 16"):
        image.set_pixels(bytes(15), 2, 2)
    with pytest.raises(ArgumentOutOfRangeException, match="do not lie in 2 x 2"):
        image.update_pixels(bytes(4), 2, 0, 1, 1)


def test_the_last_hundred_messages_are_remembered() -> None:
    game = Simulation("pe1_i3_init")
    for number in range(150):
        containers.message(game, str(number))
    assert list(scene(game, "UI").messages) == [str(n) for n in range(50, 150)]
