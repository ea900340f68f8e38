"""What people want of a run, and what they did: shared by the loop and whoever attends it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from helmsight.contract.clock import Clock
from helmsight.contract.command import Command
from helmsight.contract.foreign import check_name
from helmsight.contract.pilot import Sighting
from helmsight.contract.record import FLEW, plain
from helmsight.contract.validation import wrong
from helmsight.keydesk import interrupt_main

BEAT_S = 0.2  # between two looks at whether a wait is over: Windows wakes no lock for a signal
HELD_S = 1.0  # that a world which runs by itself holds still before it is looked at again
KEPT = 1000  # answers to orders, so that one that comes twice is carried out once
TOO_LATE = "ordered a command after the last step"
Answer = bool | dict[str, Any]


class Refused(ValueError):
    """An order that cannot be carried out now; its words are for the person."""


class Helm:
    """Whose turn it is: the pilot's, or that of a person who paused, took over or is asked.

    The methods of `agents.crew.Crew` are called by the loop; `order` by any thread. Whoever waits
    for news waits on `changed`.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._ordering = threading.Lock()
        self.version = 0
        self.paused = self.helm = self.ended = self.stopping = ""
        self.asks = False
        self.waiting: dict[str, Any] | None = None
        self._verdict: Answer | None = None
        self._flown: tuple[str, dict[str, Any]] | None = None
        self._deeds: list[dict[str, Any]] = []
        self._answered: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._thread = threading.main_thread()
        self.world: Any = None

    # the loop's side

    def begin(self, world: Any) -> None:
        """Take the world that the run is in."""
        self.world, self._thread = world, threading.current_thread()

    @property
    def stands(self) -> bool:
        """Whether the world stands still while nobody commands it."""
        clock: Clock = self.world.clock
        return clock.rule.kind != "realtime"

    @property
    def kind(self) -> type[Command]:
        """The kind of command of the world."""
        kind: type[Command] = self.world.task.command
        return kind

    @property
    def at_helm(self) -> bool:
        """Whether a person decides: they took over, or paused a world that goes on meanwhile."""
        return bool(self.helm) or bool(self.paused and not self.stands)

    def wait(self, index: int) -> None:
        """Return when no pause holds up a world that stands still meanwhile."""
        with self.changed:
            while self.paused and self.stands:
                self._beat()
            self._check()

    def decide(self, sighting: Sighting) -> dict[str, Any] | None:
        """Return what the person at the helm orders; nothing new is the safe default, where the
        world goes on.
        """
        with self.changed:
            if not self.helm and self.paused and not self.stands:
                who = self.paused
                self.changed.wait_for(lambda: not self.paused or self.stopping, HELD_S)
                self._check()
                return self._did(who, FLEW, self.kind.null().model_dump(), "paused")
            while self.helm and self._flown is None:
                if not self.stands:
                    self.changed.wait_for(lambda: self._flown or not self.helm, HELD_S / 2)
                    break
                self._beat()
            self._check()
            if self._flown is not None:
                (who, command), self._flown = self._flown, None
                return self._did(who, FLEW, command)
            if self.helm:
                return self._did(self.helm, FLEW, self.kind.null().model_dump(), "nothing ordered")
            return None

    def ask(self, request: dict[str, Any]) -> Answer:
        """Wait for a person's word about a command; one who takes the helm refuses it by that."""
        with self.changed:
            self.waiting, self._verdict = request, None
            self._news()
            try:
                while self._verdict is None and not self.helm:
                    self._beat()
                self._check()
                return False if self._verdict is None else self._verdict
            finally:
                self.waiting = None
                self._news()

    def taken(self) -> list[dict[str, Any]]:
        """Return what people did since this was last called."""
        with self.changed:
            taken, self._deeds = self._deeds, []
            return taken

    def leave(self, reason: str) -> list[dict[str, Any]]:
        """Refuse orders from now on, and return what people did and ordered that no step tells of.

        The run's page and film are still to be written: an order that was taken meanwhile would be
        lost without a word.
        """
        with self.changed:
            if self._flown is not None:
                (who, command), self._flown = self._flown, None
                self._did(who, TOO_LATE, wanted=command)
            self.ended = reason or "ended"
            self._news()
            return self.taken()

    def _beat(self) -> None:
        self.changed.wait(BEAT_S)
        self._check()

    def _check(self) -> None:
        if self.stopping and self._thread is not threading.main_thread():
            raise KeyboardInterrupt

    # the people's side

    def state(self) -> dict[str, Any]:
        """Return how things stand; `changed` is held."""
        return {
            "paused": self.paused, "helm": self.helm, "asks": self.asks, "waiting": self.waiting,
            "ended": self.ended, "stopping": self.stopping,
        }  # fmt: skip

    def order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a person's order once, and return {"ok": ..., "said": ...} for them."""
        number = str(order.get("id", ""))[:80]
        with self._ordering:  # one that comes twice at once is one that comes twice
            if number and number in self._answered:
                return self._answered[number]
            try:
                who = check_name(str(order.get("by") or "operator"), "the name of a person")[:60]
                said = {"ok": True, "said": self._carry_out(str(order.get("do", "")), who, order)}
            except ValueError as error:
                said = {"ok": False, "said": str(error)}
            self._answered[number] = said
            while len(self._answered) > KEPT:
                self._answered.popitem(last=False)
            return said

    def _carry_out(self, what: str, who: str, order: Mapping[str, Any]) -> str:
        if what == "stop":
            return self._stop(who)
        works = {
            "pause": self._pause, "resume": self._resume, "take over": self._take,
            "hand back": self._hand_back, "ask": self._ask_for, "fly": self._fly,
            "approve": self._judge, "refuse": self._judge, "change": self._judge,
        }  # fmt: skip
        if what not in works:
            raise Refused(f"{what[:40]!r} is no order; there are: stop, {', '.join(works)}")
        with self.changed:
            if self.ended or self.stopping:
                raise Refused("the run is over")
            said = works[what](who, order)
            self._news()
            return said

    def _pause(self, who: str, order: Mapping[str, Any]) -> str:
        if not self.paused:
            self.paused = who
            self._did(who, "paused")
        return "paused before the next decision"

    def _resume(self, who: str, order: Mapping[str, Any]) -> str:
        if self.paused:
            self.paused = ""
            self._did(who, "resumed")
        return "it goes on"

    def _take(self, who: str, order: Mapping[str, Any]) -> str:
        if self.helm and self.helm != who:
            raise Refused(f"{self.helm} has the helm")
        if not self.helm:
            self.helm = who
            self._did(who, "took over")
        return "you have the helm"

    def _hand_back(self, who: str, order: Mapping[str, Any]) -> str:
        if self.helm:
            self.helm, self._flown = "", None
            self._did(who, "handed back")
        return "the pilot has the helm"

    def _ask_for(self, who: str, order: Mapping[str, Any]) -> str:
        self.asks = order.get("on") is True
        self._did(who, "wants to be asked" if self.asks else "wants to be asked no more")
        return "every command waits for you" if self.asks else "commands are carried out unasked"

    def _fly(self, who: str, order: Mapping[str, Any]) -> str:
        if self.helm != who:
            raise Refused("take over first")
        if self._flown is not None:
            raise Refused("the command before this one is not carried out yet")
        self._flown = who, self._command(order)
        return "ordered"

    def _judge(self, who: str, order: Mapping[str, Any]) -> str:
        request = self.waiting
        if request is None or self._verdict is not None or order.get("index") != request["index"]:
            raise Refused("that command waits no more")
        what = str(order["do"])
        verdict: Answer = self._command(order) if what == "change" else what == "approve"
        words = {"approve": "approved", "refuse": "refused the command",
                 "change": "changed the command"}  # fmt: skip
        self._verdict = verdict
        instead = {} if verdict is True else {"instead_of": request["command"]}
        self._did(who, words[what], **instead)
        return words[what]

    def _command(self, order: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self.kind.model_validate(order.get("command")).model_dump()
        except ValidationError as error:
            raise Refused(f"that is no command of this world: {wrong(error)}") from None

    def _stop(self, who: str) -> str:
        """End motion, then the run; the summary says who did."""
        with self.changed:
            if self.ended:
                raise Refused("the run is over")
            if self.stopping:
                return "it is being stopped"
            self.stopping = who
            self._did(who, "stopped the run")
            self._news()
        stop = getattr(self.world, "stop", None)
        interrupts = self._thread is threading.main_thread()
        try:
            if stop is not None:
                stop(f"{who} at the console", interrupts=interrupts)
        finally:
            with self.changed:  # a run that ends by itself meanwhile is not interrupted as well
                if not self.ended and interrupts:
                    interrupt_main()
        return "stopped"

    def _did(
        self, who: str, did: str, command: dict[str, Any] | None = None, why: str = "",
        **more: Any,
    ) -> dict[str, Any] | None:  # fmt: skip
        deed = {"by": who, "did": did, **({"why": why} if why else {}), **plain(more)}
        self._deeds.append(deed)
        return command

    def _news(self) -> None:
        self.version += 1
        self.changed.notify_all()
