"""Faults of a line, by seed: `drop=0.01,flip=0.001,delay=20ms,unplug@5s`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random

from helmsight.contract.errors import InvalidOption

HELP = (
    "drop=P, flip=P[:replies|:commands], noise=P (probability a message), delay=MS[:P] (replies), "
    "unplug@T[+S] (gone at T s, back after S, 0.5 s by default; may be repeated)"
)


@dataclass(frozen=True)
class Faults:
    """What goes wrong on a line.

    drop: messages lost, either way. flip: one bit of a message turned over, either way or
    `flip_side` only.
    noise: one to eight random bytes before a reply. delay_s: replies late, with `delay_share`.
    unplugs: (when, for how long) in s since the emulator started.
    """

    drop: float = 0.0
    flip: float = 0.0
    noise: float = 0.0
    delay_s: float = 0.0
    delay_share: float = 1.0
    unplugs: tuple[tuple[float, float], ...] = ()
    flip_side: str = "both"

    @classmethod
    def parse(cls, text: str) -> Faults:
        """Return the faults that `text` names. Raises InvalidOption with what may be written."""
        shares: dict[str, float] = {}
        unplugs: list[tuple[float, float]] = []
        side = "both"
        for part in filter(None, (part.strip() for part in text.split(","))):
            if chance := re.fullmatch(r"(drop|flip|noise)=(\d*\.?\d+)", part):
                shares[chance[1]] = float(chance[2])
            elif sided := re.fullmatch(r"flip=(\d*\.?\d+):(replies|commands)", part):
                shares["flip"], side = float(sided[1]), sided[2]
            elif late := re.fullmatch(r"delay=(\d*\.?\d+)(ms|s)(?::(\d*\.?\d+))?", part):
                shares["delay_s"] = float(late[1]) * (0.001 if late[2] == "ms" else 1.0)
                shares["delay_share"] = float(late[3] or 1.0)
            elif gone := re.fullmatch(r"unplug@(\d*\.?\d+)s(?:\+(\d*\.?\d+)s)?", part):
                unplugs.append((float(gone[1]), float(gone[2] or 0.5)))
            else:
                raise InvalidOption(f"fault {part!r}: expected {HELP}")
        for name in ("drop", "flip", "noise", "delay_share"):
            if not 0.0 <= shares.get(name, 0.0) <= 1.0:
                raise InvalidOption(f"fault {name}={shares[name]:g}: expected 0 to 1")
        return cls(**shares, unplugs=tuple(sorted(unplugs)), flip_side=side)


@dataclass
class Line:
    """One direction of a faulty line, and what it did to the messages."""

    faults: Faults
    random: Random
    replies: bool
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("messages", "dropped", "flipped", "delayed"), 0)
    )
    size: int = 0  # bytes that were to be carried

    def carry(self, message: bytes) -> tuple[bytes, float]:
        """Return what arrives of `message` and how much later, s."""
        faults, chance = self.faults, self.random.random
        self.counts["messages"] += 1
        self.size += len(message)
        if chance() < faults.drop:
            self.counts["dropped"] += 1
            return b"", 0.0
        if message and chance() < faults.flip and self._flips:
            self.counts["flipped"] += 1
            bit = self.random.randrange(8 * len(message))
            flipped = bytearray(message)
            flipped[bit // 8] ^= 1 << bit % 8
            message = bytes(flipped)
        if self.replies and chance() < faults.noise:
            message = self.random.randbytes(self.random.randint(1, 8)) + message
        late = self.replies and faults.delay_s > 0.0 and chance() < faults.delay_share
        if late:
            self.counts["delayed"] += 1
        return message, faults.delay_s if late else 0.0

    @property
    def _flips(self) -> bool:
        return self.faults.flip_side in ("both", "replies" if self.replies else "commands")
