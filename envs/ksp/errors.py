"""Errors of a world behind kRPC. Every one of them halts the run; the thrusters are shut first."""

from __future__ import annotations

from helmsight.envs.errors import EnvsError


class ClientUnfit(EnvsError):
    """The installed kRPC client cannot fly this world, or not with this server. Halts."""

    exit_status = 2


class NobodyListens(EnvsError):
    """No kRPC server answers at the address. Halts before anything is loaded."""


class GameUnfit(EnvsError):
    """The game answers, and what it shows is not the scenario that was asked for. Halts."""


class GameRefused(EnvsError):
    """The game answered a call with an error of its own. Halts."""


class GameLost(EnvsError):
    """The connection broke, or the game stands still. Halts."""


class BotLost(EnvsError):
    """The evader's bot died; the rest of the flight would be against a passive evader. Halts."""


class PictureMissing(EnvsError):
    """The game wrote no picture, or one that cannot be read. Halts."""
