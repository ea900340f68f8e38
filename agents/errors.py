"""Errors of the agents. Each says whether it halts the run."""

from collections.abc import Sequence

from helmsight.contract.errors import Error, InvalidOption


class AgentsError(Error):
    """Base of every error raised by `agents`."""


class UnknownPilot(AgentsError):
    """A pilot name that no provider, folder or scripted pilot answers to. Halts before the run."""

    exit_status = 2


class UnknownOption(InvalidOption, AgentsError):
    """An option that the pilot does not have. Halts before the run; names the nearest, and keeps
    the `name` and those that are `known`.
    """

    name: str = ""
    known: Sequence[str] = ()


class Untaught(InvalidOption, AgentsError):
    """A model would be shown nothing of what it was trained on. Halts before the run; an evaluation
    leaves it out and tells so.
    """


class ModelUnavailable(AgentsError):
    """A model that cannot be loaded or reached, or lacks a package. Halts before the run."""


class ModelRefused(AgentsError):
    """A model that will not answer however often it is asked: a wrong key, no vision, a context
    that is too short. Halts the run at once; what was flown stays readable.
    """


class NoAnswer(AgentsError):
    """No answer in time, for a reason that may pass. The run goes on with the safe default."""


class ModelSilent(AgentsError):
    """No answer at so many decisions in a row. Halts the run; what was flown stays readable."""


class BriefingUnusable(AgentsError):
    """A world whose briefing is not a template that can be filled in. Halts before the run."""


class UnknownStrategy(AgentsError):
    """A grounding strategy or prompt that is not registered. Halts before the run starts."""

    exit_status = 2


class ApprovalMissing(AgentsError):
    """Approval by a person is configured and nobody is there to be asked. Halts before the run."""

    exit_status = 2


class CannotResume(AgentsError):
    """A run that cannot be gone on with: it has ended, or its world or pilot is not what it was.
    Halts before the first new step.
    """

    exit_status = 2


class NotAsked(AgentsError):
    """A run that holds no messages to a model, so that none can be sent again. Halts the replay."""

    exit_status = 2


class DataUnusable(AgentsError):
    """Data to learn from that cannot be read, or hold no pictures. Halts before anything starts."""

    exit_status = 2


class TrainingFailed(AgentsError):
    """A training cannot go on. Halts it; the last checkpoint stays in its folder."""


class CannotBeAsked(AgentsError):
    """A pilot that cannot answer where things are was given a strategy that asks. Halts before the
    run starts.
    """

    exit_status = 2


class EngineUnfit(AgentsError):
    """An engine that cannot run the model it was asked for. Halts before the run."""

    exit_status = 2
