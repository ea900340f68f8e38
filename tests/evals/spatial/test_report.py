from __future__ import annotations

import json

import pytest

from helmsight.evals.spatial.dataset import save
from helmsight.evals.spatial.generator import Split, questions
from helmsight.evals.spatial.report import FIGURES, REPORT, report
from helmsight.evals.spatial.run import SpatialBenchmark
from helmsight.evals.spatial.strategies import strategies

TOLD = (
    "swap %", "transitive %", "F1", "false yes %", "made up %", "calls", "against height",
    "Blind baseline", "50.0 [", "right of the surest 90%", "p (Holm)", "`helmsight spatial here`",
)  # fmt: skip


@pytest.mark.slow
def test_a_report_has_every_figure_as_text_as_markdown_and_as_json(make_bench, tmp_path):
    bench = make_bench("oracle:flips=0.2")
    list(bench.run())
    figures = report(bench, "helmsight spatial here")
    for words in (figures.text(), figures.text(markdown=True)):
        for part in TOLD:
            assert part in words
    figures.write(tmp_path / "made")
    data = json.loads((tmp_path / "made" / FIGURES).read_text(encoding="utf-8"))
    assert data["complete"] is True
    assert data["asked"] == 32
    assert len(data["scores"]) == 5
    assert len(data["of_all"]) == len(data["of_answered"]) == 10
    text = (tmp_path / "made" / REPORT).read_text(encoding="utf-8")
    assert text.startswith("# Spatial relations: a noisy oracle, not a model\n")


@pytest.mark.slow
def test_an_oracle_cannot_be_taken_for_a_model(make_bench):
    bench = make_bench("oracle", listed="vanilla,combined+verified", limit=4)
    list(bench.run())
    figures = report(bench)
    assert "NOT A MODEL" in figures.text().splitlines()[0]
    assert {row.strategy for row in figures.scores} == {
        "ORACLE vanilla", "ORACLE combined+verified"
    }  # fmt: skip
    (tested,) = figures.of_all
    assert tested.first.startswith("ORACLE ")
    assert figures.to_dict()["oracle"] is True


@pytest.mark.slow
def test_a_report_of_a_model_does_not_speak_of_oracles(make_bench, tmp_path):
    path = tmp_path / "yes.txt"
    path.write_text("Yes.\n", encoding="utf-8")
    bench = make_bench(f"scripted:{path}", "vanilla", limit=24, swaps=4)
    list(bench.run())
    figures = report(bench)
    assert "oracle" not in figures.text().lower()
    (only,) = figures.scores
    assert only.strategy == "vanilla"
    assert only.right.estimate == only.false_yes.estimate - 0.5 == 0.5
    assert only.f1.estimate == pytest.approx(2 / 3)
    assert only.swap.estimate == 1.0


def test_what_is_missing_and_what_was_skipped_is_told(make_bench, data, tmp_path):
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(data.read_text(encoding="utf-8") + "{}\n" * 30, encoding="utf-8")
    mixed.with_name("mixed.truth.jsonl").write_bytes(
        data.with_name("test.truth.jsonl").read_bytes()
    )
    bench = make_bench("oracle", "vanilla", dataset=mixed, images=data.parent / "images", swaps=0)
    run = bench.run()
    next(run)
    run.close()
    words = report(bench).text()
    assert "INCOMPLETE: 31 of 32 answers are still missing." in words
    assert "30 questions were skipped:" in words
    assert f"{mixed}:33: the key image and text and label is missing" in words
    assert "... and 10 more" in words
    assert "for want of a validation split" in words
    other = report(bench, valid=data.with_name("valid.jsonl"))
    assert other.blind is not None


@pytest.mark.slow
@pytest.mark.uncounted
def test_proving_and_asking_again_beats_plain_answers_under_independent_noise(tmp_path):
    save(tmp_path, "test", questions(Split.TEST, 400, size=64))
    compared = strategies("vanilla,combined,combined+verified")
    bench = SpatialBenchmark(
        tmp_path / "test.jsonl", "oracle:flips=0.15", compared, tmp_path / "out", swaps=0
    )
    list(bench.run())
    figures = report(bench)
    vanilla, combined, verified = figures.scores
    tests = {(pair.first.split()[1], pair.second.split()[1]): pair for pair in figures.of_answered}
    for worse in ("vanilla", "combined"):
        pair = tests[worse, "combined+verified"]
        assert pair.second_only > pair.first_only
        assert pair.p_holm < 0.01
    assert verified.answered.estimate >= 0.9
    assert verified.made_up.estimate < 0.5 * combined.made_up.estimate
    assert verified.false_yes.estimate < 0.5 * vanilla.false_yes.estimate
    assert verified.left == 0 < combined.left
    assert verified.calls <= 1 + bench.settings.max_calls
