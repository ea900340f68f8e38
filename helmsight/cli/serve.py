"""`helmsight serve-krpc`: the twin behind the kRPC protocol, for clients written for KSP."""

from __future__ import annotations

import gc
import logging
import signal
import sys
import time
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.contract.printing import order
from helmsight.contract.signals import ending_signals

if TYPE_CHECKING:
    from helmsight.envs.orbital.krpc.server import Server

EXAMPLES = """Examples:

helmsight serve-krpc

helmsight serve-krpc PE1-E3-I3 --rate 8 --rpc-port 50010 --stream-port 50011

helmsight serve-krpc pe1_i3_init --version 0.7.0 --json
"""
SHOWN_S = 1.0  # between two live lines on a terminal
PLAIN_S = 60.0  # and elsewhere


def command(
    scenario: Annotated[
        str,
        typer.Argument(
            help="Scenario (helmsight list scenarios), or a save of KSPDG's.",
            autocompletion=completion.scenarios,
        ),
    ] = "PE1-E1-I3",
    host: Annotated[str, typer.Option(help="IPv4 address or name to listen at.")] = "127.0.0.1",
    rpc_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for requests; 0: a free number.")
    ] = 50000,
    stream_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port for streams; 0: a free number.")
    ] = 50001,
    rate: Annotated[float, typer.Option(help="World seconds a wall second.")] = 1.0,
    version: Annotated[
        str, typer.Option(help="Version of kRPC to be: 0.5.4 (as KSPDG wants it) or 0.7.0.")
    ] = "0.5.4",
    seed: Annotated[
        int, typer.Option("--seed", "-s", min=0, help="0 is the nominal start; others perturb it.")
    ] = 0,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Listen at an address that others reach.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Two lines of JSON: where it listens, then the summary.")
    ] = False,
) -> None:
    """Serve SCENARIO to kRPC clients until Ctrl-C."""
    import asyncio

    from helmsight.envs.orbital.krpc.server import Server
    from helmsight.envs.orbital.krpc.serving import all_services
    from helmsight.envs.orbital.krpc.simulation import Simulation
    from helmsight.output import json_line

    logging.basicConfig(format="helmsight: %(message)s", level=logging.WARNING)
    server = Server(
        Simulation(scenario, seed, rate),
        all_services(),
        address=host,
        rpc_port=rpc_port,
        stream_port=stream_port,
        version=version,
        allow_remote=allow_remote,
    )
    summary = asyncio.run(_serve(server, {"scenario": scenario, "seed": seed}, as_json=as_json))
    if as_json:
        print(json_line(summary))
    else:
        print("\n".join(f"{key:<18} {value}" for key, value in summary.items()))


async def _serve(server: Server, what: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    """Serve until a signal comes; return what was served."""
    import asyncio

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ended(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, ended) for number in ending_signals()}
    began = time.monotonic()
    try:
        await server.start()
        gc.collect()
        gc.freeze()  # what is there now stays; looking through it again would be missed ticks
        _announce(server, what, as_json=as_json)
        shown = asyncio.create_task(_show(server)) if not as_json else None
        await stop.wait()
        if shown is not None:
            shown.cancel()
            await asyncio.wait([shown])
    finally:
        await server.stop()
        gc.unfreeze()
        for number, handler in before.items():
            signal.signal(number, handler)
    counts = server.host.counts
    return {
        "seconds": round(time.monotonic() - began, 1),
        "clients": server.clients_seen,
        "rpcs": counts.rpcs,
        "stream_rpcs": counts.streamed,
        "world_time": round(server.game.ut, 2),
        "missed_ticks": server.missed_ticks,
        "dropped_s": round(server.dropped_s, 2),
    }


def _announce(server: Server, what: dict[str, Any], *, as_json: bool) -> None:
    """Say where the server listens, and how a client gets there."""
    from helmsight.output import json_line

    where = {
        "address": server.address,
        "rpc_port": server.rpc_port,
        "stream_port": server.stream_port,
        "version": server.host.version,
        "rate": server.game.rate,
    }
    if as_json:
        print(json_line({**what, **where}), flush=True)
        return
    print(
        f"{what['scenario']} as kRPC {server.host.version} at {server.address}, RPC port "
        f"{server.rpc_port}, stream port {server.stream_port}, rate {server.game.rate:g}, until "
        "Ctrl-C. In Python:\n"
        "  import krpc\n"
        f"  conn = krpc.connect(address={server.address!r}, rpc_port={server.rpc_port}, "
        f"stream_port={server.stream_port})",
        flush=True,
    )


@dataclass
class Pace:
    """How fast the world really goes."""

    wall: float
    world: float
    loads: int

    def rate(self, server: Server) -> str:
        """Return the world seconds a wall second since the last call, in words."""
        now, game = time.monotonic(), server.game
        passed, gone = now - self.wall, game.ut - self.world
        same = self.loads == game.load_count
        self.wall, self.world, self.loads = now, game.ut, game.load_count
        if game.lockstep or game.paused:
            return "lockstep" if game.lockstep else "paused"
        return f"{gone / passed:.2f}x" if same and passed else "loaded"


async def _show(server: Server) -> None:
    """Show one line about the server: rewritten on a terminal, seldom elsewhere."""
    import asyncio

    live = sys.stderr.isatty()
    pace = Pace(time.monotonic(), server.game.ut, server.game.load_count)
    try:
        while True:
            await asyncio.sleep(SHOWN_S if live else PLAIN_S)
            line = (
                f"{len(server.clients)} clients  "
                f"{server.traffic.rates.get('rpcs', 0.0):,.0f} RPC/s  "
                f"world {server.game.ut:,.1f} s  {pace.rate(server)}  "
                f"missed ticks {server.missed_ticks}"
            )
            if live:
                order("\r\x1b[K", sys.stderr)
            print(line, end="" if live else "\n", file=sys.stderr, flush=True)
    finally:
        if live:
            print(file=sys.stderr)
