"""Loading a local model and its processor: on which device, in which numbers, and why not."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import Any

import torch

from helmsight.agents.errors import EngineUnfit, ModelUnavailable
from helmsight.agents.models.folder import check_model, check_weights
from helmsight.agents.models.stills import processor_of

DTYPES = ("float32", "bfloat16", "float16")
MOST_WORDS = 300  # characters of what a library says of a model
_LOADING = threading.Lock()
"""One model is loaded at a time: transformers imports its modules late and loads weights by way of
state of the whole process, so that of two at once one finds no class, or has no weights.
"""


def device_of(name: str | None) -> torch.device:
    """Return a device of this machine, the best there is for None.

    Raises:
        EngineUnfit: there is none of this name.
    """
    if name is None:
        return torch.device(_best_device())
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        device = torch.device("meta")
    if device.type == "meta":  # which has sizes and no numbers
        raise EngineUnfit(f'there is no device "{name}" here; choose one of: {", ".join(_here())}')
    return device


def _here() -> list[str]:
    cards = [f"cuda:{card}" for card in range(torch.cuda.device_count())]
    return ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def dtype_of(name: str | None, device: torch.device) -> torch.dtype:
    """Return a number type by its name, or what fits the device; raises ModelUnavailable."""
    if name is None:
        if device.type == "cpu":
            return torch.float32
        full = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if full else torch.float16
    if name not in DTYPES:
        raise ModelUnavailable(f'dtype "{name}" is not known; choose one of: {", ".join(DTYPES)}')
    kind: torch.dtype = getattr(torch, name)
    return kind


def pair(source: str | Path, kind: torch.dtype, *, trusted: bool = False) -> tuple[Any, Any]:
    """Return a model in the number type `kind` and its processor.

    Raises:
        ModelUnavailable: they are not whole, do not belong together, or need what is not there.
    """
    folder = _folder(source)
    check_model(folder)
    with _LOADING:
        from transformers import AutoConfig, AutoModelForImageTextToText
        from transformers.utils import logging

        logging.disable_progress_bar()  # a bar of weights has no place in a line of JSON
        loud = logging.get_verbosity()
        logging.set_verbosity_error()  # nor has a table of them: what is wrong is told in a line
        try:
            # left out, it would be asked for on the terminal
            how: dict[str, Any] = {"local_files_only": True, "trust_remote_code": trusted}
            config = AutoConfig.from_pretrained(source, **how)
            processor = processor_of(source, **how)
            with torch.device("meta"):  # of which nothing but the sizes is there
                planned = AutoModelForImageTextToText.from_config(config, trust_remote_code=trusted)
            check_weights(folder, planned.num_parameters())
            model, told = AutoModelForImageTextToText.from_pretrained(
                source, dtype=kind, use_safetensors=True, output_loading_info=True, **how
            )
        except ModelUnavailable:
            raise
        except Exception as error:  # whatever a model that somebody else made brings up
            raise ModelUnavailable(_why(source, error)) from error
        finally:
            logging.set_verbosity(loud)
    if not hasattr(processor, "tokenizer"):
        raise ModelUnavailable(f'"{source}" has no processor of pictures and text')
    if missing := sorted(told["missing_keys"]):
        raise ModelUnavailable(
            f'the weights in "{source}" lack {len(missing)} parts of the model in its config.json, '
            f"{missing[0]} first: they are of another model, or a file is missing"
        )
    if spare := sorted(told["unexpected_keys"]):
        warnings.warn(
            f'"{source}": {len(spare)} parts of its weights have no place in the model of its '
            f"config.json, {spare[0]} first; they are left out",
            stacklevel=2,
        )
    return model, processor


def _folder(source: str | Path) -> Path:
    """Return a folder, or that of a hub id in the local cache; raises ModelUnavailable."""
    from huggingface_hub import snapshot_download

    if Path(source).is_dir():
        return Path(source)
    try:
        return Path(snapshot_download(str(source), local_files_only=True))
    except Exception as error:  # whatever the hub's package brings up
        raise ModelUnavailable(_why(source, error)) from error


def torchvision_command() -> str:
    """Return how torchvision is installed without changing the torch that is here.

    A build is of one device, which is the end of its version (2.13.0+cpu) and of its index.
    """
    version, _, build = torch.__version__.partition("+")
    index = f" --index-url https://download.pytorch.org/whl/{build}" if build else ""
    return f"pip install torchvision torch=={version}{index}"


def _why(source: str | Path, error: Exception) -> str:
    text = str(error)
    if "torchvision" in text.lower():
        return (
            f'"{source}" needs torchvision for its pictures. Install the build that fits the torch '
            f"that is here, in one command: {torchvision_command()}"
        )
    if "ignore_mismatched_sizes" in text:
        return f'the weights in "{source}" are of other sizes than its config.json says'
    if "trust_remote_code" in text:
        return (
            f'"{source}" holds code of its own, which does not run: read it, and if you trust it '
            "say so with --trust-remote-code (in Python trust_remote_code=True)"
        )
    first = " ".join(text.split())[:MOST_WORDS] or type(error).__name__
    return (
        f'"{source}" does not load as a vision-language model: {first} '
        "(expected what AutoModelForImageTextToText and AutoProcessor can load)"
    )
