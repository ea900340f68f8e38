from __future__ import annotations

import json
import sys
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from helmsight.agents.errors import CannotBeAsked, UnknownPilot
from helmsight.evals.errors import InvalidPlan, PilotFailed, ResultsUnusable
from helmsight.evals.spatial.answers import ANSWERS
from helmsight.evals.spatial.defaults import STRATEGIES
from helmsight.evals.spatial.oracle import NoisyOracle
from helmsight.evals.spatial.run import PATIENCE, Settings, answerer
from helmsight.evals.spatial.strategies import strategies
from helmsight.prompts.errors import UnknownOrder

VERIFIED = "combined,combined+verified"


class Flaky:
    """Fails at the calls listed, counted from 0; answers yes at all others."""

    def __init__(self, *bad: int) -> None:
        self.bad, self.calls = bad, 0

    def ask(self, image, prompt, *, attempt=0):
        self.calls += 1
        if self.calls - 1 in self.bad:
            raise ConnectionError("line dropped")
        return "Yes."


@pytest.mark.slow
def test_every_question_is_asked_by_every_strategy_and_some_the_other_way_round(make_bench):
    bench = make_bench(limit=5, swaps=2)
    made = list(bench.run())
    assert len(made) == len(bench.plan()) == 5 * 5 + 2 * 5
    assert bench.missing() == []
    assert all(answer.yes is bench.cases[0].item.label for answer in made if
               answer.question == bench.cases[0].name)  # fmt: skip
    calls = {answer.strategy: answer.counts["calls"] for answer in made}
    assert set(calls.values()) == {1}  # a truthful answerer need not be asked again


@pytest.mark.slow
def test_the_oracle_is_right_without_noise_whatever_the_order_of_relations(make_bench):
    orders = "AB,BA,AB+BA,AC+BC+AB+BA,transitive+verified,cot,structured+verified"
    bench = make_bench(listed=orders, swaps=3)
    for answer in bench.run():
        case = next(case for case in bench.cases if case.name == answer.question)
        assert answer.yes is case.item.label
        assert answer.inverse[0] == answer.inverse[1]
        assert answer.transitive[0] == answer.transitive[1]
        assert all(case.known.truth.says(claim) for claim in answer.stated if claim.b != "object C")


@pytest.mark.slow
def test_a_belief_that_is_stuck_is_told_again_whichever_way_round_it_is_asked(make_bench):
    bench = make_bench("oracle:flips=0.6,stuck=1", VERIFIED, swaps=32)
    stuck = list(bench.run())
    assert all(answer.inverse[0] == answer.inverse[1] for answer in stuck)
    by_key = {answer.key: answer.yes for answer in stuck}
    assert all(
        by_key[answer.question, answer.strategy, not answer.swapped] is answer.yes
        for answer in stuck
        if answer.strategy == "combined"
    )
    right = [answer.yes is case.item.label for case in bench.cases
             for answer in stuck if answer.question == case.name]  # fmt: skip
    assert 0.2 < sum(right) / len(right) < 0.9


@pytest.mark.slow
def test_answers_depend_on_the_question_alone_so_that_a_resumed_run_is_the_same(
    make_bench, tmp_path
):
    whole = list(make_bench("oracle:flips=0.3", VERIFIED, limit=4, folder=tmp_path / "a").run())
    parts = make_bench("oracle:flips=0.3", VERIFIED, limit=4, folder=tmp_path / "b")
    run = parts.run()
    first = [next(run) for _ in range(7)]
    run.close()
    later = make_bench("oracle:flips=0.3", VERIFIED, limit=4, folder=tmp_path / "b")
    assert len(later.missing()) == len(whole) - 7
    rest = list(later.run())
    answers = [(answer.key, answer.yes, answer.said) for answer in first + rest]
    assert answers == [(answer.key, answer.yes, answer.said) for answer in whole]
    read = make_bench("oracle:flips=0.3", VERIFIED, limit=4, folder=tmp_path / "b").answers.kept
    assert list(read.values()) == first + rest


@pytest.mark.slow
def test_many_at_a_time_give_the_same_answers_in_the_same_order(make_bench, tmp_path):
    def answers_with(workers):
        bench = make_bench("oracle:flips=0.3", VERIFIED, limit=6, swaps=2, workers=workers,
                           folder=tmp_path / str(workers))  # fmt: skip
        return [(*answer.key, answer.yes, answer.claims) for answer in bench.run()]

    assert answers_with(4) == answers_with(1)


