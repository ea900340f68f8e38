"""The throw-away heads on disk: a training that goes on from a model need not learn them anew."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from helmsight.agents.errors import TrainingFailed


def beside(folder: Path) -> Path:
    """Return the file of the heads that taught the model in `folder`: beside it, not in it."""
    return folder.with_name(f"{folder.name}.heads.safetensors")


def keep(heads: Mapping[str, nn.Module], file: Path) -> None:
    """Write the weights of `heads`, in place of the last ones."""
    from safetensors.torch import save_file

    part = file.with_name(file.name + ".part")
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {
            f"{name}.{key}": weight.contiguous()
            for name, head in heads.items()
            for key, weight in head.state_dict().items()
        },
        part,
    )
    part.replace(file)


def take(heads: Mapping[str, nn.Module], file: Path) -> bool:
    """Give `heads` the weights in `file`; return whether there is such a file.

    Raises:
        TrainingFailed: the file holds others than these heads.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not file.exists():
        return False
    try:
        weights = load_file(file)
        for name, head in heads.items():
            start = f"{name}."
            head.load_state_dict(
                {key.removeprefix(start): weights[key] for key in weights if key.startswith(start)}
            )
    except (SafetensorError, RuntimeError, OSError) as error:
        raise TrainingFailed(
            f"{file} does not hold the heads of this recipe ({str(error).splitlines()[0]}); "
            "remove it, and they are learnt anew"
        ) from error
    return True
