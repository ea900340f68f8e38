"""Errors of the environments. Every one of them halts the run it is raised in."""

from helmsight.contract.errors import Error


class EnvsError(Error):
    """Base of every error raised by `envs`."""


class UnknownScenario(EnvsError):
    """A scenario name that is not registered. Halts before the run starts."""

    exit_status = 2


class SaveBroken(EnvsError):
    """A save's figures make no sense. Halts before the run starts."""

    exit_status = 2


class ScenarioBroken(EnvsError):
    """A file of a scenario says what cannot be flown. Halts before the run starts."""

    exit_status = 2


class CrewUnfit(EnvsError):
    """Figures were asked for that this world's vessels do not have. Halts: the caller is wrong."""


class EpisodeOver(EnvsError):
    """`step` was called after the episode ended or before `reset`. Halts: the loop is wrong."""


class ScreenMissing(EnvsError):
    """A window that cannot be opened: no screen, or what draws on it is not installed. Halts."""


class CockpitLost(EnvsError):
    """The cockpit's window does not answer as it should, or is gone. Halts, all keys released."""
