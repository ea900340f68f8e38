"""Measures the kRPC server: round trips, streams, many clients, pace, hostile frames and crowds.

    python benchmarks/krpc_server.py --json krpc.json
    python benchmarks/krpc_server.py --scale 0.02 fuzz
    python benchmarks/krpc_server.py soak --minutes 10 --seed 7

The server is `helmsight serve-krpc` in a process of its own, as a user runs it; the clients are
the krpc package that is installed here, and for `old` the one of 0.5.4 beside it. Hostile frames
are 100,000 (times --scale): noise, lengths that lie, requests cut off or with bits turned over,
calls of every procedure with arguments that it does not take, sockets closed by half.

soak, which has to be asked for: clients come, call, stream and go, some without a word, in an order
drawn by --seed, with hostile frames between them, while one stays; memory, threads and descriptors
of the server have to stay level.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Self

from helmsight.contract.signals import as_ctrl_c
from helmsight.evals.figures import Figure, add_options, figure, show, skipped, timed
from helmsight.testing.levels import MOST, Levels

SERVE = [sys.executable, "-c", "from helmsight.cli import main; main()", "serve-krpc"]
OLD_CLIENT = Path(sys.prefix) / "clients" / "krpc-0.5.4"
ROUND_TRIP_US = 100.0  # asked of the median
RPC_RATE = 5000.0  # asked of one client, calls a second
STREAMS = 10
CLIENTS = 8
RATE = 8.0
HEAVY, IDLE = 1000, 1024
PEACE_MS = 5.0  # asked of the 99th percentile beside these
HELLO = b"\x00"  # a connection request that leaves everything out
GROWTH_MIB = 64.0  # asked of the server's memory after the hostile frames

# A client in a process of its own, of whatever version is found there: prints its calls' times, us.
CLIENT = """
import json, sys, time
import krpc
rpc_port, stream_port, n = map(int, sys.argv[1:])
conn = krpc.connect("benchmark", rpc_port=rpc_port, stream_port=stream_port)
center, times = conn.space_center, []
for _ in range(n):
    began = time.perf_counter()
    center.ut
    times.append(1e6 * (time.perf_counter() - began))
print(json.dumps(times))
conn.close()
"""


HEAVY_CLIENT = """
import sys
import krpc

rpc_port, stream_port, many = map(int, sys.argv[1:])
conn = krpc.connect("heavy", rpc_port=rpc_port, stream_port=stream_port)
for at in range(many):
    lady, bandit = conn.space_center.vessels[:2]
    create = conn.space_center.ReferenceFrame.create_relative
    frame = create(bandit.orbital_reference_frame, position=(float(at), 0.0, 0.0))
    conn.add_stream(lady.position, frame)
print("asked", flush=True)
sys.stdin.read()
"""

# Clients that come and go, one for each line it is given: what it does, and where its frames are.
# The krpc package keeps 1.4 MiB and a socket of every client, so that this process goes, too.
VISITORS = """
import sys
import krpc

rpc_port, stream_port, many = map(int, sys.argv[1:])
for line in sys.stdin:
    kind, place = line.split()
    conn = krpc.connect("visitor", rpc_port=rpc_port, stream_port=stream_port)
    center = conn.space_center
    for vessel in center.vessels:
        create = center.ReferenceFrame.create_relative
        frame = create(vessel.orbital_reference_frame, position=(float(place), 0.0, 0.0))
        vessel.position(frame)
        if kind == "streams":
            conn.add_stream(vessel.position, frame)()
    if kind == "gone":
        conn._rpc_connection._socket.close()
    conn.close()
    print("went", flush=True)
