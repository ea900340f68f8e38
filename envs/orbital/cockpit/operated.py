"""The cockpit's window from outside: opened or found, tried, begun again, looked at, typed into."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from helmsight.contract.errors import InvalidOption
from helmsight.contract.jsontext import parse_json
from helmsight.envs.errors import CockpitLost, ScreenMissing
from helmsight.envs.orbital.cockpit import keys
from helmsight.envs.orbital.cockpit.layout import HEIGHT, WIDTH
from helmsight.envs.orbital.cockpit.trial import ANSWER_S, FRESH_S, try_key
from helmsight.envs.orbital.cockpit.window import picture_place, title
from helmsight.envs.orbital.world import SETTLE, TIMEOUT
from helmsight.hardware.keyboard import Keyboard
from helmsight.hardware.screen import Screen, find_window

START_S = 30.0
"""That the program may take to show its window: a busy machine loads it slowly."""
REPORT_HZ = 50.0
_SIZE = (WIDTH, HEIGHT)
_number = itertools.count(1)


class Operated(ABC):
    """A cockpit's window with eyes and hands on it. `ready` once it was found and tried."""

    screen: Screen
    keyboard: Keyboard
    ready = False
    refereed = False
    """Whether its account holds more than a wall clock."""

    @abstractmethod
    def begin(self, seed: int) -> None:
        """Have the scenario at its start, every key up. Raises as `ScreenEnv.reset`."""

    @abstractmethod
    def go(self) -> None:
        """Let the clock run, if it was held."""

    @abstractmethod
    def over(self) -> bool:
        """Return whether the episode has ended, as far as can be known from outside."""

    @abstractmethod
    def account(self) -> dict[str, Any]:
        """Return what is known of the flight besides its picture."""

    def close(self) -> None:
        """Release every key and let go of the window. Idempotent."""
        if self.ready:
            self.ready = False
            self.keyboard.close()
            self.screen.close()

    def _attach(self, text: str) -> None:
        """Find the window, and the picture in it, and try a key."""
        is_window = text.startswith("window:")
        self.screen = Screen.open(text, size=_SIZE, within=picture_place if is_window else None)
        try:
            self.keyboard = Keyboard(self.screen.window or find_window(title("")))
        except BaseException:
            self.screen.close()
            raise
        self.ready = True
        self.trial_s = try_key(self.screen, self.keyboard)


class Opened(Operated):
    """A window in a process of its own, with the referee's reports from it and orders to it."""

    refereed = True

    def __init__(self, scenario: str, scale: float, rate: float) -> None:
        self._scenario, self._scale, self._rate = scenario, scale, rate
        self._process: subprocess.Popen[str] | None = None
        self._news = threading.Condition()
        self._report: dict[str, Any] = {}

    def begin(self, seed: int) -> None:
        if self._process is None:
            self._open()
        if self.ready:
            self.keyboard.release()
            self.trial_s = try_key(self.screen, self.keyboard)
        else:
            self._attach(f"window:{self._title}")
        run = self._report["run"]
        self._order(restart=seed)
        self._wait(lambda report: report["run"] > run and report["drawn"] == report["run"])

    def go(self) -> None:
        self._order(go=True)

    def over(self) -> bool:
        return bool(self._report["over"])

    def account(self) -> dict[str, Any]:
        self._alive()
        with self._news:
            return {k: v for k, v in self._report.items() if k not in ("run", "drawn", "held")}

    def close(self) -> None:
        super().close()
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        try:
            process.stdin.close()  # its end closes the window
            process.wait(ANSWER_S)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        self._reader.join(1.0)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _open(self) -> None:
        # a title of its own: several windows may be open, each with its own pilot
        self._title = f"{title(self._scenario)} #{os.getpid()}.{next(_number)}"
        command = [sys.executable, "-m", "helmsight.envs.orbital.cockpit.program", self._scenario]
        command += ["--scale", str(self._scale), "--rate", str(self._rate)]
        command += ["--name", self._title, "--report-hz", str(REPORT_HZ)]
        self._report = {}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C in a terminal is for us: we close it
        )
        self._reader = threading.Thread(
            target=self._read, args=(self._process,), name="cockpit reports", daemon=True
        )
        self._reader.start()
        try:
            self._wait(lambda report: report["drawn"] > 0, START_S)
        except CockpitLost:
            self.close()
            raise

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._news:
                self._report = parse_json(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def _order(self, **order: Any) -> None:
        self._alive()
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except OSError:
            self._alive(within_s=1.0)
            raise CockpitLost("the cockpit's window takes no orders any more") from None

    def _wait(self, true: Callable[[dict[str, Any]], bool], within_s: float = ANSWER_S) -> None:
        """Wait for a report of which `true` holds."""
        deadline = time.monotonic() + within_s
        with self._news:
            while not (self._report and true(self._report)):
                self._alive()
                if time.monotonic() > deadline:
                    raise CockpitLost(
                        f"the cockpit's window gave no sign within {within_s:g} s; "
                        f"its last report: {self._report or 'none'}"
                    )
                self._news.wait(0.1)

    def _alive(self, within_s: float = 0.0) -> None:
        """Raise what ended the window's program, if it has ended."""
        process = self._process
        if process is None:
            raise CockpitLost("the cockpit's window is closed; call reset()")
        try:
            status = process.wait(within_s) if within_s else process.poll()
        except subprocess.TimeoutExpired:
            return
        if status is None:
            return
        assert process.stderr is not None
        lines = process.stderr.read().strip().splitlines()
        why = lines[-1] if lines else "it said nothing"
        if status == ScreenMissing.exit_status and lines and not self._report:
            raise ScreenMissing(why)
        raise CockpitLost(f"the cockpit's window is closed (status {status}): {why}")


class Attached(Operated):
    """A window that was open already: what it shows is all that is known of it."""

    def __init__(self, capture: str, rate: float) -> None:
        self._capture, self._rate = capture, rate
        self._began = 0.0

    def begin(self, seed: int) -> None:
        if seed:
            raise InvalidOption(
                f"seed {seed}: a window that is open keeps its own; start it with "
                f"`helmsight cockpit SCENARIO --seed {seed}` and fly seed 0 here"
            )
        if self.ready:
            self.keyboard.release()
            self.trial_s = try_key(self.screen, self.keyboard)
        else:
            self._attach(self._capture)
        self.keyboard.tap(keys.RESTART[0])
        self._began = time.perf_counter()
        time.sleep(FRESH_S)

    def go(self) -> None:
        pass

    def over(self) -> bool:
        return self._met() > TIMEOUT

    def account(self) -> dict[str, Any]:
        return {"met": self._met()}

    def _met(self) -> float:
        return SETTLE + (time.perf_counter() - self._began) * self._rate
