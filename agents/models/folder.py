"""A model's folder of somebody else: what it may hold, told before anything of it is loaded.

What transformers does at a folder that is damaged or hostile is neither bounded nor named: it waits
for a pipe, makes ten million layers, or draws at random what the weights lack.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helmsight.agents.errors import ModelUnavailable
from helmsight.contract.jsontext import parse_json
from helmsight.contract.opening import read_whole
from helmsight.contract.textfiles import decoded

CONFIG, WEIGHTS = "config.json", "model.safetensors"
TEXTS = (".json", ".jinja", ".txt", ".model")
OBJECTS = {
    CONFIG, "generation_config.json", "processor_config.json", "preprocessor_config.json",
    "video_preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "chat_template.json", f"{WEIGHTS}.index.json",
}  # fmt: skip
MOST_TEXT = 128 << 20  # bytes; the largest tokenizers have 35 MB
LARGEST = 1 << 24  # of a whole number in a configuration: contexts of ten million tokens
MOST_LAYERS = 512  # parts of one kind, one after the other: four times what any model has
COUNTS = ("layers", "depth", "blocks", "experts")
FREE = ("theta", "base", "id", "seed")  # whole numbers that no memory follows from
FEWEST_BYTES = 0.4  # of weights, a parameter: of those of 4 bits there is half a byte
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


def check_model(folder: Path) -> None:
    """Raise ModelUnavailable where a folder holds no model that can be loaded without harm.

    Every text is a regular file of bounded size, and JSON where it has to be; the configuration
    asks for nothing enormous. Links are followed: a cache of models is made of them.
    """
    for path in sorted(folder.iterdir()):
        if path.suffix in TEXTS and (path.exists() or path.is_symlink()):
            _check_text(path)
    config = _json(folder / CONFIG)
    for where, number in _numbers(config):
        _check_number(folder / CONFIG, where, number)


def check_weights(folder: Path, parameters: int) -> None:
    """Raise ModelUnavailable where the weights in a folder are damaged, pickled or too few.

    parameters: how many the model of its configuration has.
    """
    from safetensors import SafetensorError, safe_open

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = [path.name for path in folder.iterdir() if path.suffix in PICKLED]
        raise ModelUnavailable(
            f'"{folder}" holds pickled weights ({", ".join(sorted(pickled))}), which can run code '
            f"and are not read; convert them to {WEIGHTS}"
            if pickled
            else f'"{folder}" holds no weights: there is no {WEIGHTS} in it'
        )
    size = 0
    for path in files:
        if not path.is_file():
            raise ModelUnavailable(f"{path} is no regular file; put the weights in its place")
        try:
            with safe_open(str(path), framework="np"):
                size += path.stat().st_size
        except (SafetensorError, OSError, MemoryError) as error:
            raise ModelUnavailable(
                f"{path} holds no weights, or was cut off ({error}); get it again"
            ) from error
    if size < FEWEST_BYTES * parameters:
        raise ModelUnavailable(
            f'the weights in "{folder}" have {size} bytes, and the model of its {CONFIG} has '
            f"{parameters} parameters: they are of another model, or a file is missing"
        )


def _check_text(path: Path) -> None:
    if path.name in OBJECTS:
        _json(path)
        return
    try:
        read_whole(path, MOST_TEXT, follow=True)
    except OSError as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        text = decoded(read_whole(path, MOST_TEXT, follow=True), str(path))
        data = parse_json(text, MOST_TEXT)
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"{path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise ModelUnavailable(f"{path} holds no object of JSON, as the file of a model does")
    return data


def _numbers(data: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Yield every number of JSON data with the keys that lead to it."""
    if isinstance(data, dict):
        for key, inner in data.items():
            yield from _numbers(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(data, list):
        for inner in data:
            yield from _numbers(inner, where)
    elif isinstance(data, int | float) and not isinstance(data, bool):
        yield where, data


def _check_number(path: Path, where: str, number: float) -> None:
    words = where.rpartition(".")[2].lower().split("_")
    most = math.inf if set(words) & set(FREE) or isinstance(number, float) else LARGEST
    if set(words) & set(COUNTS):
        most = MOST_LAYERS
    if not abs(number) <= most:
        raise ModelUnavailable(f"{path}: {where} is {number}, and {most} is the most there can be")
