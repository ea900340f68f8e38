"""Keys of this machine, pressed as by a person and held for given times, into one window only."""

from __future__ import annotations

import atexit
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from types import FrameType
from typing import Any, ClassVar, Self

from helmsight.contract.errors import InvalidOption
from helmsight.contract.signals import STOPS, held_back
from helmsight.hardware.errors import HardwareError, KeysRefused
from helmsight.hardware.screen import Window

FOCUS_S = 2.0  # that a window manager may take to give a window the keyboard
GUARD_S = 0.05  # between two looks at whether keys still go where they should


class Keyboard:
    """The keyboard, aimed at `window`. A context manager.

    Every key that is down is released when it is closed, when anything goes wrong, and when the
    program ends, by Ctrl-C and SIGTERM as well; only SIGKILL leaves keys down. Keys that stay down
    between two holds are watched meanwhile: they are released when the window loses the keyboard,
    and the next hold says so.

    The pointer in a corner of the screen is the brake: a person who throws the mouse there stops
    all typing at once (KeysRefused).

    Raises:
        KeysRefused: no screen, or no permission, to press keys on.
    """

    _busy: ClassVar[threading.RLock] = threading.RLock()  # a machine has one keyboard

    def __init__(self, window: Window) -> None:
        self._keys = _pyautogui()
        self._down: dict[str, float] = {}  # when each key went down, in that order
        self._closing = threading.Event()
        self._barred: HardwareError | None = None  # found by the sentry, told by the next hold
        self.window = window.again()  # looked at from the sentry's thread, too
        atexit.register(self.release)
        self._sentry = threading.Thread(target=self._watch, name="keys watched", daemon=True)
        self._sentry.start()
        self._before: dict[int, Any] = {}
        main = threading.current_thread() is threading.main_thread()
        for number in STOPS if main else ():
            if signal.getsignal(number) == signal.SIG_DFL:
                self._before[number] = signal.signal(number, _leave)

    @property
    def down(self) -> tuple[str, ...]:
        """The keys that are down now, in the order in which they were pressed."""
        return tuple(self._down)

    def aim(self) -> None:
        """Bring the window to the front and have it focused. Raises as `hold`."""
        with self._busy:
            self.window.focus()
            self._aim()

    def tap(self, key: str, seconds: float = 0.06) -> float:
        """Press `key` for a moment and return how long it was really down, s. Raises as `hold`."""
        kept = {name: seconds for name in self._down if name != key}
        return self.hold({**kept, key: seconds}, seconds, keep=kept)[key]

    def hold(
        self,
        pulses: Mapping[str, float],
        seconds: float,
        *,
        keep: Collection[str] = (),
        until: Callable[[], bool] = lambda: False,
    ) -> dict[str, float]:
        """Hold each key of `pulses` for its time from now on, and return after `seconds`.

        Keys are pressed in the order of `pulses` and released in the opposite one. Keys that are
        down already stay down if they are in `pulses`; others are released first. Those in `keep`
        stay down at the end. `until` is asked often: True ends it early, all keys released.

        Returns:
            How long each key was really down within these `seconds`, s.

        Raises:
            KeysRefused: the window did not get, or lost, the keyboard; the pointer is in a corner.
            WindowUnavailable: the window is gone.
            InvalidOption: a key that this keyboard does not have.
        """
        for key in pulses:
            self._check(key)
        with self._busy:
            try:
                return self._hold(pulses, seconds, keep, until)
            except BaseException as error:
                self.release()
                if isinstance(error, self._keys.FailSafeException):  # between two of our own looks
                    raise _braked() from None
                raise

    def release(self) -> None:
        """Release every key that is down. Never refused, and never raises for a screen gone."""
        with self._busy, held_back():
            guarded, self._keys.FAILSAFE = self._keys.FAILSAFE, False
            try:
                for key in reversed(self.down):
                    with suppress(Exception):  # the screen is gone, and its keyboard with it
                        self._up(key)
                    self._down.pop(key, None)
            finally:
                self._keys.FAILSAFE = guarded

    def close(self) -> None:
        """Release every key. Idempotent."""
        self._closing.set()
        self.release()
        self._sentry.join()
        self.window.close()
        atexit.unregister(self.release)
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hold(
        self,
        pulses: Mapping[str, float],
        seconds: float,
        keep: Collection[str],
        until: Callable[[], bool],
    ) -> dict[str, float]:
        if self._barred is not None:
            error, self._barred = self._barred, None
            raise error
        self._aim()
        for key in reversed(self.down):
            if key not in pulses:
                self._up(key)
        # Pressing takes time, too: a key's time counts from when it went down, and that of the
        # whole hold from the last of them.
        began = {key: self._press(key) for key, time_s in pulses.items() if time_s > 0.0}
        start = max(began.values(), default=time.perf_counter())
        ends = {key: since + min(pulses[key], seconds) for key, since in began.items()}
        return self._carry_out(began, ends, start + seconds, keep, until)

    def _watch(self) -> None:
        """Between holds, see that keys which stay down still go where they should."""
        while not self._closing.wait(GUARD_S):
            if self._down and self._busy.acquire(blocking=False):
                try:
                    if self._down:
                        self._guard()
                except HardwareError as error:
                    self.release()
                    self._barred = error
                finally:
                    self._busy.release()

    def _carry_out(
        self,
        began: Mapping[str, float],
        ends: Mapping[str, float],
        end: float,
        keep: Collection[str],
        until: Callable[[], bool],
    ) -> dict[str, float]:
        """Release keys as their times come, watching where they go; return how long each was."""
        held: dict[str, float] = {}
        waiting = [key for key in self.down if key in ends and key not in keep]
        while True:
            now = time.perf_counter()
            for key in [key for key in reversed(waiting) if ends[key] <= now]:
                held[key] = self._up(key) - began[key]
                waiting.remove(key)
            if now >= end:
                break
            if until():
                self.release()
                break
            # A person may click elsewhere in the middle of a hold: the keys would go there.
            self._guard()
            soonest = min([ends[key] for key in waiting], default=end)
            time.sleep(max(0.0, min(soonest, end, now + GUARD_S) - time.perf_counter()))
        done = time.perf_counter()
        return {key: held.get(key, done - began[key]) for key in began}

    def _press(self, key: str) -> float:
        """Have `key` down and return since when it counts."""
        if key not in self._down:
            with held_back():  # never down and not known to be
                self._keys.keyDown(key)
                self._down[key] = time.perf_counter()
            return self._down[key]
        return time.perf_counter()

    def _up(self, key: str) -> float:
        with held_back():
            self._keys.keyUp(key)
            self._down.pop(key, None)
        return time.perf_counter()

    def _aim(self) -> None:
        """Have the window focused, or raise KeysRefused; the brake is looked at as well."""
        deadline = time.monotonic() + FOCUS_S
        if not self.window.focused():
            self.release()
            self.window.focus()
            while not self.window.focused():
                if time.monotonic() > deadline:
                    raise KeysRefused(
                        f"window {self.window.title!r} does not get the keyboard: click into it; "
                        "no key was pressed, it would have reached another program"
                    )
                time.sleep(0.01)
        self._brake()

    def _guard(self) -> None:
        if not self.window.focused():
            raise KeysRefused(
                f"window {self.window.title!r} lost the keyboard while keys were down: they were "
                "released; leave the window in front while it is flown"
            )
        self._brake()

    def _brake(self) -> None:
        try:
            with held_back():
                self._keys.failSafeCheck()
        except self._keys.FailSafeException:
            raise _braked() from None

    def _check(self, key: str) -> None:
        if not self._keys.isValidKey(key):
            raise InvalidOption(f"key {key!r} is not on this keyboard; names are pyautogui's")


def _braked() -> KeysRefused:
    return KeysRefused(
        "the pointer is in a corner of the screen, which is the brake for a person: "
        "all keys were released; move it away to go on"
    )


def _leave(number: int, _: FrameType | None) -> None:
    """End the program in order, so that what is registered for its end is done."""
    sys.exit(128 + number)


def _pyautogui() -> Any:
    """Return pyautogui, told not to wait after each key. Raises KeysRefused where it cannot be."""
    from helmsight.hardware.screen.x11 import connecting

    try:
        with connecting():
            import pyautogui
    except ImportError as error:
        raise KeysRefused(
            f"keys need the package pyautogui ({error}): pip install 'helmsight[screen]'"
        ) from None
    except Exception as error:  # no DISPLAY: KeyError, or whatever the platform's part raises
        raise KeysRefused(
            f"keys cannot be pressed here ({type(error).__name__}: {error}); start a desktop or "
            "set DISPLAY"
        ) from None
    pyautogui.PAUSE = 0.0
    pyautogui.FAILSAFE = True
    return pyautogui
