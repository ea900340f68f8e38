"""What teaches the eye: throw-away heads that tell what is where in the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from helmsight.agents.grounding.labelled import LabelledPicture
from helmsight.agents.training.design import Design
from helmsight.agents.training.fit import head

SCALE = (12.5, 12.5, 5.0)
"""What is learnt of a place is of order one when divided by these, in dead bands."""
MIDDLE = (0.0, 0.0, 32.0)
DEPTH = 2.0  # log m, about the middle of what is seen
HIDDEN = 256  # width inside the throw-away heads


class PlaceHeads(nn.Module):
    """The throw-away heads: what is in each cell of the picture and how far away what is seen there
    is; and, asked by name, where a thing is and where the floor is below it.

    The cells teach what the second head, which has to find a thing first, hardly learns alone; the
    depths and the floor what tells the distance.
    """

    def __init__(self, width: int, design: Design, things: Sequence[str]) -> None:
        super().__init__()
        self._index = {word: at for at, word in enumerate(things)}
        self._side, self._fine = design.side, design.shuffle
        self._words = len(things)
        self.norm = nn.LayerNorm(width)
        self.cells = head(width, len(things) + 3 + design.shuffle**2, HIDDEN)
        self.words = nn.Embedding(len(things), width)
        self.look = nn.MultiheadAttention(width, 6, batch_first=True)
        self.place = head(width, 5, HIDDEN)

    def loss(
        self, features: torch.Tensor, pictures: Sequence[LabelledPicture]
    ) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """Return the loss, and the mean error of the named places on each axis in dead bands.

        `features` (n, tokens, width) are what the model sees of the pictures.
        """
        seen = self.norm(features.reshape(len(pictures), -1, features.shape[-1]))
        target = _Targets(pictures, self._index, self._side, self._fine)
        words, true, known = (torch.from_numpy(x).to(seen.device) for x in target.cells())
        guess = self.cells(seen).float()
        what = nn.functional.binary_cross_entropy_with_logits(
            guess[..., : self._words], words, pos_weight=torch.tensor(5.0, device=seen.device)
        )
        loss = 4 * what + error(guess[..., self._words :], true, known)
        named, true, known = (torch.from_numpy(x).to(seen.device) for x in target.named())
        queries = named @ self.words.weight  # a name is the sum of its words
        attended, _ = self.look(queries, seen, seen, need_weights=False)
        guess = self.place(attended + queries).float()
        off = ((guess - true).abs() * known).sum((0, 1)) / known.sum((0, 1)).clamp(min=1)
        return loss + error(guess, true, known), off[:3].detach().cpu().numpy() * SCALE


class _Targets:
    """What the eye is to say of some pictures."""

    def __init__(
        self, pictures: Sequence[LabelledPicture], index: Mapping[str, int], side: int, fine: int
    ) -> None:
        self.pictures, self.index, self.side, self.fine = pictures, index, side, fine

    def cells(self) -> tuple[NDArray[np.float32], ...]:
        """Return the words in each cell (n, cells, words); the place of what is in it and the
        depths in its patches (n, cells, 3 + patches); and which of these are known.
        """
        n, side, fine = len(self.pictures), self.side, self.fine
        words = np.zeros((n, side * side, len(self.index)), np.float32)
        true, known = (np.zeros((n, side * side, 3 + fine**2), np.float32) for _ in range(2))
        for i, picture in enumerate(self.pictures):
            truth, at = picture.truth, cells(picture.spots, side)
            for name, cell, place in zip(truth.names, at, truth.places, strict=True):
                words[i, cell, self._of(name)] = 1.0
                true[i, cell, :3] = (place - MIDDLE) / SCALE
                known[i, cell, :3] = 4.0, 4.0, 8.0 * (place[2] != 0)  # few cells: they count more
            if picture.depths is not None:
                parts = picture.depths.reshape(side, fine, side, fine).swapaxes(1, 2)
                true[i, :, 3:] = parts.reshape(side * side, -1) - DEPTH
                known[i, :, 3:] = 1.0
        return words, true, known

    def named(self) -> tuple[NDArray[np.float32], ...]:
        """Return the words of each name (n, names, words); its place and that of the floor below
        it (n, names, 3 + 2); and which of these are known.
        """
        shape = len(self.pictures), max(len(picture.truth.names) for picture in self.pictures)
        words = np.zeros((*shape, len(self.index)), np.float32)
        true, known = (np.zeros((*shape, 5), np.float32) for _ in range(2))
        for i, picture in enumerate(self.pictures):
            for j, (name, place) in enumerate(
                zip(picture.truth.names, picture.truth.places, strict=True)
            ):
                words[i, j, self._of(name)] = 1.0
                true[i, j, :3] = (place - MIDDLE) / SCALE
                # all at one depth: nothing to learn
                known[i, j, :3] = 1.0, 1.0, 2.0 * (place[2] != 0)
                if picture.feet is not None:
                    true[i, j, 3:] = 2 * picture.feet[j] - 1
                    known[i, j, 3:] = 2.0 * (np.abs(picture.feet[j] - 0.5).max() < 1)
        return words, true, known

    def _of(self, name: str) -> list[int]:
        return [self.index[word] for word in name.split()]


def cells(spots: NDArray[np.float64], side: int) -> NDArray[np.int_]:
    """Return which visual token (n,), of `side` in a row, shows each spot (n, 2) of a picture."""
    at = np.clip((spots * side).astype(int), 0, side - 1)
    tokens: NDArray[np.int_] = at[:, 1] * side + at[:, 0]
    return tokens


def error(guess: torch.Tensor, true: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Return the mean error of what is known."""
    error = nn.functional.smooth_l1_loss(guess, true, beta=0.05, reduction="none") * known
    return error.sum() / known.sum().clamp(min=1)
