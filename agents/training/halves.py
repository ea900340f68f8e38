"""Half precision in training: where the machine has it."""

from __future__ import annotations

import torch


def mixed(device: str) -> torch.autocast:
    """Return a context in which a model on a device of this type is fitted in bfloat16.

    On a CPU without bfloat16 nothing is changed in it: products of matrices in that type would
    take fifty times as long there as in float32.
    """
    return torch.autocast(device, torch.bfloat16, enabled=device != "cpu" or has_bfloat16())


def has_bfloat16() -> bool:
    """Return whether this CPU works in bfloat16."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