def test_many_at_a_time_are_really_asked_at_a_time(make_bench):
    together = Barrier(3, timeout=600)

    class Meeting:
        def ask(self, image, prompt, *, attempt=0):
            together.wait()
            return "yes"

    bench = make_bench(listed="vanilla", limit=6, swaps=0, workers=3, about=lambda case: Meeting())
    assert [answer.yes for answer in bench.run()] == [True] * 6


def test_a_model_on_this_machine_is_not_asked_by_many(make_bench, monkeypatch):
    pilot = SimpleNamespace(name="mine", relates=True, local=True, put=lambda *_, **__: "yes")
    monkeypatch.setattr("helmsight.evals.spatial.run.load_pilot", lambda *_, **__: pilot)
    with pytest.raises(InvalidPlan, match="one question at a time"):
        make_bench("local:mine", workers=2, about=answerer("local:mine", workers=2))


def test_a_line_that_a_crash_left_unfinished_is_asked_again(make_bench):
    bench = make_bench(listed="vanilla", limit=3, swaps=0)
    list(bench.run())
    path = bench.answers.path
    path.write_bytes(path.read_bytes()[:-20])
    again = make_bench(listed="vanilla", limit=3, swaps=0)
    assert [planned.case.name for planned in again.missing()] == [again.cases[2].name]
    list(again.run())
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert make_bench(listed="vanilla", limit=3, swaps=0).missing() == []


@pytest.mark.skipif(sys.platform == "win32", reason="locks keep nobody out there")
def test_a_folder_that_another_run_writes_is_refused_until_that_ends(make_bench):
    first, second = (make_bench(listed="vanilla", limit=3, swaps=0) for _ in range(2))
    writing = first.run()
    next(writing)
    with pytest.raises(ResultsUnusable, match="being written by another process"):
        list(second.run())
    writing.close()
    assert len(list(second.run())) == 2  # the first one's answer was read


def test_answers_of_other_conditions_are_refused_and_what_differs_is_named(make_bench, tmp_path):
    make_bench(limit=2)
    with pytest.raises(ResultsUnusable, match=r"pilot='oracle' there and 'oracle:flips=0.5' here"):
        make_bench("oracle:flips=0.5", limit=2)
    with pytest.raises(ResultsUnusable, match=r"thinking=True there and False here.*--out"):
        make_bench(limit=2, settings=Settings(thinking=False))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ANSWERS).write_text("no answers\n", encoding="utf-8")
    with pytest.raises(ResultsUnusable, match="holds no answers"):
        make_bench(folder=tmp_path / "other")


def test_more_strategies_and_more_questions_go_on_from_what_is_there(make_bench):
    list(make_bench(listed="vanilla", limit=2, swaps=0).run())
    more = make_bench(listed="vanilla,cot", limit=3, swaps=0)
    assert len(more.missing()) == 4


def test_a_failed_call_is_counted_and_asked_again_by_the_next_run(make_bench):
    flaky = Flaky(1, 3)
    bench = make_bench(listed="vanilla", limit=6, swaps=0, about=lambda case: flaky)
    assert len(list(bench.run())) == 4
    assert bench.failed == 2
    assert len(bench.missing()) == 2
    assert len(list(bench.run())) == 2
    assert (bench.failed, bench.missing()) == (0, [])


def test_a_model_that_always_fails_ends_the_run_and_keeps_what_was_answered(make_bench):
    flaky = Flaky(*range(2, 100))
    bench = make_bench(listed="vanilla", swaps=0, about=lambda case: flaky)
    with pytest.raises(PilotFailed, match=r"ConnectionError: line dropped.*goes on from here"):
        list(bench.run())
    assert flaky.calls == 2 + PATIENCE
    assert len(make_bench(listed="vanilla", swaps=0).answers.kept) == 2


def test_ctrl_c_keeps_what_was_answered(make_bench):
    class Interrupted(Flaky):
        def ask(self, image, prompt, *, attempt=0):
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().ask(image, prompt, attempt=attempt)

    asker = Interrupted()
    bench = make_bench(listed="vanilla", swaps=0, about=lambda case: asker)
    with pytest.raises(KeyboardInterrupt):
        list(bench.run())
    assert len(make_bench(listed="vanilla", swaps=0).answers.kept) == 3


