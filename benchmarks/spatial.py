"""Measures how fast pictures with a known truth, and lessons about them, are made.

python benchmarks/spatial.py
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show, timed
from helmsight.evals.spatial.generator import Split, ask
from helmsight.evals.spatial.lessons import PER_PICTURE, lessons

PICTURES = 60


def run(arguments: Sequence[str]) -> None:
    """Print the figures that `arguments` ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_options(parser)
    options = parser.parse_args(arguments)
    show(_figures(max(1, round(PICTURES * options.scale))), options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


def _figures(n: int) -> Iterator[Figure]:
    """Yield the rates on one core of this process (OpenCV may use more)."""
    for name, share, size in (
        ("objects, 224 px", 0.0, 224),
        ("objects, 448 px", 0.0, 448),
        ("navball, 256 px", 1.0, 256),
    ):
        question = partial(ask, Split.TRAIN, 0, size=size, cockpit_share=share)
        question(0)  # warms up
        rates = [1.0 / timed(partial(question, number)) for number in range(n)]
        yield figure(f"pictures with a question: {name}", "1/s", rates)
    drawn = lessons(size=224)
    list(islice(drawn, PER_PICTURE))
    rates = []
    for _ in range(n):
        seconds = timed(lambda: list(islice(drawn, PER_PICTURE)))
        rates.append(PER_PICTURE / seconds)
    yield figure(f"lessons, {PER_PICTURE} a picture, 224 px", "1/s", rates)


if __name__ == "__main__":
    sys.exit(main())
