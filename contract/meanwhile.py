"""What a thread does while it waits for another one: work that is likely to be needed next.

Whoever offers it loses nothing if nobody waits, and needs no thread of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from weakref import WeakMethod


class _Offers(threading.local):
    """What was offered on this thread."""

    last: WeakMethod[Callable[[], None]] | None = None


_OFFERS = _Offers()


def offer(work: Callable[[], None]) -> None:
    """Offer a bound method for the next wait of this thread, in place of what was offered before.

    It should take milliseconds: what is waited for may be there sooner. It is forgotten with the
    object that it belongs to.
    """
    _OFFERS.last = WeakMethod(work)


def use_the_wait() -> None:
    """Do what was offered on this thread, once; called where it begins to wait."""
    offered, _OFFERS.last = _OFFERS.last, None
    if offered is not None and (work := offered()) is not None:
        work()
