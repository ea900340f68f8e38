"""A client that breaks every rule of the protocol, to see what a server makes of it.

python -m helmsight.envs.orbital.krpc.hostile RPC_PORT STREAM_PORT FRAMES [SEED]
"""

from __future__ import annotations

import random
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

import krpc.schema.KRPC_pb2 as KRPC

from helmsight.envs.orbital.krpc.wire import sized, varint

WAIT_S = 30.0
IDLE = 200


class Attack:
    """Hostile frames from one thread; `sent` counts them. What the server answers is thrown away.

    Everything is drawn from `rng`. Procedures that end the scene for everybody (a load of another
    game, a warp, a pause) are left out: whoever calls them rightly has the right to.
    """

    SPARED = ("Load", "Quickload", "Warp", "Paused", "Reset", "Step", "Screenshot", "Lockstep")

    def __init__(self, conn: Any, rpc_port: int, stream_port: int, rng: random.Random) -> None:
        self.sent = 0
        self._ports = (rpc_port, stream_port)
        self._rng = rng
        self._idle: list[socket.socket] = []
        self._procedures = [
            (service.name, procedure.name)
            for service in conn.krpc.get_services().services
            for procedure in service.procedures
            if not any(word in procedure.name for word in self.SPARED)
        ]
        self._roots = [
            (service, name) for service, name in self._procedures if name.startswith("get_")
        ]

    def idle(self, n: int) -> None:
        """Open `n` connections; half of them say who they are, none says more."""
        for number in range(n):
            self._idle.append(self._open(self._ports[0]))
            if number % 2:
                self._idle[-1].sendall(self._hello())
                self.sent += 1

    def close(self) -> None:
        """Hang up."""
        for conn in self._idle:
            conn.close()

    def send(self, frames: int) -> None:
        """Send `frames` frames, over many connections, each of which ends one way or another."""
        until = self.sent + frames
        while self.sent < until:
            with suppress(OSError):  # the server hangs up on who is out of step
                self._connection()

    def _open(self, port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)

    def _hello(self) -> bytes:
        request = KRPC.ConnectionRequest(protocol_version=self._rng.choice([0, 1]))
        return sized(request.SerializeToString())

    def _connection(self) -> None:
        rng = self._rng
        port = self._ports[rng.random() < 0.1]
        with self._open(port) as conn:
            if rng.random() < 0.95:
                self.sent += 1
                conn.sendall(self._hello())
            for _ in range(rng.randrange(1, 30)):
                self.sent += 1
                conn.sendall(self._frame())
                if rng.random() < 0.5:
                    self._drain(conn)
            if rng.random() < 0.2:  # reset, with whatever is still to be read on either side
                linger = struct.pack("ii", 1, 0)
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            conn.shutdown(rng.choice([socket.SHUT_WR, socket.SHUT_WR, socket.SHUT_RDWR]))
            while conn.recv(1 << 16):
                pass

    def _drain(self, conn: socket.socket) -> None:
        conn.setblocking(False)
        with suppress(BlockingIOError):
            while conn.recv(1 << 16):
                pass
        conn.settimeout(WAIT_S)

    def _frame(self) -> bytes:
        """Return one frame: mostly in step, so that the connection lives to see the next one."""
        rng = self._rng
        request = self._request()
        kind = rng.random()
        if kind < 0.01:
            return rng.randbytes(rng.randrange(1, 40))  # out of step from here on
        if kind < 0.015:
            return varint(rng.choice([1 << 20, 1 << 27, 1 << 31, 1 << 34]))  # a lie
        if kind < 0.02:
            return sized(request)[: rng.randrange(1, len(request) + 1)]  # cut off
        if kind < 0.3:
            return sized(rng.randbytes(rng.randrange(200)))
        if kind < 0.6:
            flipped = bytearray(request)
            for _ in range(rng.randrange(1, 4)):
                flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
            return sized(bytes(flipped))
        return sized(request)

    def _request(self) -> bytes:
        """Return a request with calls of real procedures and arguments of any kind."""
        rng = self._rng
        request = KRPC.Request()
        for _ in range(rng.choice([1, 1, 1, 2, 30])):
            # What takes nothing gives objects, whose ids are in the arguments of the others.
            candidates = self._roots if rng.random() < 0.2 else self._procedures
            service, procedure = rng.choice(candidates)
            call = request.calls.add(service=service, procedure=procedure)
            for position in range(rng.choice([0, 1, 1, 1, 2, 3])):
                value = rng.choice([varint(rng.randrange(40)), rng.randbytes(rng.randrange(30))])
                call.arguments.add(position=position, value=value, is_null=rng.random() < 0.1)
        return bytes(request.SerializeToString())


def main(rpc_port: int, stream_port: int, frames: int, seed: int = 0) -> None:
    """Send `frames` hostile frames beside 200 idle connections; print how many were sent."""
    import krpc

    conn = krpc.connect("hostile", rpc_port=rpc_port, stream_port=None)
    attack = Attack(conn, rpc_port, stream_port, random.Random(seed))
    attack.idle(IDLE)
    attack.send(frames - attack.sent)
    attack.close()
    print(attack.sent)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
