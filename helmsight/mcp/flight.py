"""A run that a client operates, in a thread of its own, attended by people at a console."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from helmsight.console.desk import Desk
from helmsight.console.pictures import jpeg
from helmsight.contract.observation import observation_mode
from helmsight.contract.record import plain
from helmsight.contract.validation import wrong
from helmsight.errors import InvalidSetting
from helmsight.mcp.proposer import Proposer
from helmsight.session import fly, run_folder

NAME = "mcp client"
PERSON_S = 600.0  # that a person may take to approve
LOOK_S = 0.02


class Flight:
    """One run under way. settings: of `session.fly`; approve: a person agrees to each command."""

    def __init__(
        self, scenario: str, seed: int, runs: Path, settings: Mapping[str, Any], *, approve: bool
    ) -> None:
        self.folder = run_folder(scenario, NAME, seed, runs)
        self.desk = Desk(self.folder)
        needs = observation_mode(settings.get("observation") or "frame+telemetry")
        self.pilot = Proposer(needs, lambda: bool(self.desk.stopping))
        self.ended = ""
        operator = {"approve": "all", "max_age_s": PERSON_S} if approve else {}
        self._work = {
            "scenario": scenario, "pilot": self.pilot, "seed": seed, "out": self.folder,
            "listeners": [self.desk], "crew": self.desk, "operator": operator, **settings,
        }  # fmt: skip
        self._thread = threading.Thread(target=self._fly, name="mcp flight", daemon=True)
        self._thread.start()

    def _fly(self) -> None:
        try:
            self.ended = f"the run has ended: {fly(**self._work).reason}"
        except (Exception, KeyboardInterrupt) as error:
            self.ended = f"the run has ended: {type(error).__name__}: {error}"

    def wait(self, within_s: float) -> None:
        """Return once the client is to decide or the run has ended, at most `within_s` later."""
        until = time.monotonic() + within_s
        while not (self.pilot.sighting or self.ended) and time.monotonic() < until:
            time.sleep(LOOK_S)

    def look(self) -> tuple[dict[str, Any], bytes | None]:
        """Return what there is to see and to know now, and the picture as a JPEG file."""
        sighting, task = self.pilot.sighting, self.pilot.task
        if self.ended or sighting is None or task is None:
            return self._instead(), None
        telemetry = sighting.observation.get("telemetry")
        said: dict[str, Any] = {
            "task": task.goal,
            "world_time_s": sighting.stamp,
            "notes": list(sighting.notes),
            "command_schema": task.command.model_json_schema(),
        }
        if telemetry is not None:
            said["telemetry"] = {
                f"{field.name} {field.unit} {field.frame}".strip(): float(value)
                for field, value in zip(task.fields, telemetry, strict=True)
            }
        return plain(said), jpeg(sighting.observation.get("frame"))

    def _instead(self) -> dict[str, Any]:
        if self.ended:
            return {"state": self.ended, "run": self.folder.name}
        with self.desk.changed:
            state = self.desk.state() if self.desk.world is not None else {}
        who = state.get("helm") or state.get("paused")
        waits = state.get("waiting")
        said = (
            f"step {waits['index']} waits until a person approves it at the console"
            if waits
            else f"{who} holds the helm"
            if who
            else "the world is being moved"
        )
        return {"state": said, "run": self.folder.name}

    def propose(self, command: dict[str, Any]) -> None:
        """Have the guard, a person and the supervisor judge a command, and the world do it.

        Raises:
            InvalidSetting: it is no command of this world, or none is asked for now.
        """
        try:
            self.pilot.propose(command)
        except ValidationError as error:
            raise InvalidSetting(f"that is no command of this world: {wrong(error)}") from None
        except ValueError as error:
            raise InvalidSetting(f"{error}; {self._instead().get('state')}") from None

    def end(self, within_s: float = 60.0) -> str:
        """Stop the run and return how it ended; what moves is brought to rest first."""
        self.desk.order({"do": "stop", "by": NAME})
        self._thread.join(within_s)
        return self.ended or "the run has not ended yet"


def last_step(flight: Flight) -> dict[str, Any]:
    """Return what became of the last command: applied, cut, refused."""
    record = flight.desk.record
    if record is None:
        return {}
    return {
        "step": record.index, "wanted": record.wanted, "applied": record.applied,
        "held_back": record.marks, "people": record.people,
    }  # fmt: skip
