"""What each disturbance costs: a disturbed episode less its clean pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from helmsight.evals.episode import EpisodeRow
from helmsight.evals.report.boards import ALPHA
from helmsight.evals.report.groups import by, competitor_of, condition_of
from helmsight.evals.report.points import Scale
from helmsight.evals.statistics import Interval, holm, paired_interval, paired_test


@dataclass(frozen=True)
class Fault:
    """One competitor under one disturbance, against itself without it.

    `lost` is the median over seeds of a run's points with the disturbance less those without (the
    mean over the scenarios of both), `successes` how many episodes succeeded without and with it.
    `unpaired` episodes have no clean pair among the rows, and are in nothing else.
    """

    competitor: str
    condition: str
    disturbance: str
    lost: Interval | None
    mean: float
    successes: tuple[int, int]
    pairs: int
    unpaired: int
    p: float
    p_holm: float = 1.0

    @property
    def shown(self) -> bool:
        """Whether the test carries that the disturbance changes the points."""
        return self.lost is not None and self.p_holm <= ALPHA and self.mean != 0


def faults(rows: Sequence[EpisodeRow], scales: Mapping[str, Scale]) -> list[Fault]:
    """Return every competitor under every disturbance; p-values are adjusted over all of them."""
    name, condition = competitor_of(rows), condition_of(rows)
    clean = {row.key: row for row in rows if not row.disturbance}
    disturbed = [row for row in rows if row.disturbance]
    groups = by(disturbed, lambda row: (name(row), condition(row), row.disturbance))
    found = [_fault(*of, group, clean, scales) for of, group in groups.items()]
    return [
        replace(fault, p_holm=p)
        for fault, p in zip(found, holm([fault.p for fault in found]), strict=True)
    ]


def _fault(
    competitor: str,
    condition: str,
    disturbance: str,
    rows: Sequence[EpisodeRow],
    clean: Mapping[str, EpisodeRow],
    scales: Mapping[str, Scale],
) -> Fault:
    pairs = [(row, clean[row.pair]) for row in rows if row.pair in clean]
    scenarios = {row.scenario for row, _ in pairs}
    seeds = by([row for row, _ in pairs], lambda row: row.seed)
    whole = {seed for seed, of in seeds.items() if {row.scenario for row in of} == scenarios}
    faulty, well = (
        [
            float(
                np.mean([scales[pair[side].scenario].points(pair[side]) for pair in pairs
                         if pair[0].seed == seed])
            )
            for seed in sorted(whole)
        ]
        for side in (0, 1)
    )  # fmt: skip
    return Fault(
        competitor,
        condition,
        disturbance,
        paired_interval(faulty, well) if whole else None,
        float(np.mean(np.subtract(faulty, well))) if whole else 0.0,
        (sum(one.success for _, one in pairs), sum(one.success for one, _ in pairs)),
        len(pairs),
        len(rows) - len(pairs),
        paired_test(faulty, well) if whole else 1.0,
    )
