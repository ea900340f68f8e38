"""The root of every error of ours."""


class Error(Exception):
    """Base of every error that Helmsight raises; each package has one base of its own below it.

    `exit_status` is what a command line should return: 2 for what the caller got wrong, 1 for a
    run that failed. The message names what was given, what was expected and how to mend it.
    """

    exit_status = 1


class InvalidOption(Error):
    """An option with a value that it cannot have. Halts before the run starts."""

    exit_status = 2


class PluginBroken(Error):
    """A plug-in that was asked for does not load, or is not what its group holds. Halts."""


class PluginWarning(UserWarning):
    """A plug-in that is left out. Everything else goes on without it."""
