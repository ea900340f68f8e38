"""What a person sees of a run: one live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from helmsight.contract.calls import spent
from helmsight.contract.description import Description
from helmsight.contract.ending import is_error
from helmsight.contract.foreign import printable
from helmsight.contract.printing import clean
from helmsight.tools.player import live_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from helmsight.contract.record import RunSpec, StepRecord
    from helmsight.tools.compare import Comparison

PLAIN_EVERY, PLAIN_STEPS = 20.0, 4  # world seconds and steps between two plain lines, at least


def command_words(command: Mapping[str, float | str]) -> str:
    """Return a command as short words: "forward +0.50 right -1.00", or "nothing"."""
    words = [
        value if isinstance(value, str) else f"{name} {value:+.2f}"
        for name, value in command.items()
        if name != "duration" and value
    ]
    return " ".join(words) or "nothing"


def spent_words(total: Mapping[str, Any]) -> str:
    """Return what models were asked so far: "  12,400 tokens  $0.0310"; "" where it is not told."""
    tokens = total.get("tokens_in", 0) + total.get("tokens_out", 0)
    cost = total.get("cost")
    words = [f"{tokens:,} tokens"] if tokens else []
    words += [f"${cost:.4f}"] if cost is not None else []
    return "".join(f"  {word}" for word in words)


class Terminal(Console):
    """Standard error by Rich: its orders are Rich's alone, text of others is shown."""

    def __init__(self) -> None:
        super().__init__(stderr=True, highlight=False)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of `renderable`; what a terminal would obey is in escapes."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text), style)


class Fitted:
    """One step as a line that fits the terminal, however wide that is when it is drawn."""

    def __init__(self, record: StepRecord, task: Description, more: str) -> None:
        self._record, self._task, self._more = record, task, more

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Text]:
        line = live_line(self._record, self._task, options.max_width, self._more)
        yield Text(line, no_wrap=True, overflow="ellipsis")


class LiveLine:
    """A listener of a run that shows the flight while it happens, on standard error.

    On a terminal one line is rewritten in place; elsewhere a plain line comes every 20 s of
    world time, so that logs stay short.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Terminal()
        self._live: Live | None = None
        self._next_plain, self._next_step = 0.0, 0
        self._task = Description()
        self._calls: list[dict[str, Any]] = []

    def start(self, spec: RunSpec) -> None:
        """Say what is about to fly."""
        self._next_plain, self._next_step, self._task = 0.0, 0, spec.task
        self._calls = []
        scenario = str(spec.options.get("scenario") or spec.task.name)
        where = "" if scenario in spec.environment else f" {scenario}"
        self._console.print(
            f"{spec.environment}{where}  pilot {spec.pilot}  seed {spec.seed}  time {spec.time}",
            markup=False,
        )
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, refresh_per_second=8)
            begin(self._live)

    def step(self, record: StepRecord, frame: NDArray[np.uint8] | None) -> None:
        """Show one decision."""
        self._calls += record.calls
        cost = spent_words(spent(self._calls))
        line = live_line(record, self._task, more=cost)
        if self._live is not None:
            self._live.update(Fitted(record, self._task, cost))
        elif record.stamp >= self._next_plain and record.index >= self._next_step:
            self._console.print(line, markup=False, soft_wrap=True)
            self._next_plain = record.stamp + PLAIN_EVERY
            self._next_step = record.index + PLAIN_STEPS

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Take the live line away and say how the run ended; an error says itself what it is."""
        self.close()
        said = "error" if is_error(reason) else reason
        self._console.print(f"ended: {said}", markup=False, soft_wrap=True)

    def close(self) -> None:
        """Give the terminal back; safe to call twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def begin(live: Live) -> None:
    """Start what is shown live; what is printed meanwhile is shown above it, and not obeyed."""
    live.start()  # Rich takes the streams, and would read colours and links out of what is printed
    sys.stdout, sys.stderr = clean(sys.stdout), clean(sys.stderr)


def comparison_lines(comparison: Comparison) -> list[str]:
    """Return in words where two pilots differ at the same observations, largest first."""
    recorded, other = comparison.recorded, comparison.other
    lines = [f"{recorded} flew, {other} was asked at the same {comparison.steps} observations"]
    silences = ((recorded, comparison.silent_recorded), (other, comparison.silent_other))
    for name, silent in silences:
        if silent:
            lines.append(f"{name} gave no usable answer at {silent}")
    if comparison.equal is not None:
        lines.append(f"the same command at {comparison.equal:.0%} of {comparison.answered}")
    for axis, gap in comparison.axes.items():
        lines.append(
            f"  {axis:<10} equal {gap.equal:4.0%}   difference: mean {gap.mean:.3f}, "
            f"median {gap.median:.3f}, largest {gap.largest:.3f}"
        )
    for step in comparison.largest:
        lines.append(
            f"  step {step.index} at {step.stamp:.1f} s: {command_words(step.recorded)}  |  "
            f"{command_words(step.other)}"
        )
    return lines
