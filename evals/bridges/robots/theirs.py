"""Our errors as those of inspect-robots, which its command line tells in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inspect_robots.errors import ConfigError, InspectRobotsError
from pydantic import ValidationError

from helmsight.contract.errors import Error


@contextmanager
def errors_of_theirs(kind: type[InspectRobotsError] = ConfigError) -> Iterator[None]:
    """Have an error of ours be one of theirs, in the same words."""
    try:
        yield
    except (Error, ValidationError) as error:
        raise kind(str(error)) from error
