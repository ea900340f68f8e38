"""Errors of the hardware. Every one of them halts the run it is raised in."""


class HardwareError(Exception):
    """Base of every error raised by `hardware`. `exit_status` is what a command line returns."""

    exit_status = 1
