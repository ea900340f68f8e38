"""The fit of an adapter: LoRA on a loaded model, with the Trainer of transformers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import (
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging

from helmsight.agents.errors import TrainingFailed
from helmsight.agents.models.adapters import WEIGHTS
from helmsight.agents.models.local import LocalVLM
from helmsight.agents.training.adapter.data import ChatData
from helmsight.agents.training.adapter.lessons import Collator
from helmsight.agents.training.adapter.plan import Plan, Trained

LARGE = 1_000_000_000
"""Parameters of a model from which on what it computes is computed again for the gradients: that
takes a third more time and a fraction of the memory.
"""
LOSS = "eval_loss"


class OneDevice(TrainingArguments):  # type: ignore[misc]
    """Arguments of a training on one device, however many there are."""

    @property
    def n_gpu(self) -> int:
        """At most one."""
        return min(1, int(super().n_gpu))


def fit(
    vlm: LocalVLM, data: ChatData, out: Path, plan: Plan, *,
    base: str, resume: bool, say: Callable[[str], None],
) -> Trained:  # fmt: skip
    """Train an adapter of the model and write it into `out`; raises as `recipe.train`."""
    with _quietly():
        return _fit(vlm, data, out, plan, base, resume, say)


def _fit(
    vlm: LocalVLM, data: ChatData, out: Path, plan: Plan,
    base: str, resume: bool, say: Callable[[str], None],
) -> Trained:  # fmt: skip
    set_seed(plan.seed)
    config = LoraConfig(
        r=plan.lora_r,
        lora_alpha=plan.lora_alpha or 2 * plan.lora_r,
        lora_dropout=0.05,
        target_modules="all-linear",
    )
    model = get_peft_model(vlm.model, config)
    counted = sum(p.numel() for p in model.parameters() if p.requires_grad)
    say(f"{len(data.train)} lessons, {len(data.test)} held out; {counted:,} weights to train of "
        f"{vlm.model.num_parameters():,}")  # fmt: skip
    progress = _Progress(say)
    trainer = _trainer(model, vlm, data, out, plan, progress)
    before = _loss(trainer, data.test)
    if before is not None:
        say(f"held-out loss {before:.4f} before")
    trainer.train(resume_from_checkpoint=resume or None)
    if not math.isfinite(progress.last):
        raise TrainingFailed(
            f"the loss is {progress.last} after {trainer.state.epoch:.1f} epochs: the model learns "
            "nothing any more; take a lower --learning-rate, or --dtype float32"
        )
    after = _loss(trainer, data.test)
    _save(model, out, base)
    made = float(trainer.state.epoch or 0.0)
    return Trained(out, before, after, made, made < plan.epochs - 1e-6, counted, progress.losses)


def _trainer(
    model: Any, vlm: LocalVLM, data: ChatData, out: Path, plan: Plan, progress: TrainerCallback
) -> Trainer:
    examined = "epoch" if data.test else "no"
    saving: dict[str, Any] = {}
    if vlm.model.num_parameters() > LARGE:
        saving = {"gradient_checkpointing": True}
        saving["gradient_checkpointing_kwargs"] = {"use_reentrant": False}
    arguments = OneDevice(
        output_dir=str(out / "checkpoints"),
        num_train_epochs=plan.epochs,
        per_device_train_batch_size=plan.batch,
        per_device_eval_batch_size=plan.batch,
        gradient_accumulation_steps=plan.accumulate,
        learning_rate=plan.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.05,
        eval_strategy=examined,
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=bool(data.test),
        metric_for_best_model=LOSS,
        greater_is_better=False,
        logging_strategy="epoch",
        label_names=["labels"],
        remove_unused_columns=False,  # the collator reads conversations, not columns
        dataloader_pin_memory=False,  # it puts them on the device
        report_to=[],
        disable_tqdm=True,
        seed=plan.seed,
        use_cpu=vlm.model.device.type == "cpu",
        **saving,
    )
    callbacks: list[TrainerCallback] = [progress]
    if data.test:
        callbacks.append(EarlyStoppingCallback(early_stopping_patience=plan.patience))
    trainer = Trainer(
        model=model,
        args=arguments,
        data_collator=Collator(vlm, data.folder),
        train_dataset=_Rows(data.train),
        eval_dataset=_Rows(data.test) if data.test else None,
        callbacks=callbacks,
    )
    for callback in [c for c in trainer.callback_handler.callbacks if _prints(c)]:
        trainer.remove_callback(callback)
    return trainer


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave out what libraries say to their own authors."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)


def _save(model: Any, out: Path, base: str) -> None:
    """Write the adapter in peft's form, under the name of its model; peft itself would look for
    that on the hub.
    """
    config = model.peft_config["default"]
    config.base_model_name_or_path, config.inference_mode = base, True
    config.save_pretrained(str(out))
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    save_file({name: w.contiguous().cpu() for name, w in weights.items()}, out / WEIGHTS)


def _prints(callback: TrainerCallback) -> bool:
    """Whether a callback is the one that prints dicts."""
    return type(callback).__name__ == "PrinterCallback"


def _loss(trainer: Trainer, test: Sequence[Any]) -> float | None:
    return float(trainer.evaluate()[LOSS]) if test else None


class _Rows(torch.utils.data.Dataset[Any]):
    """Conversations as the Trainer takes them."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Any:
        return self._rows[index]


class _Progress(TrainerCallback):  # type: ignore[misc]
    """Says what each epoch came to, and keeps the held-out losses."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.losses: list[float] = []
        self.last, self._training = 0.0, False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begin to tell."""
        self._training = True

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell no more."""
        self._training = False

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Take the loss of training of an epoch."""
        if logs and "loss" in logs:
            self.last = float(logs["loss"])
            self._say(f"epoch {state.epoch:.0f} of {args.num_train_epochs:g}: loss {self.last:.4f}")

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **_: Any
    ) -> None:
        """Take the loss on what was held out."""
        if metrics and self._training:
            self.losses.append(float(metrics[LOSS]))
            self._say(f"  held-out loss {self.losses[-1]:.4f}")
