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


class NotUtf8(Error, ValueError):
    """A file of text that is not UTF-8. Halts; names the file, the byte and its place.

    Whoever reads files of its own kind turns it, as any ValueError of theirs, into its own error.
    """

    exit_status = 2


class FileRefused(Error, OSError):
    """A file that is a link, a pipe or a device, or has no end. Halts before it is read or written.

    Whoever reads files of its own kind turns it, as any OSError of theirs, into its own error.
    """

    exit_status = 2

    @property
    def strerror(self) -> str:  # type: ignore[override]
        """Return the whole message, where others have the system's."""
        return str(self)


class PictureRefused(Error, ValueError):
    """A file that is no picture, a damaged one, or one of too many pixels. Halts before that;
    whoever reads files of its own kind turns it, as any ValueError of theirs, into its own error.
    """

    exit_status = 2


class NameUnusable(Error, ValueError):
    """A name that is empty, endless, or has characters that cannot be seen. Halts before its use;
    whoever reads files of its own kind turns it, as any ValueError of theirs, into its own error.
    """

    exit_status = 2


class MeasureUnusable(Error):
    """A world whose `info` lacks a measure that it declares, or holds one that is not finite.
    Halts the run; what was recorded stays readable.
    """


class GuardFailed(Error):
    """The guard of a world raised an error or ruled nonsense. Halts the run; nothing is applied."""


class SchemaTooNew(Error):
    """A record that a newer version of Helmsight wrote. Halts reading; names the file."""

    exit_status = 2


class RecordUnusable(Error):
    """A recorded step that does not fit its world: a command or telemetry of another form. Halts
    whatever goes through the record.
    """

    exit_status = 2


class PilotUnfit(Error):
    """A pilot that cannot operate this world: it needs other observations, answers other commands,
    or looks at regions that are not there. Halts before the run starts.
    """

    exit_status = 2


class PluginBroken(Error):
    """A plug-in that was asked for does not load, or is not what its group holds. Halts."""


class PluginWarning(UserWarning):
    """A plug-in that is left out. Everything else goes on without it."""
