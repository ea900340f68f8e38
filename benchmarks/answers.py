"""Examines a bundled-class model on pictures it was not trained on, and prints its marks.

    python benchmarks/answers.py --pictures 2000

The pictures come from teacher flights with random bursts, from seeds that training never uses:
once with the nominal cockpit and once as in training, where some are of other colours and places,
moved, zoomed, partly covered, or the game's. --family LBG1 or SB1 examines another family.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from helmsight.agents.training.examine import Marks, examine, held_out
from helmsight.agents.training.starts import BOTS
from helmsight.errors import status_of
from helmsight.evals.machine import Machine
from helmsight.evals.statistics import proportion_interval


def run(arguments: Sequence[str]) -> None:
    """Examine the model that `arguments` name and print its marks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--pictures", type=int, default=2000, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--family", choices=sorted(BOTS), default="PE1", help="of scenarios (PE1)")
    options = parser.parse_args(arguments)
    results = _examined(options.model, options.pictures, options.seed, options.family)
    if options.json:
        print(json.dumps({cockpit: asdict(marks) for cockpit, marks in results.items()}))
        return
    print("\n".join(Machine.here().lines()))
    for cockpit, marks in results.items():
        exact = proportion_interval(round(marks.exact * marks.n), marks.n)
        print(
            f"{cockpit:8} n {marks.n}  exact command {exact.text('.1%')}  "
            f"all directions {marks.signs:.1%}  "
            f"forward/right/down {'/'.join(f'{x:.1%}' for x in marks.fields)}  "
            f"relation {marks.relation:.1%}  "
            f"reading {marks.reading:.1%}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


def _examined(folder: Path | None, pictures: int, seed: int, family: str) -> dict[str, Marks]:
    from helmsight.agents.models.local import LocalVLM
    from helmsight.agents.models.sources import BUNDLED

    model = LocalVLM.load(folder or BUNDLED, device="cpu")
    return {
        cockpit: examine(
            model.model, model.processor, held_out(pictures, seed, cockpit == "nominal", family)
        )
        for cockpit in ("nominal", "random")
    }


if __name__ == "__main__":
    sys.exit(main())
