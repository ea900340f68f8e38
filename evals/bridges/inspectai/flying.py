"""The solver: an episode of ours as the solution of a sample, and its row as what was found out."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from anyio import from_thread
from inspect_ai.log import transcript
from inspect_ai.model import ChatMessageAssistant, ModelOutput, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver

from helmsight.agents.asking_style import AskingStyle
from helmsight.agents.decide import ModelPilot
from helmsight.agents.inspection.making import OWN, make_inspector
from helmsight.agents.inspection.making import Settings as LookSettings
from helmsight.agents.models.load import load_pilot
from helmsight.contract.clock import TimeRule
from helmsight.contract.observation import observation_mode
from helmsight.contract.pilot import Pilot
from helmsight.contract.record import Frame, Listener, RunSpec, StepRecord, plain
from helmsight.evals.bridges.inspectai.chat import InspectChat
from helmsight.evals.bridges.inspectai.desk import AtDesk, Desk
from helmsight.evals.episode import Episode, EpisodeRow
from helmsight.evals.errors import FlightFailed
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import Stage, run_episode

MODEL = "inspect:model"
"""The pilot of an episode that Inspect's model flies."""
ROW = "helmsight:row"
"""Where a sample's store holds the row of its episode."""
EYES = f"inspector:{MODEL}"
"""The pilot of an inspection that is planned by our inspector and seen by Inspect's model."""
BROUGHT = {MODEL: "frame", EYES: "frame+telemetry"}
"""Pilots with Inspect's model, and what each is shown where nobody says otherwise."""
FEW_SHOT = 2  # as many examples as any provider's model is given
SETTINGS = Settings(Path("runs"), "inspect", cache=False)  # answers are kept by Inspect, if at all
_turn = threading.Lock()
"""Held by flights that are made one after another: by pilots that this process keeps, which
remember their flight, and in worlds that run by the wall clock, which would slow each other."""


@solver
def fly() -> Solver:
    """Fly the episode that a sample's metadata hold, with our own loop."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        episode = Episode.from_dict(state.metadata["episode"])
        desk = Desk(get_model())
        rows: list[EpisodeRow] = []
        try:
            await desk.run(lambda: rows.extend(_flown(episode, desk)))
        finally:  # a limit of Inspect ends the flight, which comes to something all the same
            for row in rows:
                state.store.set(ROW, row.to_dict())
        if rows and not rows[0].done:
            raise FlightFailed(f"{rows[0].status}: {rows[0].error}")
        for row in rows:
            state.output = ModelOutput.from_content(episode.label(), told(row))
            state.messages.append(ChatMessageAssistant(content=told(row)))
        return state

    return solve


def told(row: EpisodeRow) -> str:
    """Return what an episode came to, in a sentence."""
    score = "" if row.score is None else f", score {row.score:g} ({row.better} is better)"
    return f"{row.reason} after {row.steps} decisions{score}"


def _flown(episode: Episode, desk: Desk) -> list[EpisodeRow]:
    """Return the row of an episode; none where its sample ended before it began."""
    alone = episode.pilot not in BROUGHT or TimeRule.parse(episode.time).kind == "realtime"
    if not alone:
        return [run_episode(episode, SETTINGS, _Sample(desk))]
    while not _turn.acquire(timeout=0.2):
        if desk.ended:
            return []
    try:
        return [run_episode(episode, SETTINGS, _Sample(desk))]
    finally:
        _turn.release()


class _Sample(Stage):
    """What the episode of a sample is run with."""

    keeps_interrupted = True

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pilot(self, episode: Episode) -> Pilot:
        own = episode.pilot not in BROUGHT
        made = super().pilot(episode) if own else self._asking(episode.pilot, episode.pilot_options)
        return AtDesk(made, self._desk)

    def _asking(self, name: str, options: Mapping[str, Any]) -> Pilot:
        """Return a pilot that asks the model of the sample."""
        shown = observation_mode(str(options.get("observation", BROUGHT[name])))
        style = AskingStyle(needs=shown, few_shot=FEW_SHOT, constrained=False)
        chat = InspectChat(ask=self._desk.ask)
        # in this thread, and for as long as it takes: limits of time are Inspect's
        model = ModelPilot(chat, MODEL, style, think_timeout_s=math.inf, here=True)
        if name == MODEL:
            return model
        told, _ = LookSettings.out_of(options)
        relations = told.relations
        return make_inspector(
            model, name, told, lambda: model if relations == OWN else load_pilot(relations)
        )

    def listeners(self, episode: Episode) -> Sequence[Listener]:
        return [_Steps()]


class _Steps:
    """Tells the sample's transcript of every decision."""

    def start(self, spec: RunSpec) -> None:
        """The task says what is flown."""

    def step(self, record: StepRecord, frame: Frame | None) -> None:
        """Add an event: what was applied, on which figures, and what went wrong."""
        figures = {key: value for key, value in record.measures.items() if key != "telemetry"}
        event: dict[str, Any] = {
            "step": record.index,
            "applied": record.applied,
            "measures": figures,
            "marks": record.marks,
        }
        log = transcript()
        from_thread.run_sync(lambda: log.info(plain(event), source="helmsight"))

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """The row says it."""
