"""Unmodified KSPDG on a twin at other ports, and on a twin that runs faster than real time.

Put this folder first on PYTHONPATH; Python then runs this file when it starts, in every process:

    KRPC_RPC_PORT, KRPC_STREAM_PORT  where the twin listens; KSPDG itself always asks 50000, 50001
    KSPDG_RATE                       the twin's --rate: KSPDG's sleeps and burns shrink with it

Nothing of KSPDG or krpc is edited: `krpc.connect` gets other defaults, and KSPDG's modules get a
clock that runs `KSPDG_RATE` times as fast. The agent's own clock stays the wall's.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

PORTS = {
    key: int(os.environ[f"KRPC_{key.upper()}"])
    for key in ("rpc_port", "stream_port")
    if os.environ.get(f"KRPC_{key.upper()}")
}
RATE = float(os.environ.get("KSPDG_RATE", "1"))


def fast_clock(rate: float) -> SimpleNamespace:
    """Return what stands for the `time` module: all of it, `rate` times as fast."""
    clocks = ("time", "monotonic", "perf_counter")
    began = {name: getattr(time, name)() for name in clocks}

    def read(name: str) -> float:
        return float(began[name] + (getattr(time, name)() - began[name]) * rate)

    fast = {name: functools.partial(read, name) for name in clocks}
    return SimpleNamespace(
        **{**vars(time), **fast, "sleep": lambda seconds: time.sleep(seconds / rate)}
    )


def adapt(module: ModuleType) -> None:
    """Change what `module` holds, now that it is loaded."""
    here: Any = module
    if module.__name__ == "krpc":
        here.connect = functools.partial(here.connect, **PORTS)
    elif getattr(module, "time", None) is time:
        here.time = CLOCK


class Adapting(MetaPathFinder):
    """Finds nothing itself: adapts krpc and the modules of KSPDG that the others find."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != "krpc" and not name.startswith("kspdg."):
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            load = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                adapt(module)

            loader.exec_module = exec_module
        return spec


CLOCK = time if RATE == 1.0 else fast_clock(RATE)
sys.meta_path.insert(0, Adapting())
