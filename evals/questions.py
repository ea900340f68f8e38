"""Questions about pictures as episodes: the seed is the number of a question of a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from helmsight.agents.grounding.asking import Asker, Image, PilotAsker
from helmsight.agents.models.load import check_known
from helmsight.agents.models.names import has_model
from helmsight.contract.errors import Error, InvalidOption
from helmsight.contract.pilot import Pilot
from helmsight.contract.plugins import nearest
from helmsight.evals.episode import Episode, canonical
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.fingerprints import QUESTIONS, fingerprint
from helmsight.evals.spatial.answers import AnswerRecord
from helmsight.evals.spatial.dataset import Case, QuestionTruth, load, picture
from helmsight.evals.spatial.generator import Split, ask
from helmsight.evals.spatial.marking import is_right, made_up
from helmsight.evals.spatial.oracle import NoisyOracle, is_oracle
from helmsight.evals.spatial.run import PlannedQuestion, Settings, put
from helmsight.evals.spatial.strategies import strategies
from helmsight.evals.suite import PilotEntry, Suite
from helmsight.prompts.questions import Item
from helmsight.prompts.strategies import Strategy

GENERATED = "generated"
"""The data set that is drawn as it is asked about: question N of the test split of seed 0."""
OPTIONS = {
    "reference": str, "thinking": bool, "max_calls": int, "swapped": bool,
    "size": int, "cockpit_share": float,
}  # fmt: skip
"""Options of the questions of a suite: how they are asked, and of which pictures."""
VARIANT = "vanilla"


def plan_questions(
    suite: Suite, source: Path, seeds: Sequence[int], brought: Collection[str] = ()
) -> list[Episode]:
    """Return the episodes of a suite of questions: each by every pilot and its strategy (variant).

    Pilots that are `brought` by whoever runs the episodes are not looked for.

    Raises:
        InvalidPlan: a pilot, strategy, option or data set that is not known, or a seed beyond a
            data set's last question; names the file and the key.
    """
    made_with = {}
    for i, entry in enumerate(suite.entries):
        try:
            strategies(entry.variant or VARIANT)
            if is_oracle(entry.pilot):
                NoisyOracle.parse(entry.pilot)
            elif entry.pilot not in brought:
                check_known(entry.pilot, **entry.made_of)
                if not has_model(entry.pilot):
                    raise InvalidOption(f"{entry.pilot} has no model that could answer a question")
        except Error as error:
            raise InvalidPlan(f"{source}: pilots.{i}: {error}") from error
        made_with[entry.pilot] = fingerprint(entry.pilot, QUESTIONS)
    sets = [
        (place.scenario, _options({**suite.options, **place.options}, place.scenario, source))
        for place in suite.places
    ]
    for i, (name, _) in enumerate(sets):
        _check_data(name, seeds, f"{source}: scenarios.{i}")
    return [
        _episode(entry, name, options, seed, made_with[entry.pilot])
        for seed in seeds
        for name, options in sets
        for entry in suite.entries
    ]


def ask_question(episode: Episode, pilot: Pilot | None) -> dict[str, Any]:
    """Put the question of an episode to a pilot (None: the oracle); return the fields of its row.

    Raises:
        Exception: whatever a provider raises.
    """
    case, image = case_of(episode)
    options = dict(episode.options)
    given = {key: options[key] for key in ("reference", "thinking", "max_calls") if key in options}
    asker: Asker = (
        NoisyOracle.parse(episode.pilot).about(case) if pilot is None else (PilotAsker(pilot))
    )
    strategy: Strategy = strategies(episode.variant or VARIANT)[0]
    planned = PlannedQuestion(case, strategy, bool(options.get("swapped", False)))
    return _result(case, put(planned, image, asker, Settings(**given)))


def _result(case: Case, answer: AnswerRecord) -> dict[str, Any]:
    right = is_right(case, answer)
    false, judged = made_up(case, answer)
    terms = {"made_up": float(false), "judged": float(judged), "confidence": answer.confidence}
    return {
        "score": float(right),
        "better": "higher",
        "success": right,
        "reason": "no answer" if answer.yes is None else "right" if right else "wrong",
        "steps": 1,
        "wall_s": answer.seconds,
        "think_ms": [round(answer.seconds * 1e3, 3)],
        "repairs": canonical(dict(answer.counts)),
        "terms": canonical(terms),
        "decided": 0,
    }


def case_of(episode: Episode) -> tuple[Case, Image]:
    """Return the question of an episode, and its picture, (H, W, 3) RGB.

    Raises:
        InvalidPlan: its picture cannot be decoded.
    """
    if episode.scenario == GENERATED:
        drawn = {k: v for k, v in episode.options.items() if k in ("size", "cockpit_share")}
        made = ask(Split.TEST, 0, episode.seed, **drawn)
        item = Item(GENERATED, made.question, made.cell.label, made.name, Path(GENERATED), 0)
        known = QuestionTruth(made.picture.kind, made.picture.truth, made.cell.counter)
        return Case(item, Path(GENERATED), known), made.picture.image
    case = _cases(episode.scenario)[episode.seed]
    image = picture(case.image)
    if image is None:
        raise InvalidPlan(f'{case.item.path}:{case.item.line}: "{case.image}" is no picture')
    return case, image


def _episode(
    entry: PilotEntry, name: str, options: dict[str, Any], seed: int, made_with: str
) -> Episode:
    return Episode(
        kind="questions", scenario=name, pilot=entry.pilot, seed=seed, time="paused",
        variant=entry.variant or VARIANT, options=options, pilot_options=entry.made_of,
        made_with=made_with,
    )  # fmt: skip


def _options(given: dict[str, Any], name: str, source: Path) -> dict[str, Any]:
    for key, value in given.items():
        if key not in OPTIONS:
            raise InvalidPlan(f"{source}: options.{key}: no such option; {nearest(key, OPTIONS)}")
        kind = (int, float) if OPTIONS[key] is float else OPTIONS[key]
        if not isinstance(value, kind):
            raise InvalidPlan(
                f"{source}: options.{key}={value!r}: expected {OPTIONS[key].__name__}"
            )
    if name == GENERATED:
        return given
    file = Path(name)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16] if file.is_file() else ""
    return {**given, "data": digest}


def _check_data(name: str, seeds: Sequence[int], where: str) -> None:
    if name == GENERATED:
        return
    if not Path(name).is_file():
        raise InvalidPlan(
            f"{where}: no data set {name!r}: give {GENERATED} or a file of questions, .jsonl"
        )
    if max(seeds) >= (there := len(_cases(name))):
        raise InvalidPlan(
            f"{where}: {name} holds {there} questions that can be asked, and seeds go up to "
            f"{max(seeds)}; a seed is the number of a question, from 0"
        )


@lru_cache(maxsize=4)
def _cases(name: str) -> list[Case]:
    return load(Path(name))[0]
