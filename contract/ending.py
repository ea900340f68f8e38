"""Why a run ended, in words: its success, "steps", "interrupted", or an error."""

from __future__ import annotations

_ERROR = "error: "


def error_reason(error: Exception) -> str:
    """Return the reason of a run that `error` ended."""
    return f"{_ERROR}{type(error).__name__}: {error}"


def is_error(reason: str) -> bool:
    """Return whether an error ended a run of this reason."""
    return reason.startswith(_ERROR)
