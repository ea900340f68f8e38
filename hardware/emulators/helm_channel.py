"""Parts of Helm's twin: one servo output, and the memory that tells a command sent twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from helmsight.hardware.wire.helm import (
    BEAT_S,
    NO_CHANNEL,
    WIDTH_MAX,
    WIDTH_MIN,
    Config,
    HelmFrame,
    Status,
    crc16,
)

BEATS_PER_S = round(1 / BEAT_S)
REMEMBERED = 8  # commands, for a second
MOST = 65535  # where a counter stays
Outcome = tuple[Status, int]


@dataclass
class ServoChannel:
    """One servo output: widths in ticks. `driven` is on the pin, `next` from the next beat on."""

    driven: int = (WIDTH_MIN + WIDTH_MAX) // 2
    next: int = (WIDTH_MIN + WIDTH_MAX) // 2
    origin: int = 0
    target: int = (WIDTH_MIN + WIDTH_MAX) // 2
    beats: int = 1  # of `of` are done, the one being prepared included
    of: int = 1
    limits: Config | None = None

    def stay(self, width: int) -> None:
        """Go nowhere from `width`."""
        self.next = self.origin = self.target = width
        self.beats = self.of = 1

    def go(self, target: int, beats: int) -> None:
        """Go to `target` in `beats`."""
        self.origin, self.target, self.beats, self.of = self.driven, target, 1, beats
        self.prepare()

    def prepare(self) -> None:
        """Set the next width: the way so far, rounded towards its start as C rounds."""
        way = self.target - self.origin
        done = abs(way) * self.beats // self.of
        self.next = self.origin + (done if way >= 0 else -done)

    def beat(self) -> None:
        """Take over the next width and prepare the one after it."""
        self.driven = self.next
        if self.beats < self.of:
            self.beats += 1
            self.prepare()


@dataclass
class Memory:
    """Answers to commands that may be sent again."""

    entries: list[tuple[int, int, int, Outcome, int]] = field(default_factory=list)
    duplicates: int = 0

    def find(self, frame: HelmFrame, beat: int) -> tuple[Outcome, int] | None:
        """Return the answer that `frame` got before, if it did."""
        crc = crc16(frame.encode()[1:-2])
        for until, sequence, known, outcome, value in self.entries:
            if until > beat and sequence == frame.sequence:
                if known != crc:
                    return (Status.SEQUENCE_REUSED, NO_CHANNEL), 0
                self.duplicates = min(MOST, self.duplicates + 1)
                return outcome, value
        return None

    def keep(self, frame: HelmFrame, outcome: Outcome, value: int, beat: int) -> None:
        """Remember the answer to `frame`."""
        crc = crc16(frame.encode()[1:-2])
        self.entries.append((beat + BEATS_PER_S, frame.sequence, crc, outcome, value))
        del self.entries[:-REMEMBERED]
