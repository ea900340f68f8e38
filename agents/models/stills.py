"""Processors of models that also take videos, where torchvision is not installed: pictures only.

transformers builds such a processor as a whole, and its part for videos needs torchvision. That has
no build for the CPU's torch on PyPI: installed there it brings CUDA's and breaks what is installed.
The parts for pictures and text do without, so the processor is put together from these.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from helmsight.contract.jsontext import parse_json
from helmsight.contract.textfiles import read_text

PARTS = ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json")


class NoVideos(dict[str, Any]):
    """Stands where a processor has its part for videos; no world shows any. A dict: it is told."""

    num_frames = fps = None  # what some ask it before anything is processed

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Raise: this is never called with pictures and text."""
        raise NotImplementedError("videos need more packages: torchvision, num2words")


def processor_of(source: str | Path, **how: Any) -> Any:
    """Return the processor of a model; `how` is for transformers' `from_pretrained`.

    Raises:
        Exception: as transformers does.
    """
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(source, **how)
    except (ImportError, ValueError) as error:
        if not any(package in str(error).lower() for package in ("torchvision", "num2words")):
            raise
        return _for_stills(source, **how)


def _for_stills(source: str | Path, **how: Any) -> Any:
    """Return the processor of a model, without its part for videos."""
    import transformers
    from transformers import AutoImageProcessor, AutoTokenizer

    name = _class_name(source, how)
    module = _module(f"transformers.{transformers._class_to_module[name]}")
    if not getattr(module, "num2words", True):  # says the numbers of a video's frames
        module.num2words = NoVideos().__call__
    kind = getattr(module, name)
    checked = kind.check_argument_for_proper_class

    def check(self: Any, role: str, part: Any) -> Any:
        return None if isinstance(part, NoVideos) else checked(self, role, part)

    without: Any = type(name, (kind,), {"check_argument_for_proper_class": check})
    makers: dict[str, Any] = {
        "image_processor": AutoImageProcessor.from_pretrained,
        "tokenizer": AutoTokenizer.from_pretrained,
        "video_processor": lambda *_, **__: NoVideos(),
    }
    parts = [makers[role](source, **how) for role in kind.get_attributes()]
    settings, rest = kind.get_processor_dict(source, **how)
    return without.from_args_and_dict(parts, settings, **rest)


def _module(path: str) -> Any:
    """Return a processor's module; what it takes from the part that needs torchvision, another has.

    That is its twin by Pillow, in the same package.
    """
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        package, _, file = path.rpartition(".")
        design = file.removeprefix("processing_")
        needed = f"{package}.image_processing_{design}"
        if error.name is None or not error.name.startswith("torchvision"):
            raise
        sys.modules[needed] = import_module(f"{package}.image_processing_pil_{design}")
        try:
            return import_module(path)
        finally:
            del sys.modules[needed]


def _class_name(source: str | Path, how: dict[str, Any]) -> str:
    """Return the name of a model's processor: what its files say, or what its design has."""
    from transformers import AutoConfig
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES
    from transformers.utils import cached_file

    for part in PARTS:
        path = cached_file(
            source, part, local_files_only=True, _raise_exceptions_for_missing_entries=False
        )
        if path is not None:
            said = parse_json(read_text(Path(path))).get("processor_class")
            if said:
                return str(said)
    return str(PROCESSOR_MAPPING_NAMES[AutoConfig.from_pretrained(source, **how).model_type])
