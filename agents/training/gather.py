"""Processes that fly and write samples while the model is being fitted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helmsight.agents.training.starts import BOTS, CODES
from helmsight.contract.errors import InvalidOption

WORLDS = 40  # side by side in one flight batch
FAMILY_SHARES = {"PE1": 0.4, "LBG1": 0.18, "SB1": 0.42}
"""Of the worlds; each family has a batch of its own. Sun blocking is learnt the slowest."""
DECISIONS = 24  # of each world in one shard: twelve seconds of flight
FEWEST = 0.2  # share of a batch's worlds that have to be alive for flying on to be worth it
STUDENT_SHARE = 0.6  # of the worlds, once there is a student
KEPT = 240  # shards left on disk


@dataclass(frozen=True)
class Crew:
    """Worlds that are flown together: of a family, with the bots of these codes."""

    share: float
    codes: frozenset[str]


def crews(families: Sequence[str]) -> dict[str, Crew]:
    """Return who flies, by family: of `families`, or of all without any.

    One of them may be a family and a bot of it, such as PE1-E3.

    Raises:
        InvalidOption: one that nobody has heard of.
    """
    codes: dict[str, set[str]] = {}
    for name in families or FAMILY_SHARES:
        family, _, code = name.partition("-")
        known = [CODES[family][bot] for bot in BOTS.get(family, ())]
        if family not in FAMILY_SHARES or (code and code not in known):
            raise InvalidOption(
                f'no family is called "{name}"; choose some of: {", ".join(FAMILY_SHARES)}, or '
                "one of their bots, such as PE1-E3"
            )
        codes.setdefault(family, set()).update([code] if code else known)
    whole = sum(FAMILY_SHARES[family] for family in codes)
    return {
        family: Crew(FAMILY_SHARES[family] / whole, frozenset(codes[family]))
        for family in FAMILY_SHARES
        if family in codes
    }


def named(flown: Mapping[str, Crew]) -> bool:
    """Return whether the questions name a bot: not where one of each family is flown alone.

    Who learns of one bot need not be told which, and goes on in the words that it knows.
    """
    return any(len(crew.codes) > 1 for crew in flown.values())


def gather(
    folder: Path,
    checkpoint: Path,
    seed: int,
    worlds: int = WORLDS,
    families: Sequence[str] = (),
) -> None:
    """Write shards of samples of `worlds` of `families`, or all, into `folder` until stopped.

    As soon as `checkpoint` holds a model, it flies most of the worlds: the samples are then those
    that the student itself reaches, labelled by the teacher (DAgger, arXiv 1011.0686).
    """
    import cv2
    import numpy as np
    import torch

    from helmsight.agents.training.flights import SampleFlights
    from helmsight.agents.training.store import write
    from helmsight.tools.offspring import end_with_parent

    end_with_parent()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    flying: dict[str, SampleFlights] = {}
    flown, number = crews(families), 0
    told = named(flown)
    while True:
        student = load_student(checkpoint)
        for family, crew in flown.items():
            flights, count = flying.get(family), max(1, round(worlds * crew.share))
            if flights is None or flights.live <= FEWEST * count:
                flights = SampleFlights(
                    count, rng, STUDENT_SHARE, family=family, codes=crew.codes, named=told
                )
                flying[family] = flights
            if samples := flights.collect(DECISIONS, student):
                write(folder, f"flight{seed}-{number:05d}", samples)
                _forget(folder)
                number += 1


def load_student(folder: Path, tries: int = 20) -> Any:
    """Return the policy saved in `folder`, or None when there is none yet.

    A checkpoint is replaced while it may be read, so a failed read is tried again.
    """
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    from helmsight.agents.training.policy import StudentPolicy

    for _ in range(tries):
        if not (folder / "helmsight.json").exists():
            return None
        try:
            model = AutoModelForImageTextToText.from_pretrained(
                folder, dtype=torch.float32, local_files_only=True, trust_remote_code=False
            )
            processor = AutoProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            return StudentPolicy(model.eval(), processor)
        except (OSError, ValueError, RuntimeError):
            time.sleep(0.5)
    return None


def _forget(folder: Path) -> None:
    """Delete the oldest shards: the fit has taken them in or never will."""
    shards = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime)
    for file in shards[:-KEPT]:
        file.unlink(missing_ok=True)
