"""What went over the connections of a server, and how fast in the last second."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Traffic:
    """Bytes of all connections so far, and rates per second of what is counted."""

    bytes_read: int = 0
    bytes_written: int = 0
    rates: dict[str, float] = field(default_factory=dict)
    _before: tuple[float, dict[str, int]] | None = None

    def measure(self, now: float, counts: dict[str, int]) -> None:
        """Take the rates of `counts` and of the bytes about once a second; `now`: wall time, s."""
        counts = {**counts, "bytes_read": self.bytes_read, "bytes_written": self.bytes_written}
        if self._before is None:
            self._before = now, counts
        then, before = self._before
        if now - then >= 1.0:
            self.rates = {key: (counts[key] - before[key]) / (now - then) for key in counts}
            self._before = now, counts
