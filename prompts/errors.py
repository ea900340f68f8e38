"""Errors of the prompts. Each says whether it halts the run."""


class PromptsError(Exception):
    """Base of every error raised by `prompts`. `exit_status` is what a command line returns."""

    exit_status = 1


class UnknownPrompt(PromptsError):
    """A prompt name without a template. Halts before the run starts."""

    exit_status = 2


class UnreadableAnswer(PromptsError):
    """An answer in which no command can be found. The run goes on: asked again, then default."""
