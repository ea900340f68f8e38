"""Windows on X11, with or without a window manager, by python-xlib.

python-xlib keeps its locks by hand: an exception in the middle of a call (Ctrl-C, SIGTERM) leaves
them taken, and the next call on that connection waits for ever. Signals wait for a call to end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

from helmsight.contract.signals import held_back
from helmsight.hardware.errors import WindowUnavailable
from helmsight.hardware.screen.window import ScreenBox, chosen, gone, hidden


class X11Window:
    """A window of an X server, on a connection of its own."""

    def __init__(self, display: Any, window: Any, title: str) -> None:
        self.title = title
        self._display, self._window = display, window
        self._root = display.screen().root

    @held_back()
    def place(self) -> ScreenBox:
        from Xlib import X, error  # type: ignore[import-untyped]

        try:
            shown = self._window.get_attributes().map_state == X.IsViewable
            size = self._window.get_geometry()
            corner = self._root.translate_coords(self._window, 0, 0)
        except (error.XError, error.ConnectionClosedError):
            raise gone(self.title) from None
        if not shown:
            raise hidden(self.title, "minimised or hidden")
        return ScreenBox(corner.x, corner.y, size.width, size.height)

    @held_back()
    def focused(self) -> bool:
        from Xlib import error

        try:
            self._window.get_attributes()  # says whether it is still there
            focus = self._display.get_input_focus().focus
            # a toolkit may give the keyboard to a window inside its own
            while hasattr(focus, "id") and focus.id != self._root.id:
                if focus.id == self._window.id:
                    return True
                focus = focus.query_tree().parent
        except (error.XError, error.ConnectionClosedError):
            raise gone(self.title) from None
        return False

    @held_back()
    def focus(self) -> None:
        from Xlib import X, error
        from Xlib.protocol import event  # type: ignore[import-untyped]

        try:
            if _managed(self._display, self._root):
                active = self._display.intern_atom("_NET_ACTIVE_WINDOW")
                message = event.ClientMessage(
                    window=self._window, client_type=active, data=(32, [2, X.CurrentTime, 0, 0, 0])
                )
                mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
                self._root.send_event(message, event_mask=mask)
            else:
                self._window.raise_window()
                self._window.set_input_focus(X.RevertToParent, X.CurrentTime)
            self._display.sync()
        except (error.XError, error.ConnectionClosedError):
            raise gone(self.title) from None

    def again(self) -> X11Window:
        connection = _connect(self.title)
        window = connection.create_resource_object("window", self._window.id)
        return X11Window(connection, window, self.title)

    @held_back()
    def close(self) -> None:
        from Xlib import error

        with suppress(error.ConnectionClosedError, OSError):
            self._display.close()


def find(title: str) -> X11Window:
    """Return the window called `title`. Raises WindowUnavailable as `find_window`."""
    connection = _connect(title)
    try:
        windows = list(_titled(connection, connection.screen().root))
        index = chosen(title, [name for name, _ in windows])
    except WindowUnavailable:
        connection.close()
        raise
    return X11Window(connection, windows[index][1], windows[index][0])


def _connect(title: str) -> Any:
    """Return a connection of its own. Raises WindowUnavailable where there is no X server."""
    from Xlib import display, error

    try:
        with connecting():
            connection = display.Display()
    except (error.DisplayError, error.XauthError, OSError) as problem:
        name = os.environ.get("DISPLAY", "")
        raise WindowUnavailable(
            f"window {title!r}: no X display {name!r} ({problem}); start one, or set DISPLAY. "
            "Without a monitor: xvfb-run -s '-noreset -screen 0 1280x800x24' COMMAND"
        ) from None
    # a window may go at any moment: its errors are those of the call that asks for it
    connection.set_error_handler(lambda *_: None)
    return connection


@contextmanager
def connecting() -> Iterator[None]:
    """Let python-xlib connect where no keys of X servers are kept, and print nothing about it."""
    if not os.environ.get("XAUTHORITY") and not (Path.home() / ".Xauthority").exists():
        os.environ["XAUTHORITY"] = os.devnull  # it insists on a file
    with redirect_stdout(StringIO()):
        yield


def _titled(display: Any, root: Any) -> Iterator[tuple[str, Any]]:
    """Yield (title, window) of programs' windows: what the window manager lists, or all."""
    from Xlib import X, error

    listed = root.get_full_property(display.intern_atom("_NET_CLIENT_LIST"), X.AnyPropertyType)
    if listed is not None:
        waiting = [display.create_resource_object("window", int(number)) for number in listed.value]
    else:
        waiting = list(root.query_tree().children)
    while waiting:
        window = waiting.pop(0)
        try:
            title = _title(display, window)
            if title:
                yield title, window
            elif listed is None:  # a frame of a window manager that lists nothing
                waiting += window.query_tree().children
        except error.XError:
            continue  # gone since it was listed


def _title(display: Any, window: Any) -> str:
    from Xlib import X

    for name in ("_NET_WM_NAME", "WM_NAME"):
        property_ = window.get_full_property(display.intern_atom(name), X.AnyPropertyType)
        if property_ is not None and property_.value:
            value = property_.value
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return ""


def _managed(display: Any, root: Any) -> bool:
    from Xlib import X

    check = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
    return root.get_full_property(check, X.AnyPropertyType) is not None
