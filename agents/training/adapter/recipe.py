"""The whole recipe: `helmsight train adapter`.

LoRA (arXiv 2106.09685) by peft, fitted by the Trainer of transformers: TRL's would bring `datasets`
and pandas and prepare the pictures in its own way, where ours have to be read as in flight.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.agents.errors import DataUnusable, ModelUnavailable
from helmsight.agents.memory import versions
from helmsight.agents.models.adapters import BASE_DIGEST, INSTALL, MADE, is_adapter
from helmsight.agents.models.digests import digest_of_folder
from helmsight.agents.models.sources import model_source, shipped
from helmsight.agents.training.adapter.data import read_data
from helmsight.agents.training.adapter.plan import Plan, Trained
from helmsight.contract.writing import write_whole

if TYPE_CHECKING:
    from helmsight.agents.models.local import LocalVLM

CHECKPOINTS = "checkpoints"


def train(
    data_folder: Path,
    base: str,
    out: Path,
    plan: Plan,
    *,
    resume: bool = False,
    say: Callable[[str], None] = print,
) -> Trained:
    """Train an adapter for the model `base` (a shipped name, a folder or a hub id) on chat data.

    `out` is a new folder; with `resume` the one of a training that was interrupted, which goes on
    from the last epoch that it finished. Where something is held out, the adapter is that of the
    epoch with the lowest loss there.

    Raises:
        DataUnusable: the data cannot be read, hold no pictures, or `out` is in use or not there.
        ModelUnavailable: the model cannot be had here, or peft is not installed.
        EngineUnfit: this machine has no such device.
        TrainingFailed: the loss is no number any more.
    """
    data = read_data(data_folder)
    _check_out(out, resume)
    _check_packages()
    source = model_source(base)
    if is_adapter(Path(source)):
        raise ModelUnavailable(
            f'--base "{base}" is an adapter itself; give the model that it is for'
        )
    vlm = _load(source, plan)
    from helmsight.agents.training.adapter.fit import fit

    named = _named(base)
    trained = fit(vlm, data, out, plan, base=named, resume=resume, say=say)
    made = {"base": named, BASE_DIGEST: digest_of_folder(Path(source)), "data": str(data_folder),
            **trained.to_dict(), "plan": asdict(plan), "versions": versions()}  # fmt: skip
    _write(out / MADE, made)
    # last of all: without it the folder flies as any model is asked
    _write(out / "helmsight.json", data.style.model_dump(mode="json"))
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    return trained


def _check_out(out: Path, resume: bool) -> None:
    kept = out / CHECKPOINTS
    there = kept.is_dir() and any(kept.glob("checkpoint-*"))
    if resume and not there:
        raise DataUnusable(f"{out} holds no whole epoch of a training; leave --resume out")
    if kept.is_dir() and not any(kept.iterdir()):
        kept.rmdir()  # interrupted in its first epoch
    if not resume and out.exists() and (not out.is_dir() or any(out.iterdir())):
        hint = "go on with it by --resume, or " if there else ""
        raise DataUnusable(f"{out} is in use; {hint}give another folder with --out")


def _check_packages() -> None:
    try:
        import accelerate  # noqa: F401
        import peft  # noqa: F401
    except ImportError as error:
        raise ModelUnavailable(
            f"adapters are trained with peft and accelerate ({error}); install them with: {INSTALL}"
        ) from error


def _named(base: str) -> str:
    """Return what an adapter keeps of the name of its model: a folder by its whole path."""
    folder = Path(base.removeprefix("local:")).expanduser()
    if shipped(base) is None and folder.is_dir():
        return str(folder.resolve())
    return base.removeprefix("local:")


def _load(source: Path | str, plan: Plan) -> LocalVLM:
    from helmsight.agents.models.local import LocalVLM

    return LocalVLM.load(
        source, device=plan.device, dtype=plan.dtype, engine="torch",
        trust_remote_code=plan.trust_remote_code,
    )  # fmt: skip


def _write(path: Path, data: dict[str, Any]) -> None:
    write_whole(path, json.dumps(data, indent=2, default=str) + "\n")
