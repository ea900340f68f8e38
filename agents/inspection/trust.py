"""How far crops, drawings and eyes are trusted, as numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trust:
    """The constants of `Belief`; all but `empty` are shares and probabilities.

    defective, missing: of a part to have a defect, or not to be there, before anything is seen.
    drawn: that what the drawing has in sight is in sight, for `enough` of a site's share; less
    where it is less. shows: that a defect shows in a view of
    its site. nothing: that a crop of a part that is not there shows none. wrong: that an eye's
    answer has nothing to do with the crop; it bounds what one crop can weigh. alone: what a
    further crop counts beside the others, which share its light and its eye: an exponent.

    sure: from where on nothing more is looked at. least: below it the answer is `unsure`. empty:
    clear views of nothing that it takes to call a part absent.
    """

    defective: float = 0.2
    missing: float = 0.02
    drawn: float = 0.93
    enough: float = 0.85
    shows: float = 0.95
    nothing: float = 0.98
    wrong: float = 0.06
    alone: float = 0.9
    sure: float = 0.93
    least: float = 0.5
    empty: int = 2


TRUST = Trust()
