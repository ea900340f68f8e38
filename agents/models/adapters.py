"""Adapters: small weights that change a larger model, as `helmsight train adapter` makes them.

Kept in the form of peft (https://huggingface.co/docs/peft); merged into their model when they are
loaded, so that everything that runs a model runs this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.models.digests import digest_of_folder
from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text

CONFIG, WEIGHTS, MADE = "adapter_config.json", "adapter_model.safetensors", "training.json"
BASE_DIGEST = "base_digest"
INSTALL = 'pip install "helmsight[train]"'


def is_adapter(folder: Path) -> bool:
    """Return whether a folder holds an adapter and no model of its own."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").is_file()


def base_of(folder: Path) -> str:
    """Return the name or the folder of the model that an adapter changes.

    Raises:
        ModelUnavailable: its configuration cannot be read, or names none, or is of another kind.
    """
    config = _read(folder / CONFIG)
    base, kind = config.get("base_model_name_or_path"), config.get("peft_type")
    if kind != "LORA" or not isinstance(base, str) or not base:
        raise ModelUnavailable(
            f'"{folder}" holds an adapter of the kind {kind!r} for {base!r}; expected one of the '
            "kind LORA, and the name or folder of its model"
        )
    return base


def check_base(folder: Path, base: Path) -> None:
    """Raise ModelUnavailable where the weights in `base` are not those that an adapter was made
    for, as far as that is written down.
    """
    if not (folder / MADE).is_file():
        return
    recorded = _read(folder / MADE).get(BASE_DIGEST)
    if recorded and recorded != (now := digest_of_folder(base)):
        raise ModelUnavailable(
            f'the adapter in "{folder}" was made for other weights than those in "{base}" (digest '
            f"{str(recorded)[:16]}, now {now[:16]}); train it anew, or bring those weights back"
        )


def merged(model: Any, folder: Path) -> Any:
    """Return `model` with the adapter in `folder` in its weights.

    Raises:
        ModelUnavailable: peft is not installed, or the adapter does not fit the model.
    """
    try:
        from peft import LoraConfig, get_peft_model
        from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ModelUnavailable(
            f'the adapter in "{folder}" needs peft ({error}); install it with: {INSTALL}'
        ) from error
    try:
        config = LoraConfig.from_pretrained(str(folder))
        config.base_model_name_or_path = None  # the model is here: nothing is looked up
        changed = get_peft_model(model, config)
        weights = load_file(folder / WEIGHTS)
        wanted = get_peft_model_state_dict(changed, save_embedding_layers=False)
        _check_fits(folder, _shapes(weights), _shapes(wanted))
        set_peft_model_state_dict(changed, weights)
        return changed.merge_and_unload()
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelUnavailable(
            f'the adapter in "{folder}" cannot be put into its model: {first}'
        ) from error


def _check_fits(
    folder: Path, given: Mapping[str, tuple[int, ...]], wanted: Mapping[str, tuple[int, ...]]
) -> None:
    odd = [name for name in {**wanted, **given} if given.get(name) != wanted.get(name)]
    if odd:
        have, want = (shapes.get(odd[0], "nothing") for shapes in (given, wanted))
        raise ModelUnavailable(
            f'the adapter in "{folder}" does not fit its model in {len(odd)} of {len(wanted)} '
            f"weights: {odd[0]} is {have} and the model has {want}"
        )


def _shapes(weights: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in weights.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        data = parse_json(read_text(path))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f'"{path}" cannot be read: {error}') from error
    if not isinstance(data, dict):
        raise ModelUnavailable(f'"{path}" holds no object: {json.dumps(data)[:60]}')
    return data
