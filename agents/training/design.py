"""The sizes of the bundled models, and what the one that flies is shown."""

from __future__ import annotations

from dataclasses import dataclass

SHUFFLE = 2  # pixel shuffle: 2 x 2 patches become one visual token, if nothing else is said


@dataclass(frozen=True)
class Tower:
    """A transformer: its width, how wide its inner layers are, how many layers and heads."""

    width: int
    inner: int
    layers: int
    heads: int


@dataclass(frozen=True)
class Design:
    """The sizes of a model.

    `view` is the side of every picture it sees and `patch` that of a patch, px; `mean` and
    `spread` of the brightness make its pixels of order one. `pieces` is the regular expression of
    what a token may not reach across, `vocabulary` the number of tokens, none longer than
    `longest` bytes, and `context` how many a question with its answer may have. `shuffle` patches
    along each side become one visual token.
    """

    view: int
    patch: int
    mean: float
    spread: float
    vision: Tower
    text: Tower
    pieces: str
    vocabulary: int
    longest: int
    context: int
    shuffle: int = SHUFFLE

    @property
    def side(self) -> int:
        """How many visual tokens lie along each side of a picture."""
        return self.view // self.patch // self.shuffle

    @property
    def visual_tokens(self) -> int:
        """How many tokens stand for one picture."""
        return self.side**2


PILOT = Design(
    view=128,
    patch=16,
    mean=0.2,  # cockpit pictures are mostly dark
    spread=0.2,
    vision=Tower(128, 512, 3, 4),
    text=Tower(192, 512, 4, 6),
    # numbers and JSON keys stay whole, so that an answer is about ten tokens
    pieces=r'-?\d\.\d(?!\d)|-?1(?![\d.])|[{,]? ?"\w+": ?|\s?\d|\s?[^\W\d]+|\s?[^\w\s]+|\s+',
    vocabulary=512,
    longest=24,
    context=512,
)
"""The model that flies."""
VIEW = PILOT.view
VIEWS = ("radar|sundial|frame", "navball", "readouts")
"""What it is shown, in this order: the panel beside the readouts, where there is none the whole
frame, and the two instrument regions that every cockpit has."""
VISUAL_TOKENS = PILOT.visual_tokens
