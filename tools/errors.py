"""Errors of the tools. Each says whether it halts the run."""

from helmsight.contract.errors import Error


class ToolsError(Error):
    """Base of every error raised by `tools`."""


class RunUnreadable(ToolsError):
    """A folder that holds no run, or one whose run.json or steps cannot be read. Halts replay."""

    exit_status = 2


class RunFolderUnusable(ToolsError):
    """A recorder cannot write its folder, or it already holds a run. Halts before the start."""

    exit_status = 2


class FramesMissing(ToolsError):
    """Another pilot needs the recorded frames and the run has none. Halts the comparison."""

    exit_status = 2


class NothingToExport(ToolsError):
    """No run that could be learnt from, or a folder that is in use. Halts before anything is
    written.
    """

    exit_status = 2


class TagRefused(ToolsError):
    """A tag that cannot be put on a run. Halts that, and nothing else."""

    exit_status = 2


class RecordingWarning(UserWarning):
    """A part of the recording stopped (full disk, broken encoder). The run goes on without it."""
