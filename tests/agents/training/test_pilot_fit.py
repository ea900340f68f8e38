"""A fit that learns something, and the recipe that leaves a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from helmsight.agents.training import halves
from helmsight.agents.training.fit import Buffer, PilotFit
from helmsight.agents.training.flights import SampleFlights
from helmsight.agents.training.policy import pixels
from helmsight.agents.training.questions import LATE, corpus
from helmsight.agents.training.store import write
from helmsight.agents.training.student import build_model, build_processor, build_tokenizer

pytestmark = pytest.mark.slow  # torch is loaded


@pytest.fixture(scope="module")
def samples() -> list[object]:
    flights = SampleFlights(4, np.random.default_rng(3), 0.0, plain=True, seen=1.0)
    return list(flights.collect(6, None))


def test_a_few_steps_of_fitting_lower_the_loss(
    samples: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until(steps: float) -> Iterator[tuple[int, float]]:
        """Goes by steps, so that a slow machine learns as much as a fast one."""
        for step in range(int(steps)):
            yield step, step / steps

    monkeypatch.setattr("helmsight.agents.training.fit.until", until)
    torch.set_num_threads(1)  # as the recipe does
    torch.manual_seed(0)
    write(tmp_path, "one", samples)  # type: ignore[arg-type]
    tokenizer = build_tokenizer(corpus())
    model, processor = build_model(tokenizer), build_processor(tokenizer)
    buffer = Buffer(tmp_path, 1000, np.random.default_rng(0))
    buffer.refresh()
    lines: list[str] = []
    fit = PilotFit(model, processor, buffer, lines.append, batch=8)
    shard = buffer.shards[0]
    ids, labels = fit._tokens(shard.texts["asked"][:8], shard.texts["command"][:8])
    inputs = {"input_ids": ids, "pixel_values": pixels(shard.views[:8])}

    @torch.inference_mode()
    def loss() -> float:
        logits = model(**inputs).logits[:, -labels.shape[1] - 1 : -1]
        return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()))

    before = loss()
    fit.see(5)
    fit.answer(20, 1.2e-3)  # after ten of them it is less than half
    assert loss() < 0.7 * before
    assert len(buffer) == len(samples)
    assert any(line.startswith("see") for line in lines)
    assert any(line.startswith("answer") for line in lines)


def test_a_step_asks_questions_that_tell_a_latency_or_such_as_tell_none(tmp_path: Path) -> None:
    flights = SampleFlights(4, np.random.default_rng(5), 0.0, plain=True, seen=1.0)
    for name in map(str, range(12)):  # a rule of time is drawn for each
        write(tmp_path, name, flights.collect(1, None))
    buffer = Buffer(tmp_path, 1000, np.random.default_rng(0))
    buffer.refresh()
    drawn = [{LATE in shard.texts["asked"][i] for shard, i in buffer.draw(8)[0]} for _ in range(60)]
    assert all(len(kinds) == 1 for kinds in drawn)
    share = sum(len(shard) for shard in buffer.shards if shard.late) / len(buffer)
    assert 0 < share < 1
    assert abs(sum(kinds == {True} for kinds in drawn) / 60 - share) < 0.25


def test_half_precision_is_for_machines_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        monkeypatch.setattr(halves, "has_bfloat16", lambda there=there: there)
        with halves.mixed("cpu"):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == (torch.bfloat16 if there else torch.float32)
    assert isinstance(halves.has_bfloat16(), bool)


def test_the_whole_recipe_leaves_a_model_that_flies(tmp_path: Path) -> None:
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.training.recipe import train

    lines: list[str] = []
    folder = train(
        tmp_path / "pilot",
        minutes=0.06,
        workers=1,
        buffer=200,
        batch=8,
        worlds=4,
        say=lines.append,
    )
    assert load_pilot(str(folder)).needs == "frame"
    assert not (folder / "flights").exists()