"""
VISITS = 50  # of one process


@dataclass
class Served:
    """A server in a process of its own; `summary` is what it prints when it ends."""

    process: subprocess.Popen[str]
    rpc_port: int
    stream_port: int
    summary: dict[str, Any] = field(default_factory=dict)

    def connect(self) -> Any:
        """Return a client."""
        import krpc

        return krpc.connect("benchmark", rpc_port=self.rpc_port, stream_port=self.stream_port)

    def client(
        self, n: int, folder: Path | None = None, script: str = CLIENT
    ) -> subprocess.Popen[str]:
        """Start a client that makes `n` calls; with the krpc package in `folder`, if given."""
        path = {} if folder is None else {"PYTHONPATH": str(folder)}
        return subprocess.Popen(
            [sys.executable, "-c", script, str(self.rpc_port), str(self.stream_port), str(n)],
            env={**os.environ, **path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def memory_mib(self) -> float:
        """Return the resident memory of the process. Raises OSError where no /proc tells it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(row for row in status.splitlines() if row.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def server(*options: str) -> Iterator[Served]:
    """Run a server at free ports until the block ends."""
    ports = ["--rpc-port", "0", "--stream-port", "0", "--json"]
    process = subprocess.Popen([*SERVE, *ports, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with status {process.wait()}")
        where = json.loads(line)
        served = Served(process, where["rpc_port"], where["stream_port"])
        yield served
        process.terminate()
        served.summary = json.loads(process.communicate(timeout=60)[0])
    finally:
        process.kill()
        process.communicate()


def round_trips(served: Served, n: int) -> Iterator[Figure]:
    """Time two getters with the client that is installed here."""
    conn = served.connect()
    center = conn.space_center
    vessel, frame = center.active_vessel, center.active_vessel.orbit.body.reference_frame
    for name, work, asked in (
        ("get_UT", lambda: center.ut, ROUND_TRIP_US),
        ("Vessel.Position", lambda: vessel.position(frame), None),
    ):
        trips(work, n // 10)
        yield figure(f"{name}, krpc 0.7: round trip", "us", trips(work, n), asked)
    conn.close()


def trips(work: Callable[[], object], n: int) -> list[float]:
    """Return the times that `n` calls take, microseconds."""
    return [timed(work) * 1e6 for _ in range(n)]


def latency(n: int) -> Iterator[Figure]:
    """Measure round trips of one client that is alone."""
    with server() as served:
        yield from round_trips(served, n)
        connects = [timed(lambda: served.connect().close()) * 1e3 for _ in range(max(2, n // 250))]
        yield figure("connection, first call included", "ms", connects)


def old(n: int) -> Iterator[Figure]:
    """Measure a round trip of the client of 0.5.4, in a process that has that one."""
    name = "get_UT, krpc 0.5.4: round trip"
    if not OLD_CLIENT.is_dir():
        yield skipped(name, "us", f"krpc 0.5.4 is not in {OLD_CLIENT}", ROUND_TRIP_US)
        return
    with server() as served:
        printed, errors = (client := served.client(n, OLD_CLIENT)).communicate()
    if client.returncode:
        yield skipped(name, "us", errors.strip().splitlines()[-1], ROUND_TRIP_US)
        return
    yield figure(name, "us", json.loads(printed), ROUND_TRIP_US)


def beside_streams(n: int) -> Iterator[Figure]:
    """Measure one client beside ten streams at every tick: at the asked rate, and flat out."""
    seconds = n / 1000
    missed, updates, call_rates = [], [], []
    for _ in range(3 if seconds > 1 else 1):
        with server() as served:
            times, updated = busy(served, seconds, RPC_RATE)
        call_rates.append(len(times) / seconds)
        updates += [count / seconds for count in updated]
        missed.append(float(served.summary["missed_ticks"]))
    beside = f"beside {STREAMS} streams"
    yield figure(f"calls {beside}, as asked", "1/s", call_rates, 0.99 * RPC_RATE, least=True)
    yield figure("streams beside them: updates", "1/s", updates, 45.0, least=True, of="p5")
    yield figure(f"missed ticks in {seconds:g} s of that", "ticks", missed, 0.0)
    with server() as served:
        times, _ = busy(served, seconds)
    yield figure(f"calls {beside}, flat out", "1/s", [len(times) / seconds])
    yield figure(f"calls {beside}, flat out: round trip", "us", times)


def busy(served: Served, seconds: float, limit: float = math.inf) -> tuple[list[float], list[int]]:
    """Call for `seconds`, at most `limit` times a second, beside streams.

    Returns the times of the calls, microseconds, and how often each stream was updated.
    """
    conn = served.connect()
    work = partial(getattr, conn.space_center, "ut")
    updates = add_streams(conn)
    times: list[float] = []
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        if len(times) > passed * limit:
            time.sleep(1e-4)
        else:
            times += trips(work, 1)
    counts = [len(values) for values in updates]
    conn.close()
    return times, counts


def add_streams(conn: Any) -> list[list[object]]:
    """Stream ten values that change in every tick; return lists that they arrive in."""
    center = conn.space_center
    body = center.bodies["Kerbin"]
    calls: list[tuple[Any, ...]] = [(getattr, center, "ut")]
    for vessel in center.vessels[:2]:
        frame = body.non_rotating_reference_frame
        calls += [
            (getattr, vessel, "met"),
            (vessel.position, frame),
            (vessel.velocity, frame),
            (getattr, vessel.orbit, "mean_anomaly"),
            (getattr, vessel.orbit, "true_anomaly"),
        ]
    arrived: list[list[object]] = []
    for call in calls[:STREAMS]:
        arrived.append([])
        conn.add_stream(*call).add_callback(arrived[-1].append)
    for values in arrived:
        while not values:
            time.sleep(0.01)
        values.clear()
    return arrived


def together(n: int) -> Iterator[Figure]:
    """Measure eight clients at once, each in a process of its own."""
    with server() as served:
        clients = [served.client(n) for _ in range(CLIENTS)]
        times = [json.loads(client.communicate()[0]) for client in clients]
    everyone = [trip for each in times for trip in each]
    yield figure(f"{CLIENTS} clients: round trip of each", "us", everyone)
    total = sum(1e6 * len(each) / sum(each) for each in times)
    yield figure(f"{CLIENTS} clients: calls of all", "1/s", [total])


def pace(n: int) -> Iterator[Figure]:
    """Measure how fast the world really goes, with a client that asks for it all the time."""
    with server("--rate", f"{RATE:g}") as served:
        conn = served.connect()
        paces = []
        for _ in range(max(2, n // 500)):
            wall, world = time.perf_counter(), conn.space_center.ut
            while time.perf_counter() - wall < 1.0:
                conn.space_center.active_vessel  # noqa: B018
            paces.append((conn.space_center.ut - world) / (time.perf_counter() - wall))
        conn.close()
    yield figure(f"world seconds a second at --rate {RATE:g}", "x", paces, 0.99 * RATE, least=True)


def fuzz(n: int) -> Iterator[Figure]:
    """Send 20 hostile frames for each of `n` samples, while a peaceful client goes on."""
    with server() as served:
        calm = served.connect()
        before = memory(served)
        ports = (str(served.rpc_port), str(served.stream_port))
        command = [sys.executable, "-m", "helmsight.envs.orbital.krpc.hostile", *ports, str(20 * n)]
        began = time.perf_counter()
        attack = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        times = []
        while attack.poll() is None:  # a call that fails ends the measurement
            times += trips(lambda: calm.space_center.ut, 1)
            time.sleep(0.01)
        spent = time.perf_counter() - began
        sent = int(attack.communicate()[0])
        trips(lambda: served.connect().close(), 3)
        after = memory(served)
        calm.close()
    yield figure("hostile frames", "frames", [float(sent)])
    yield figure("hostile frames: rate", "1/s", [sent / spent])
    yield figure("a peaceful client meanwhile: round trip", "us", times)
    if before is None or after is None:
        yield skipped("memory of the server", "MiB", "no /proc on this system", GROWTH_MIB)
        return
    yield figure("memory of the server before", "MiB", [before])
    yield figure("memory of the server: growth", "MiB", [after - before], GROWTH_MIB)


def crowd(n: int) -> Iterator[Figure]:
    """Measure a peaceful client beside one with 1,000 streams in frames of their own, and while
    1,024 connections that say nothing, or no more than who they are, come one after another.
    """
    with server() as served:
        calm = served.connect()
        call = partial(getattr, calm.space_center, "ut")
        # in a process of its own: taking in a thousand streams would hold up our own client here
        heavy = served.client(HEAVY, script=HEAVY_CLIENT)
        assert heavy.stdout is not None
        assert heavy.stdout.readline() == "asked\n", heavy.communicate()
        beside = trips(call, n)
        idle, newcomers = [], []
        for number in range(IDLE):
            with suppress(OSError):
                idle.append(socket.create_connection(("127.0.0.1", served.rpc_port), timeout=10.0))
                if number % 2:
                    idle[-1].sendall(HELLO)
            if number % 64 == 0:
                newcomers += trips(lambda: served.connect().close(), 1)
        among = trips(call, n)
        for one in idle:
            one.close()
        calm.close()
        heavy.communicate("")
    asked = 1e3 * PEACE_MS
    yield figure(f"beside {HEAVY} streams of another: round trip", "us", beside, asked, of="p99")
    yield figure(f"among {IDLE} idle connections too: round trip", "us", among, asked, of="p99")
    yield figure("a newcomer meanwhile, until it has hung up", "us", newcomers)


def soak(minutes: float, seed: int) -> Iterator[Figure]:
    """Let clients come and go for `minutes` beside one that stays; tell of what there was by then
    when Ctrl-C, SIGTERM or a client that is cut off ends it.
    """
    random, times, visits, cut = Random(seed), list[float](), 0, ""
    with server() as served, Visitors(served) as visitors:
        levels, calm = Levels(served.process.pid), served.connect()
        until = time.monotonic() + 60.0 * minutes
        try:
            with as_ctrl_c():
                while time.monotonic() < until:
                    visit(served, visitors, random)
                    visits += 1
                    times += trips(partial(getattr, calm.space_center, "ut"), 10)
                    if visits % 5 == 0:
                        levels.sample()
        except (Exception, KeyboardInterrupt) as error:  # whatever cut it off: the levels are told
            cut = f"after {visits} visits: {type(error).__name__}: {error}"
        with suppress(Exception):
            calm.close()
    yield figure("visits of clients", "visits", [float(visits)])
    if cut:
        yield skipped("the rest of the soak", "visits", cut, 0.0)
    yield from told("the client that stays: round trip", "us", times)
    for name in MOST:
        rise = [levels.rise[name]] if levels.taken[name] else []
        yield from told(f"{name} of the server: rise", name, rise, MOST[name])
        yield from told(f"{name} of the server", name, levels.taken[name])


def told(
    name: str, unit: str, samples: Sequence[float], asked: float | None = None
) -> Iterator[Figure]:
    """Yield the figure of samples, or that there are none."""
    yield figure(name, unit, samples, asked) if samples else skipped(name, unit, "cut off", asked)


class Visitors:
    """Clients that come and go, in a process of their own, which is another one now and then."""

    def __init__(self, served: Served) -> None:
        self._served, self._left = served, 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def send(self, kind: str, place: float) -> None:
        """Have one client come, do what its `kind` does, and go. Raises RuntimeError: it failed."""
        if not self._left:
            self.__exit__()
            self._process = self._served.client(0, script=VISITORS)
            self._left = VISITS
        self._left -= 1
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(f"{kind} {place}\n")
            process.stdin.flush()
        if process.stdout.readline() != "went\n":
            said = process.communicate()[1]
            raise RuntimeError(
                f"a client ended with status {process.returncode}: {said[-300:].strip()}"
            )


def visit(served: Served, visitors: Visitors, random: Random) -> None:
    """Be one client: well behaved, gone without a word, silent, or hostile."""
    kind = random.choice(("calls", "streams", "gone", "silent", "hostile"))
    if kind == "silent":
        idle = [socket.create_connection(("127.0.0.1", served.rpc_port)) for _ in range(20)]
        for one in idle:
            one.close()
    elif kind == "hostile":
        frames = str(random.randint(1, 200))
        ports = (str(served.rpc_port), str(served.stream_port))
        attack = [sys.executable, "-m", "helmsight.envs.orbital.krpc.hostile", *ports, frames]
        subprocess.run(attack, stdout=subprocess.DEVNULL, check=True)
    else:
        visitors.send(kind, random.random())


def memory(served: Served) -> float | None:
    """Return the server's memory, MiB; None where the system does not tell."""
    with suppress(OSError):
        return served.memory_mib()
    return None


PARTS: dict[str, tuple[Callable[[int], Iterator[Figure]], int]] = {
    "latency": (latency, 5000),
    "old": (old, 5000),
    "streams": (beside_streams, 20_000),
    "together": (together, 3000),
    "pace": (pace, 5000),
    "fuzz": (fuzz, 5000),
    "crowd": (crowd, 2000),
}


def measure(parts: Sequence[str], scale: float) -> Iterator[Figure]:
    """Yield every figure of `parts`; `scale` multiplies the number of samples."""
    for name in parts:
        work, n = PARTS[name]
        try:
            yield from work(max(20, round(n * scale)))
        except (RuntimeError, OSError) as error:
            yield skipped(name, "-", str(error))


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("parts", nargs="*", help=f"default: {' '.join(PARTS)}; or soak")
    options.add_argument("--minutes", type=float, default=1.0, help="of the soak (1)")
    options.add_argument("--seed", type=int, default=0, help="of the soak")
    add_options(options)
    chosen = options.parse_args(arguments)
    if chosen.parts == ["soak"]:
        show(soak(chosen.minutes, chosen.seed), chosen)
        return
    unknown = sorted(set(chosen.parts) - set(PARTS))
    if unknown:
        options.error(f"nothing measures {', '.join(unknown)}; there are {', '.join(PARTS)}")
    show(measure(chosen.parts or list(PARTS), chosen.scale), chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    from helmsight.errors import status_of

    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
