"""What a client puts on the screen and into space. Runs with either client, as a program.

python stage.py RPC_PORT STREAM_PORT stubs|dynamic
"""

from __future__ import annotations

import sys
from typing import Any


def raised(work: Any) -> str:
    """Return what `work` raises, as text."""
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("nothing was raised")


def same(thing: Any, **values: Any) -> None:
    """Set properties, and see that they are read back."""
    for name, value in values.items():
        setattr(thing, name, value)
        found = getattr(thing, name)
        if isinstance(value, tuple):
            found = tuple(found)
        assert found == value, (name, value, found)


def screen(conn: Any, alpha: tuple[float, ...]) -> None:
    """Messages, a panel with a text, a button and a field; removed and cleared."""
    ui = conn.ui
    ui.message("hi")
    ui.message("two", 5.0, ui.MessagePosition.top_right, (1.0, 0.5, 0.0, *alpha), 12.0)
    canvas = ui.stock_canvas
    assert canvas == ui.stock_canvas
    assert tuple(canvas.rect_transform.size) == (1280.0, 720.0)
    panel = canvas.add_panel()
    rectangle = panel.rect_transform
    assert rectangle == panel.rect_transform
    same(rectangle, size=(200.0, 100.0), position=(10.0, -20.0), pivot=(0.0, 0.0))
    assert tuple(rectangle.lower_left) == (10.0, -20.0)
    rectangle.upper_right = (110.0, 80.0)
    assert tuple(rectangle.size) == (100.0, 100.0)
    rectangle.lower_left = (0.0, -20.0)
    assert (tuple(rectangle.size), tuple(rectangle.upper_right)) == ((110.0, 100.0), (110.0, 80.0))
    rectangle.anchor = (0.0, 1.0)
    assert tuple(rectangle.anchor_min) == tuple(rectangle.anchor_max) == (0.0, 1.0)
    same(rectangle, local_position=(1.0, 2.0, 3.0), rotation=(0.0, 0.0, 1.0, 0.0))
    assert tuple(rectangle.position) == (1.0, 2.0)
    text = panel.add_text("Thrust: 0 kN")
    assert text.content == "Thrust: 0 kN"
    same(text, content="Thrust: 60 kN", size=18, color=(1.0, 1.0, 0.0, *alpha), visible=False)
    same(text, style=ui.FontStyle.bold, alignment=ui.TextAnchor.middle_center, line_spacing=1.5)
    same(text, font=text.available_fonts[-1])
    assert "no font" in raised(lambda: setattr(text, "font", "Comic"))
    button = panel.add_button("Full throttle", visible=False)
    assert (button.clicked, button.visible, button.text.content) == (False, False, "Full throttle")
    same(button, clicked=True)
    same(button.text, content="Go")
    clicked = conn.add_stream(getattr, button, "clicked")
    assert clicked()
    field = panel.add_input_field()
    same(field, value="42", changed=False)
    text.remove()
    assert "was removed" in raised(lambda: text.content)
    assert "was removed" in raised(text.remove)
    panel.remove()
    assert "was removed" in raised(lambda: button.text)
    assert "was removed" in raised(lambda: panel.add_text("late"))
    assert "cannot be removed" in raised(canvas.remove)
    own = ui.add_canvas()
    assert own != canvas
    inside = own.add_panel().add_panel().add_text("deep")
    ui.clear(True)
    assert "was removed" in raised(lambda: inside.content)
    assert "was removed" in raised(lambda: own.visible)
    assert ui.stock_canvas == canvas


def space(conn: Any) -> None:
    """Lines, directions, polygons and texts in frames."""
    drawing, ui = conn.drawing, conn.ui
    vessel = conn.space_center.active_vessel
    frame, other = vessel.reference_frame, vessel.orbital_reference_frame
    line = drawing.add_line((10.0, 1.0, 2.0), (3.0, 10.0, 4.0), frame)
    assert (tuple(line.start), tuple(line.end)) == ((10.0, 1.0, 2.0), (3.0, 10.0, 4.0))
    assert (line.reference_frame, line.visible, tuple(line.color)) == (frame, True, (1.0, 1.0, 1.0))
    same(line, color=(1.0, 0.0, 0.0), thickness=1.25, reference_frame=other, visible=False)
    same(line, material="none", start=(0.0, 0.0, 0.0))
    direction = drawing.add_direction((0.0, 1.0, 0.0), frame, 5.0)
    assert tuple(direction.end) == (0.0, 5.0, 0.0)
    from_com = drawing.add_direction_from_com((0.0, 1.0, 0.0), other)
    assert tuple(vessel.position(from_com.reference_frame)) == (0.0, 0.0, 0.0)
    corners = [(0.0, 0.0, 0.0), (0.0, 10.0, 0.0), (10.0, 10.0, 0.0)]
    polygon = drawing.add_polygon(corners, frame, False)
    assert (polygon.vertices, polygon.visible) == (corners, False)
    same(polygon, vertices=corners[:2], color=(0.0, 0.0, 1.0))
    text = drawing.add_text("Jeb", frame, (0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    same(text, content="Bob", size=20, character_size=2.0, style=ui.FontStyle.italic)
    same(text, alignment=ui.TextAlignment.right, anchor=ui.TextAnchor.upper_right)
    assert list(drawing.Text.available_fonts()) == ["Arial"]
    line.remove()
    assert "was removed" in raised(lambda: line.start)
    drawing.clear()
    for thing in (direction, from_com, polygon, text):
        assert "was removed" in raised(lambda thing=thing: thing.visible)


def play(rpc_port: int, stream_port: int, *, stubs: bool) -> str:
    """Put all of it on the stage and return the client's version."""
    import krpc

    ports: dict[str, Any] = {"rpc_port": rpc_port, "stream_port": stream_port}
    conn = krpc.connect(name="stage", **ports, use_pregenerated_stubs=stubs)
    try:
        screen(conn, () if krpc.__version__ < "0.7" else (1.0,))  # type: ignore[attr-defined]
        space(conn)
    finally:
        conn.close()
    return str(krpc.__version__)  # type: ignore[attr-defined]


if __name__ == "__main__":
    stubs = sys.argv[3] == "stubs"
    print("played with", play(int(sys.argv[1]), int(sys.argv[2]), stubs=stubs))
