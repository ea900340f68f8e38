"""Calls of models over the network, in one event loop: one that is given up on is cancelled.

Its connection is closed at once, so that a server that has one place to answer in does not go on
with what nobody waits for. The loop is one for the process, because clients of several models share
their connections; the thread that runs it is there while something is asked.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from helmsight.contract.meanwhile import use_the_wait
from helmsight.contract.waiting import SOON_S

LOOKUPS = 4  # threads for what blocks: names of hosts
CLOSING_S = 2.0  # for a connection that is being given up


class _Loop:
    """An event loop whose thread runs while somebody waits for something in it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._users = 0
        self._thread: threading.Thread | None = None
        self._lookups: ThreadPoolExecutor | None = None

    def __enter__(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            self._users += 1
            loop = self._loop = self._loop or asyncio.new_event_loop()
            if self._users == 1:
                self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="model-lookup")
                loop.set_default_executor(self._lookups)
                self._thread = threading.Thread(target=loop.run_forever, name="model", daemon=True)
                self._thread.start()
        return loop

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users or self._loop is None or self._thread is None or self._lookups is None:
                return
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._lookups.shutdown(wait=False, cancel_futures=True)


_LOOP = _Loop()


class Remote:
    """Awaits calls of a model in the process's event loop; stands beside `Worker`."""

    def call(self, begin: Callable[[], Coroutine[Any, Any, Any]], timeout_s: float) -> Any:
        """Return what the coroutine that `begin` makes returns, or raise what it raises.

        Raises:
            TimeoutError: after `timeout_s`; it is cancelled, and its connection is closed.
        """
        with _LOOP as loop:
            waiting: Future[Any] = asyncio.run_coroutine_threadsafe(_within(begin, timeout_s), loop)
            try:
                if not wait([waiting], SOON_S).done:
                    use_the_wait()
                return waiting.result()
            except asyncio.CancelledError:
                raise TimeoutError(f"no answer within {timeout_s:.1f} s") from None
            finally:
                if not waiting.done():  # Ctrl-C
                    _cancel(waiting, loop)


async def _within(begin: Callable[[], Coroutine[Any, Any, Any]], timeout_s: float) -> Any:
    task = asyncio.ensure_future(begin())
    done, _ = await asyncio.wait({task}, timeout=timeout_s)
    if done:
        return task.result()
    task.cancel()
    await asyncio.wait({task}, timeout=CLOSING_S)
    if task.done() and not task.cancelled() and task.exception() is None:
        return task.result()  # it came while it was being given up
    raise TimeoutError(f"no answer within {timeout_s:.1f} s")


def _cancel(waiting: Future[Any], loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what runs for `waiting`, and let its connection be closed."""
    waiting.cancel()
    closing = asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), loop)
    closing.result(CLOSING_S)
