"""The front door: command line, operator console and public names.

>>> import helmsight
>>> flight = helmsight.fly("PE1-E1-I3", pilot="rendezvous")
>>> flight.summary["success"]
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helmsight.agents.config import OperatorConfig
    from helmsight.agents.memory import Episode
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.operator import Operator
    from helmsight.contract.errors import Error
    from helmsight.envs.orbital.command import BurnCommand
    from helmsight.envs.registry import list_scenarios, make_env
    from helmsight.resuming import rebuild, resume
    from helmsight.session import fly
    from helmsight.tools.recorder import Recorder

_HOMES = {
    "Error": "helmsight.contract.errors",
    "BurnCommand": "helmsight.envs.orbital.command",
    "Episode": "helmsight.agents.memory",
    "Operator": "helmsight.agents.operator",
    "OperatorConfig": "helmsight.agents.config",
    "Recorder": "helmsight.tools.recorder",
    "fly": "helmsight.session",
    "list_scenarios": "helmsight.envs.registry",
    "load_pilot": "helmsight.agents.models.load",
    "make_env": "helmsight.envs.registry",
    "rebuild": "helmsight.resuming",
    "resume": "helmsight.resuming",
}

__all__ = [
    "BurnCommand",
    "Episode",
    "Error",
    "Operator",
    "OperatorConfig",
    "Recorder",
    "fly",
    "list_scenarios",
    "load_pilot",
    "make_env",
    "rebuild",
    "resume",
]


def __getattr__(name: str) -> Any:
    """Return a public name, imported from its home at its first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'helmsight' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
