"""Errors of the evaluations. Each says whether it halts the run."""


class EvalsError(Exception):
    """Base of every error raised by `evals`. `exit_status` is what a command line should return."""

    exit_status = 1


class InvalidSample(EvalsError):
    """A statistic was asked of no data, of data with NaN, or of unpaired pairs. Halts."""