def test_a_picture_that_turns_out_to_be_cut_off_is_skipped_and_named(make_bench, data, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for path in (data.parent / "images").glob("test-*"):
        whole = path.read_bytes()
        (images / path.name).write_bytes(whole[:1000] if "00001" in path.name else whole)
    bench = make_bench(listed="vanilla", limit=3, swaps=2, images=images)
    assert len(list(bench.run())) == 3
    assert bench.missing() == []
    (reason,) = bench.skipped
    assert reason.startswith(f"{data}:2: ")
    assert reason.endswith("is no picture")


@pytest.mark.slow
def test_unverified_is_the_last_word_and_verified_what_the_relations_say(make_bench):
    oracle: Any = None

    class Torn:
        """Relates rightly and then answers the opposite; asked plainly it is right."""

        def ask(self, image, prompt, *, attempt=0):
            right = oracle.ask(image, prompt, attempt=attempt)
            if not prompt.pairs and prompt.text.startswith("Is there "):
                return right
            return right.replace("Answer: yes", "Answer: no") if "yes" in right else (
                right.replace("Answer: no", "Answer: yes"))  # fmt: skip

    def about(case):
        nonlocal oracle
        oracle = NoisyOracle().about(case)
        return Torn()

    bench = make_bench(listed=VERIFIED, limit=6, swaps=0, about=about)
    labels = {case.name: case.item.label for case in bench.cases}
    for answer in bench.run():
        verified = answer.strategy.endswith("+verified")
        assert (answer.yes is labels[answer.question]) is verified
        assert answer.by == ("relation" if verified else "model")


def test_a_model_is_asked_in_the_words_of_the_prompt(make_bench, tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text("Yes.\nno\nI cannot tell\n", encoding="utf-8")
    bench = make_bench(f"scripted:{path}", "vanilla", limit=3, swaps=0)
    assert [answer.yes for answer in bench.run()] == [True, False, None]
    assert bench.answers.conditions["oracle"] is False


@pytest.mark.slow
@pytest.mark.parametrize("pilot", ["naive", "rendezvous"])
def test_a_pilot_that_cannot_be_asked_is_told_before_anything_runs(make_bench, tmp_path, pilot):
    with pytest.raises(CannotBeAsked):
        make_bench(pilot)
    assert not (tmp_path / "out").exists()


def test_unknown_names_are_told_before_anything_runs(make_bench, tmp_path):
    with pytest.raises(UnknownPilot):
        make_bench("nobody")
    with pytest.raises(UnknownOrder, match="topmost"):
        make_bench(settings=Settings("biggest"))
    for wrong in ("oracle:flips=2", "oracle:flips=x", "oracle:seed=-1", "oracle:noise=0.1",
                  "oracle:stuck=1.5"):  # fmt: skip
        with pytest.raises(InvalidPlan, match="oracle"):
            make_bench(wrong)
    assert not (tmp_path / "out").exists()


def test_strategies_are_read_once_each_and_wrong_ones_are_named():
    listed = strategies(f"{STRATEGIES}, Combined , BA+AB+verified")
    assert [strategy.name for strategy in listed] == [*STRATEGIES.split(","), "ba+ab+verified"]
    assert [strategy.verified for strategy in listed] == [False] * 4 + [True] * 2
    assert listed[3].order == listed[4].order == "AC+BC+BA+AB"
    with pytest.raises(UnknownOrder, match='Did you mean "combined"'):
        strategies("vanilla,combine")
    with pytest.raises(InvalidPlan, match="no relations that could be verified"):
        strategies("vanilla+verified")
    with pytest.raises(InvalidPlan, match="needs strategies"):
        strategies(" , ")


def test_an_oracle_needs_the_truth(make_bench, data, tmp_path):
    bare = tmp_path / "bare.jsonl"
    bare.write_bytes(data.read_bytes())
    with pytest.raises(InvalidPlan, match="spatial generate"):
        make_bench(dataset=bare, images=data.parent / "images")
    path: Path = tmp_path / "yes.txt"
    path.write_text("Yes.\n", encoding="utf-8")
    bench = make_bench(f"scripted:{path}", "vanilla", dataset=bare, limit=2, swaps=0,
                       images=data.parent / "images")  # fmt: skip
    assert len(list(bench.run())) == 2
