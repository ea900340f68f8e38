"""An adapter of a tiny model: it learns, goes on, ends early, and flies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.errors import DataUnusable, EngineUnfit, ModelUnavailable
from helmsight.agents.models.load import load_pilot
from helmsight.agents.models.local import LocalVLM
from helmsight.agents.operator import Operator
from helmsight.agents.training.adapter.data import read_data
from helmsight.agents.training.adapter.lessons import IGNORE, Collator
from helmsight.agents.training.adapter.plan import Plan
from helmsight.agents.training.adapter.recipe import train
from tests.agents.models.architectures import make, qwen3_vl, smolvlm

pytestmark = pytest.mark.slow  # a model is made and trained
FAST = Plan(lora_r=8, epochs=4, batch=6, learning_rate=0.02, device="cpu")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an adapter with random weights, as if it had been trained."""
    from peft import LoraConfig, get_peft_model

    folder = tmp_path_factory.mktemp("adapter")
    vlm = LocalVLM.load(base, engine="torch")
    config = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    model = get_peft_model(vlm.model, config)
    model.save_pretrained(folder)
    return folder


def test_an_adapter_learns_what_was_shown_and_flies(base, data, tmp_path, world):
    said: list[str] = []
    trained = train(data(), str(base), tmp_path / "out", FAST, say=said.append)
    assert trained.before is not None
    assert trained.after is not None
    assert trained.after < 0.5 * trained.before
    assert trained.epochs == 4
    assert sum("held-out loss" in line for line in said) == 1 + 4
    assert not (tmp_path / "out" / "checkpoints").exists()
    pilot: Any = load_pilot(str(tmp_path / "out"), device="cpu")
    assert pilot.style.views.names == ("navball",)
    flight = Operator(world("frame"), pilot).fly(max_steps=2)
    assert [record.repairs for record in flight.records] == [{"constrained": 1}] * 2
    assert flight.records[0].wanted is not None


@pytest.mark.parametrize("design", [qwen3_vl, smolvlm], ids=lambda design: design.__name__)
def test_models_of_other_designs_learn_and_are_loaded_with_what_they_learnt(design, data, tmp_path):
    base = make(design, tmp_path / "base")
    folder = data(
        train=4, test=2, style=AskingStyle(views=Views(size=32, names=("navball",)), think="none")
    )
    plan = Plan(lora_r=4, epochs=1, batch=2, learning_rate=1e-2, device="cpu")
    trained = train(folder, str(base), tmp_path / "out", plan, say=lambda line: None)
    assert trained.before is not None
    assert trained.after is not None
    assert trained.after < trained.before
    pilot: Any = load_pilot(str(tmp_path / "out"), device="cpu")
    assert pilot.style.think == "none"
    vlm, (lesson,) = LocalVLM.load(base, device="cpu"), read_data(folder).test[:1]
    asked = vlm.prepared([lesson.turns(folder)])
    before, after = (model.model(**asked).logits for model in (vlm, pilot.model))
    assert before.shape == after.shape
    assert not torch.allclose(before, after)


def test_what_is_learnt_is_what_is_read_in_flight(base, data):
    vlm, folder = LocalVLM.load(base, engine="torch"), data()
    lessons = read_data(folder).train[:2]
    batch = Collator(vlm, folder)(lessons)
    asked = vlm.prepared([lesson.turns(folder) for lesson in lessons])
    length = asked["input_ids"].shape[1]
    assert torch.equal(batch["input_ids"][:, :length], asked["input_ids"])
    assert torch.equal(batch["pixel_values"], asked["pixel_values"])
    assert (batch["labels"][:, :length] == IGNORE).all()
    for row, lesson in zip(batch["labels"][:, length:], lessons, strict=True):
        kept = row[row != IGNORE]
        assert int(kept[-1]) == vlm.end()
        assert vlm.processor.tokenizer.decode(kept[:-1]) == lesson.answer
    assert (batch["attention_mask"][:, length:] == (batch["labels"][:, length:] != IGNORE)).all()


