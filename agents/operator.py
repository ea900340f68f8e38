"""The operator: operates any world with any pilot, through look, ground, decide, guard and act."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import gymnasium

from helmsight.agents.config import OperatorConfig
from helmsight.agents.crew import Crew, Nobody
from helmsight.agents.driving import by_graph, plainly
from helmsight.agents.errors import ApprovalMissing, CannotResume
from helmsight.agents.ground import grounder
from helmsight.agents.loop import Answer, Loop, Request
from helmsight.agents.memory import Episode, run_spec, summarise
from helmsight.agents.resume import go_on, replay
from helmsight.contract.ending import error_reason
from helmsight.contract.errors import InvalidOption, RecordUnusable
from helmsight.contract.fit import check_fit
from helmsight.contract.guard import make_guard
from helmsight.contract.identity import identity
from helmsight.contract.pilot import Pilot
from helmsight.contract.ranges import check
from helmsight.contract.record import Frame, Listener, RunSpec, StepRecord
from helmsight.contract.task import Task


class Operator:
    """Operates a world with a pilot.

    `on_approval` is asked when a command waits for a person; it returns True, False or another
    command as a dict. `crew` are people who may hold the run up and take it over.

    Raises:
        PilotUnfit: pilot and world do not fit.
        InvalidOption: a time rule that this world cannot keep, a limit that it does not have, or
            a limit of costs without a price.
        UnknownStrategy, CannotBeAsked: no such grounding, or one that cannot be had here.
        ApprovalMissing: the configuration asks for approval and nobody is there to be asked.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        pilot: Pilot,
        config: OperatorConfig | None = None,
        listeners: Sequence[Listener] = (),
        on_approval: Callable[[Request], Answer] | None = None,
        crew: Crew | None = None,
    ) -> None:
        self.env, self.pilot = env, pilot
        self.config = config or OperatorConfig()
        self.listeners = tuple(listeners)
        self.crew = crew or Nobody()
        self._ask = on_approval or self.crew.ask
        world: Any = env.unwrapped
        task: Task = world.task
        check_fit(pilot, task, world.observation_mode)
        task.clock.check(world.clock.rule, task.name)
        _check_priced(pilot, self.config)
        self._guard = make_guard(task.guard, self.config.limits)
        self._grounder = grounder(self.config.grounding)
        self._grounder.check(pilot, task)
        if self.config.approve != "off" and on_approval is None and crew is None:
            raise ApprovalMissing(
                "commands are to be approved and nobody answers; pass on_approval= or approve=off"
            )

    def fly(
        self,
        seed: int = 0,
        max_steps: int | None = None,
        *,
        past: Sequence[StepRecord] = (),
        pictures: Iterable[Frame] = (),
        begun: StepRecord | None = None,
    ) -> Episode:
        """Operate one episode and return it; Ctrl-C ends it with the reason "interrupted".

        With `past`, the recorded steps of an interrupted run, the world is brought to where that
        run stopped, and the episode goes on from there. A world that stands where it was left is
        given no recorded command; `pictures` are then the recorded frames, as far as there are, and
        `begun` is the step that was under way when the run was interrupted.

        A world that moves something real has `on_signals()`, a context in which Ctrl-C and SIGTERM
        stop it, and `halt(reason)`, which ends its motion before anything is written down and
        returns what the summary says of that.

        Raises:
            InvalidOption: a seed or a number of steps that there is not.
            CannotResume: the world cannot be built again, or goes another way than was recorded.
            RecordUnusable: a recorded step is none of this world.
            SystemExit: SIGTERM, after the listeners were told.
            Exception: whatever went wrong in the loop, after the listeners were told.
        """
        check("seed", seed)
        if max_steps is not None:
            check("max_steps", max_steps)
        began = time.perf_counter()
        spec = run_spec(self.env, self.pilot, self.config, self._guard, seed, max_steps)
        clock = self._task.clock
        if past and not (clock.rebuilt or clock.continues):
            raise CannotResume(
                f'the world "{self._task.name}" has gone on: it runs by itself and cannot be built '
                "again; begin a new run"
            )
        continues = clock.continues and (bool(past) or begun is not None)
        left = past if continues else ()  # nothing is opened for what cannot be gone on with
        for record in left:
            record.given(self._task.command)
            self._check_telemetry(record)
        self.crew.begin(self.env.unwrapped)
        for listener in self.listeners:
            listener.start(spec)
        loop: Loop | None = None
        signals: Callable[[], AbstractContextManager[Any]]
        signals = getattr(self.env.unwrapped, "on_signals", nullcontext)
        try:
            with signals():
                loop = Loop(
                    self.env, self.pilot, self.config, self._guard, self._grounder, seed, left,
                    self.crew,
                )  # fmt: skip
                loop.listeners, loop.max_steps = self.listeners, max_steps
                ended = go_on(loop, past, pictures, begun) if continues else replay(loop, past)
                # killed between its last step and its summary, a run has nothing left to do
                reason = ended or loop.limit() or self._drive(loop, spec)
        except KeyboardInterrupt:
            reason = "interrupted"
        except SystemExit:
            self._finish("interrupted", loop, seed, began)
            raise
        except Exception as error:
            self._finish(error_reason(error), loop, seed, began)
            raise
        summary = self._finish(reason, loop, seed, began)
        return Episode(reason, summary, loop.records if loop else [])

    @property
    def _task(self) -> Task:
        task: Task = self.env.unwrapped.task  # type: ignore[attr-defined]
        return task

    def _check_telemetry(self, record: StepRecord) -> None:
        """Raise RecordUnusable where a step lacks the telemetry that this world shows."""
        shown = record.telemetry(len(self._task.fields))
        mode: str = self.env.unwrapped.observation_mode  # type: ignore[attr-defined]
        if shown is None and "telemetry" in mode:
            raise RecordUnusable(
                f"step {record.index} of the record holds no telemetry; the record was changed"
            )

    def _drive(self, loop: Loop, spec: RunSpec) -> str:
        if self.config.by_graph:
            return by_graph(loop, self._ask, self.config.checkpoint, identity(spec))
        return plainly(loop, self._ask)

    def _finish(self, reason: str, loop: Loop | None, seed: int, began: float) -> dict[str, Any]:
        halt: Callable[[str], dict[str, Any]] = getattr(self.env.unwrapped, "halt", _nothing)
        halted = halt(reason)
        summary: dict[str, Any] = {"scenario": self._task.name, "pilot": self.pilot.name}
        summary |= {"seed": seed, "time": str(self.env.unwrapped.clock.rule)}  # type: ignore[attr-defined]
        if loop is not None:
            summary |= summarise(loop.task.outcome, loop.records, loop.first, loop.info)
        if deeds := list(self.crew.leave(reason)):  # a stop, say
            summary["people"] = deeds
        summary |= {**halted, "wall_s": time.perf_counter() - began, "reason": reason}
        for listener in self.listeners:
            listener.finish(reason, summary)
        return summary


def _check_priced(pilot: Pilot, config: OperatorConfig) -> None:
    """Raise InvalidOption for a limit of costs where no price is known: it would never be met."""
    if config.max_cost is not None and getattr(pilot, "price", None) is None:
        raise InvalidOption(
            f'max_cost={config.max_cost:g}: no price is known for "{pilot.name}"; give a file with '
            "one (--prices FILE), or limit the tokens (--max-tokens-total N)"
        )


def _nothing(reason: str) -> dict[str, Any]:
    """A world that stands still by itself has nothing to end."""
    return {}
