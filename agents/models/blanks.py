"""Pictures of one colour: transformers takes those for padding that are zero after scaling.

Idefics and its kin leave out a picture whose values are all exactly 0, which is what one of the
mean colour becomes (grey 51 for the bundled models), and then miss its tokens. An instrument that
is covered by such a grey is a picture nevertheless.
"""

from __future__ import annotations

import torch

FAINT = 1e-6
"""What stands for zero in such a picture: no answer changes by it, and no dtype rounds it off."""


def kept(pixels: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Return pictures (..., 3, H, W), changed in place where one would be taken for padding.

    `mask` (..., H, W) is zero all over where a picture IS padding; without it none is.
    """
    blank = (pixels == 0.0).flatten(-3).all(-1)
    if mask is not None:
        blank &= (mask != 0).flatten(-2).any(-1)
    if bool(blank.any()):
        pixels[blank] = FAINT
    return pixels
