"""Errors of the agents. Each says whether it halts the run."""

from helmsight.contract.errors import Error


class AgentsError(Error):
    """Base of every error raised by `agents`."""


class UnknownPilot(AgentsError):
    """A pilot name that no provider, folder or scripted pilot answers to. Halts before the run."""

    exit_status = 2


class ModelUnavailable(AgentsError):
    """A model that cannot be loaded or reached, or lacks a package. Halts before the run."""


class ObservationMissing(AgentsError):
    """A pilot was given an environment that does not show what the pilot needs. Halts."""

    exit_status = 2


class UnknownStrategy(AgentsError):
    """A grounding strategy or prompt that is not registered. Halts before the run starts."""

    exit_status = 2


class ApprovalMissing(AgentsError):
    """Approval by a person is configured and nobody is there to be asked. Halts before the run."""

    exit_status = 2


class CannotResume(AgentsError):
    """A checkpoint that holds no flight to go on with. Halts before the run starts."""

    exit_status = 2


class TrainingFailed(AgentsError):
    """A training cannot go on. Halts it; the last checkpoint stays in its folder."""


class CannotBeAsked(AgentsError):
    """A pilot that cannot answer where things are was given a strategy that asks. Halts before the
    run starts.
    """

    exit_status = 2