def test_a_training_that_was_interrupted_goes_on(base, data, tmp_path):
    folder, out = data(), tmp_path / "out"

    def stop(line: str) -> None:
        if line.startswith("epoch 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(folder, str(base), out, FAST, say=stop)
    with pytest.raises(DataUnusable, match="is in use; go on with it by --resume"):
        train(folder, str(base), out, FAST)
    said: list[str] = []
    trained = train(folder, str(base), out, FAST, resume=True, say=said.append)
    assert [line[:7] for line in said if line.startswith("epoch")] == ["epoch 3", "epoch 4"]
    assert trained.after is not None
    whole = train(folder, str(base), tmp_path / "whole", FAST, say=lambda line: None)
    assert trained.after == pytest.approx(whole.after, rel=1e-3)


def test_a_training_that_was_interrupted_in_its_first_epoch_begins_anew(base, data, tmp_path):
    folder, out = data(), tmp_path / "out"
    (out / "checkpoints").mkdir(parents=True)  # as it leaves it
    with pytest.raises(DataUnusable, match="holds no whole epoch of a training"):
        train(folder, str(base), out, FAST, resume=True)
    assert train(folder, str(base), out, FAST, say=lambda line: None).after is not None


def test_it_ends_where_nothing_is_learnt_any_more(base, data, tmp_path):
    plan = Plan(lora_r=2, epochs=9, batch=24, learning_rate=1e-9, patience=1, device="cpu")
    trained = train(data(), str(base), tmp_path / "out", plan, say=lambda line: None)
    assert trained.early
    assert trained.epochs < 9


def test_without_a_test_there_is_no_loss_to_tell(base, data, tmp_path):
    plan = Plan(lora_r=2, epochs=1, batch=12, device="cpu")
    trained = train(data(test=0), str(base), tmp_path / "out", plan, say=lambda line: None)
    assert (trained.before, trained.after, trained.early) == (None, None, False)


def test_what_cannot_be_trained_is_told_before_anything_starts(base, data, tmp_path, adapter):
    folder, out = data(), tmp_path / "out"
    with pytest.raises(DataUnusable, match="no whole epoch of a training; leave --resume out"):
        train(folder, str(base), out, FAST, resume=True)
    for device in ("tpu", "cuda:99"):
        with pytest.raises(EngineUnfit, match=f'no device "{device}" here; choose one of: cpu'):
            train(folder, str(base), out, Plan(device=device))
    shutil.copytree(adapter, tmp_path / "named")
    with pytest.raises(ModelUnavailable, match="is an adapter itself"):
        train(folder, str(tmp_path / "named"), out, FAST)
    with pytest.raises(ModelUnavailable, match="no model folder"):
        train(folder, "./nowhere", out, FAST)
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "adapter_config.json").write_text("{"), "cannot be read"),
        (lambda f: edit(f, r=2), r"does not fit its model in \d+ of \d+ weights: .* is \(4, "),
        (lambda f: edit(f, target_modules=["q_proj"]), "does not fit its model"),
        (lambda f: edit(f, peft_type="IA3"), "of the kind 'IA3'"),
        (lambda f: edit(f, base_model_name_or_path="./gone"), "no model folder"),
        (lambda f: truncate(f / "adapter_model.safetensors"), "cannot be put into its model"),
        (lambda f: (f / "training.json").write_text('{"base_digest": "aa"}'), "for other weights"),
    ],
    ids=["no JSON", "rank", "layers", "kind", "base", "truncated", "other base"],
)
def test_an_adapter_that_does_not_fit_is_one_line(adapter, tmp_path, change, said):
    folder = shutil.copytree(adapter, tmp_path / "odd")
    change(folder)
    with pytest.raises(ModelUnavailable, match=said) as told:
        load_pilot(str(folder), device="cpu")
    assert "\n" not in str(told.value)


def edit(folder: Path, **fields: Any) -> None:
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | fields
    path.write_text(json.dumps(config), encoding="utf-8")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])
