"""Examines a bundled-class model on pictures it was not trained on, and prints its marks.

    python benchmarks/answers.py --pictures 2000

The pictures come from teacher flights with random bursts, from seeds that training never uses:
once with the nominal cockpit and once with randomised ones (place, size, colours, noise, blur).
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from agents.training.examine import Marks, examine, held_out
from evals.machine import Machine
from evals.statistics import proportion_interval
from helmsight.errors import explain


def main(arguments: list[str] | None = None) -> int:
    """Run the examination; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--pictures", type=int, default=2000, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    options = parser.parse_args(arguments)
    try:
        results = _examined(options.model, options.pictures, options.seed)
    except Exception as error:
        told = explain(error)
        if told is None:
            raise
        print(told[0], file=sys.stderr)
        return told[1]
    if options.json:
        print(json.dumps({cockpit: asdict(marks) for cockpit, marks in results.items()}))
        return 0
    print("\n".join(Machine.here().lines()))
    for cockpit, marks in results.items():
        exact = proportion_interval(round(marks.exact * marks.n), marks.n)
        print(
            f"{cockpit:8} n {marks.n}  exact command {marks.exact:.1%} "
            f"[{exact.low:.1%}, {exact.high:.1%}]  "
            f"forward/right/down {'/'.join(f'{x:.1%}' for x in marks.fields)}  "
            f"within one level {marks.near:.1%}  relation {marks.relation:.1%}  "
            f"reading {marks.reading:.1%}"
        )
    return 0


def _examined(folder: Path | None, pictures: int, seed: int) -> dict[str, Marks]:
    from agents.models.load import BUNDLED
    from agents.models.local import LocalVLM

    model = LocalVLM.load(folder or BUNDLED, device="cpu")
    return {
        cockpit: examine(
            model.model, model.processor, held_out(pictures, seed, cockpit == "nominal")
        )
        for cockpit in ("nominal", "random")
    }


if __name__ == "__main__":
    raise SystemExit(main())
