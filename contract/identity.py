"""Which run it is: what has to be the same for one that is gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helmsight.contract.record import RunSpec, plain

WEIGHTS = "weights"
"""The name among a record's versions under which the digest of the pilot's weights is kept."""


def identity(spec: RunSpec) -> dict[str, Any]:
    """Return what makes a run this one: world, seed, pilot, their options, weights."""
    return {
        "environment": spec.environment,
        "seed": spec.seed,
        "pilot": spec.pilot,
        **{f"options.{key}": plain(value) for key, value in spec.options.items()},
        **{f"pilot_options.{key}": plain(value) for key, value in spec.pilot_options.items()},
        **({WEIGHTS: spec.versions[WEIGHTS]} if WEIGHTS in spec.versions else {}),
    }


def differences(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return in words where another run is given than was recorded, "" where it is the same one.

    What an older version did not record is not compared.
    """
    return "; ".join(
        f"{key} is {given.get(key)!r:.80} and was {recorded[key]!r:.80}"
        for key in recorded
        if given.get(key) != recorded[key]
    )
