"""Errors of the evaluations. Each says whether it halts the run."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from helmsight.contract.errors import Error


class EvalsError(Error):
    """Base of every error raised by `evals`."""


class InvalidSample(EvalsError):
    """A statistic was asked of no data, of data with NaN, or of unpaired pairs. Halts."""


class ResultsUnusable(EvalsError):
    """A results file that cannot be read, or holds flights of other conditions. Halts at once."""

    exit_status = 2

    @classmethod
    def taken(cls, path: Path) -> Self:
        """Return the error of results that another process is writing."""
        return cls(
            f"{path} is being written by another process; wait for its end, or give another "
            "folder with --out"
        )


class InvalidPlan(EvalsError):
    """An evaluation without pilots, scenarios, seeds or processes. Halts before the first run."""

    exit_status = 2


class ModelHalts(EvalsError):
    """A model that will never answer: a wrong key, no credit, weights that cannot be loaded. Halts
    the evaluation at once; what has ended stays, and is gone on with.
    """


class FlightFailed(EvalsError):
    """A flight of a table that ended as none should: an error, a death, a time-out. Halts; what
    was flown is kept.
    """


class PilotFailed(EvalsError):
    """A model that answers question after question with an error. Halts; what was answered is
    kept.
    """


class NoInspection(EvalsError):
    """A run folder that holds a run of another world than the inspection's. Halts the report."""

    exit_status = 2


class UntoldFigure(EvalsError):
    """A scorer was asked for a figure that a world did not tell. That episode has no such score;
    the evaluation goes on.
    """
