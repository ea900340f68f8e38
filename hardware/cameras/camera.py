"""A camera that is read in a thread: the newest picture only, stamped, checked, reopened."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from helmsight.contract.errors import Error, InvalidOption
from helmsight.contract.still import StillPicture
from helmsight.contract.waiting import holds
from helmsight.hardware.cameras.frame import Checks, Frame, Pixels, Trouble, refusal
from helmsight.hardware.cameras.intrinsics import Intrinsics, load_intrinsics
from helmsight.hardware.cameras.source import TIMEOUT_S, Source
from helmsight.hardware.errors import CameraUnavailable, FrameRefused

BACKOFF_S = (0.1, 2.0)  # first and longest wait before a lost source is opened again
OPENING_S = 10.0  # an RTSP handshake, or the drawing library of a rendered view


@dataclass
class CameraCounters:
    """What a camera has seen. frames: captured; dropped: never looked at, a newer one came.

    stale, frozen, black: pictures that were refused for it.
    """

    frames: int = 0
    dropped: int = 0
    reconnects: int = 0
    stale: int = 0
    frozen: int = 0
    black: int = 0

    def summary(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


class Camera:
    """Pictures of one source; keeps the newest only. A context manager; safe to use from threads.

    A lost source is opened again with growing waits; meanwhile the last picture keeps its stamp
    and grows old, it is never passed off as a new one. One that draws its pictures does so when
    somebody looks. opening_s: that the first picture may take.
    """

    def __init__(
        self,
        source: Source,
        *,
        checks: Checks | None = None,
        intrinsics: str | Path | Intrinsics | None = None,
        undistort: bool = False,
        opening_s: float = OPENING_S,
    ) -> None:
        self.source = source
        self.name = source.name
        self.checks = source.checks if checks is None else checks
        self.counters = CameraCounters()
        if undistort and intrinsics is None:
            raise InvalidOption("undistort needs the camera's intrinsics: name their file")
        if isinstance(intrinsics, str | Path):
            intrinsics = load_intrinsics(intrinsics)
        self.intrinsics = intrinsics
        self._undistort, self._opening_s = undistort, opening_s
        self._news = threading.Condition()
        self._newest: Frame | None = None
        self._still = StillPicture()
        self._looked = 0
        self._wanted = 1  # the number up to which pictures are asked for, where they are drawn
        self._lost = ""  # why there are no pictures now
        self._ended = False
        self._failure: Error | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Read in a thread, and return when the first picture is there. Idempotent.

        Raises:
            CameraUnavailable: it cannot be opened, or gives no picture.
            InvalidOption: intrinsics for another aspect ratio.
        """
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._guarded, name=f"camera {self.name}", daemon=True
            )
            self._thread.start()
        with self._news:
            holds(self._news, lambda: self._newest or self._ended or self._failure, self._opening_s)
            if self._newest is not None:
                return self
            failure = self._failure
        self.close()
        raise failure or CameraUnavailable(
            f"camera {self.name}: {'it has no picture' if self._ended else 'no picture came'} "
            f"within {self._opening_s:g} s"
        )

    @property
    def ended(self) -> bool:
        """Whether a file is over, or the camera was closed: no further picture will come."""
        return self._ended

    def newest(self, within_s: float = TIMEOUT_S, *, after: int = 0) -> Frame:
        """Return the newest picture with a number above `after`, waiting up to `within_s` for it.

        It is not judged: see `check` and `look`. One that is drawn may have half the age at which
        it is stale; when it is older, another is drawn.

        Raises:
            FrameRefused: none came in time. CameraUnavailable: none will come any more.
        """
        with self._news:
            least = max(after, self._worn())
            self._wanted = max(self._wanted, least + 1)
            self._news.notify_all()
            holds(self._news, lambda: self._has(least) or self._ended, within_s)
            if self._has(after):
                assert self._newest is not None
                self._looked = self._newest.number
                return self._newest
            if self._ended:
                raise self._failure or self._over()
            why = self._lost or "check the cable and the light on it"
        raise FrameRefused(f"no new picture of {self.name} within {within_s:g} s; {why}")

    def check(self, frame: Frame) -> None:
        """Raise FrameRefused for a stale, frozen or black picture.

        Raises:
            CameraUnavailable: stale, and no further picture will come.
        """
        trouble = self.checks.trouble(frame)
        if trouble is None:
            return
        kind: Trouble = trouble[0]
        setattr(self.counters, kind, getattr(self.counters, kind) + 1)
        if kind == "stale" and self._ended:
            raise self._failure or self._over()
        raise refusal(self.name, trouble, self._lost)

    def look(self, within_s: float = TIMEOUT_S, *, after: int = 0) -> Frame:
        """Return the newest picture once it has passed `check`. Raises as both do."""
        frame = self.newest(within_s, after=after)
        self.check(frame)
        return frame

    def close(self) -> None:
        """Stop reading and let go of the source. Idempotent."""
        self._closing.set()
        with self._news:
            self._news.notify_all()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2.0 * TIMEOUT_S)
        with self._news:
            self._ended = True
            self._news.notify_all()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the reading thread -------------------------------------------------------------------

    def _guarded(self) -> None:
        failure: Error | None = None
        try:
            self._read()
        except Error as error:
            failure = error
        except Exception as error:  # told to whoever asks for a picture, never swallowed
            failure = CameraUnavailable(f"camera {self.name}: {type(error).__name__}: {error}")
        finally:
            self.source.close()
            with self._news:
                self._failure, self._ended = failure, True
                self._news.notify_all()

    def _read(self) -> None:
        self.source.open()
        while self._awaited():
            picture = self.source.read()
            if picture is not None:
                self._keep(*picture)
            elif not self.source.lasting:
                return
            elif self._newest is None:
                raise CameraUnavailable(f"camera {self.name}: it opens but gives no picture")
            elif self._again():
                self.counters.reconnects += 1

    def _awaited(self) -> bool:
        """Wait until a picture is wanted, where it is drawn; False when closed meanwhile."""
        with self._news:
            if self.source.drawn:
                self._news.wait_for(
                    lambda: not self._has(self._wanted - 1) or self._closing.is_set()
                )
        return not self._closing.is_set()

    def _again(self) -> bool:
        """Open a lost source again, with growing waits; False when closed meanwhile."""
        self.source.close()
        since, tries, wait = time.monotonic(), 0, BACKOFF_S[0]
        while not self._closing.wait(wait):
            tries += 1
            try:
                self.source.open()
            except CameraUnavailable as error:
                gone = time.monotonic() - since
                self._lost = f"lost for {gone:.1f} s, opened {tries} times without success: {error}"
                wait = min(2.0 * wait, BACKOFF_S[1])
                continue
            self._lost = ""
            return True
        return False

    def _keep(self, pixels: Pixels, stamp: float) -> None:
        """Make these pixels the newest frame."""
        if self.intrinsics is not None:
            height, width = pixels.shape[:2]
            if (self.intrinsics.width, self.intrinsics.height) != (width, height):
                self.intrinsics = self.intrinsics.scaled(width, height)
            if self._undistort:
                pixels = self.intrinsics.undistort(pixels)
        pixels.setflags(write=False)  # it is shared with whoever looked
        before, since = self._newest, self._still.since(pixels, stamp)
        with self._news:
            self.counters.frames += 1
            if before is not None and before.number > self._looked:
                self.counters.dropped += 1
            self._newest = Frame(pixels, stamp, self.counters.frames, since)
            self._lost = ""
            self._news.notify_all()

    def _worn(self) -> int:
        """Return the number of the newest picture if it was drawn too long ago, else 0."""
        newest = self._newest
        worn = newest and self.source.drawn and newest.age_s > 0.5 * self.checks.max_age_s
        return newest.number if newest and worn else 0

    def _has(self, after: int) -> bool:
        return self._newest is not None and self._newest.number > after

    def _over(self) -> CameraUnavailable:
        number = self._newest.number if self._newest is not None else 0
        return CameraUnavailable(f"camera {self.name} is over after {number} pictures")
