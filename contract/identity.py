"""Which run it is: what has to be the same for one that is gone on with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from helmsight.contract.record import RunSpec, plain

WEIGHTS = "weights"
"""The name among a record's versions of the digest of the pilot's weights, or of its answers."""

TEXTS = "texts."


def identity(spec: RunSpec) -> dict[str, Any]:
    """Return what makes a run this one: world, seed, pilot, their options, texts, weights.

    Texts are there by their digests: a difference is told to whoever wrote the other record.
    """
    return {
        "environment": spec.environment,
        "seed": spec.seed,
        "pilot": spec.pilot,
        **{f"options.{key}": plain(value) for key, value in spec.options.items()},
        **{f"pilot_options.{key}": plain(value) for key, value in spec.pilot_options.items()},
        **{f"{TEXTS}{key}": digest(text) for key, text in spec.texts.items()},
        **({WEIGHTS: spec.versions[WEIGHTS]} if WEIGHTS in spec.versions else {}),
    }


def differences(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Return in words where another run is given than was recorded, "" where it is the same one.

    What an older version did not record is not compared, but for what comes out of files: a record
    of somebody else may name any file of this machine.
    """
    others = [
        f"{key} is {given.get(key)!r:.80} and was {recorded[key]!r:.80}"
        for key in recorded
        if given.get(key) != recorded[key]
    ]
    of_files = [key for key in given if key.startswith(TEXTS) or key == WEIGHTS]
    unknown = [key for key in of_files if key not in recorded]
    return "; ".join([*others, *(f"{key} was not recorded" for key in unknown)])


def digest(text: str) -> str:
    """Return the first 64 bits of a text's SHA-256, as 16 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
