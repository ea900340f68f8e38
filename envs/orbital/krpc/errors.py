"""Errors of the kRPC server: those that a client is told, and those that stop the server itself.

A `RemoteException` raised in a procedure travels to the client that called it and to nobody else;
the connection and the server go on. The others halt `serve-krpc` before it serves.
"""

from __future__ import annotations

from typing import ClassVar

from helmsight.envs.errors import EnvsError


class RemoteException(EnvsError):
    """Base of what a procedure raises for its caller. Goes on: only that call fails.

    `service` is the service that declares the exception; on the wire it has the name of its class.
    """

    service: ClassVar[str] = "KRPC"

    @classmethod
    def name(cls) -> str:
        """Return what the exception is called on the wire."""
        return cls.__name__


class InvalidOperationException(RemoteException):
    """The state of the game or of the object does not allow the call. RuntimeError in Python."""


class ArgumentException(RemoteException):
    """An argument does not meet what the procedure expects. ValueError in Python."""

    exit_status = 2


class ArgumentNullException(ArgumentException):
    """Null was passed where something has to be. ValueError in Python."""


class ArgumentOutOfRangeException(ArgumentException):
    """An argument lies outside the values that it may have. ValueError in Python."""


class MalformedMessage(ArgumentException):
    """Bytes that are not what the protocol says. Goes on: their sender is told, nobody else."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the exception that clients know."""
        return ArgumentException.__name__


class ServerError(EnvsError):
    """Base of what keeps the server from being started: a setting it cannot have. Halts."""

    exit_status = 2


class PortInUse(ServerError):
    """Another process listens at the port that was asked for. Halts before anything is served."""


class NotLoopback(ServerError):
    """An address that other machines reach, without the leave to use it. Halts."""


class OldSchema(ServerError):
    """The installed krpc package describes an older protocol than the server speaks. Halts."""
