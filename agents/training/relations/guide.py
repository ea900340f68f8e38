"""What teaches the text model: to find a name in the picture, and again in what it has read.

Without these throw-away heads and losses it hardly learns what a name means: the answers alone left
it at chance for 20,000 lessons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from helmsight.agents.grounding.labelled import LabelledPicture
from helmsight.agents.training.design import Design
from helmsight.agents.training.fit import head
from helmsight.agents.training.relations.coder import Batch, Mark
from helmsight.agents.training.relations.eye import HIDDEN, MIDDLE, SCALE, cells, error

READING, RELATING = 2, 3
"""After these layers of the text model a name that was read is to be a place, and a line begun is
to know the places of both its things."""


class TextHeads(nn.Module):
    """Throw-away heads on the inner states of the text model, and losses of where it looks.

    Two things have to happen in this order, and nothing in the answers' loss asks for either. When
    a name has been read, its token has to look at the thing in the picture and become its place
    (`seeing_loss`, then `place_loss` of one thing). When a line begins, its first token has to
    look back at the other thing's name, where that place now is, and hold both (`recall_loss`,
    then `place_loss` of two): their difference is the relation. Half of the heads of each layer
    are taught so; the others stay free.

    `first` is the place of the picture's first token in every text.
    """

    def __init__(self, width: int, design: Design, first: int) -> None:
        super().__init__()
        self._side = design.side
        self._first = first
        self.read = nn.Sequential(nn.LayerNorm(width), head(width, 3, HIDDEN))
        self.pair = nn.Sequential(nn.LayerNorm(width), head(width, 6, HIDDEN))
        self.question = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 8))

    def loss(
        self,
        states: Sequence[torch.Tensor],
        attentions: Sequence[torch.Tensor],
        batch: Batch,
    ) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """Return the loss, and mean errors on each axis in dead bands: of the place of a name that
        was read, and of that of the second thing of a line.

        `states` (n, length, width) and `attentions` (n, heads, length, length) are by layers, the
        first state being what goes into the first layer.
        """
        total, off = self.place_loss(states[READING], batch.names, batch.pictures)
        total = total + self.seeing_loss(attentions[READING - 1], batch.names, batch.pictures)
        off_line = np.full(3, np.nan)
        if batch.lines:
            lines, off_line = self.place_loss(states[RELATING], batch.lines, batch.pictures)
            total = (
                total + lines + self.recall_loss(attentions[RELATING - 1], batch.lines, batch.names)
            )
        if batch.asks:
            total = total + self.question_loss(states[RELATING], batch.asks)
        return total, np.concatenate([off, off_line])

    def place_loss(
        self, states: torch.Tensor, marks: Sequence[Mark], pictures: Sequence[LabelledPicture]
    ) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """Return the loss, and the mean errors, of places that the heads read off the inner states
        (n, length, width) where one name has just been read, or where two are about to be related.
        """
        rows, columns, *things = map(list, zip(*marks, strict=True))
        places = np.stack(
            [
                [pictures[i].truth.places[j] for j in mark]
                for i, *mark in zip(rows, *things, strict=True)
            ]
        )
        true = torch.from_numpy(((places - MIDDLE) / SCALE).astype(np.float32)).to(states.device)
        known = torch.ones_like(true)
        # in a cockpit all is at one depth, 0: there is nothing to learn
        known[..., 2] = 2.0 * torch.from_numpy(places[..., 2] != 0).to(states.device)
        teller = self.read if len(things) == 1 else self.pair
        guess = teller(states[rows, columns]).float().view_as(true)
        off = ((guess - true).abs() * known).sum(0) / known.sum(0).clamp(min=1)
        return error(guess, true, known), (off.detach().cpu().numpy() * SCALE)[-1]

    def question_loss(self, states: torch.Tensor, asks: Sequence[Mark]) -> torch.Tensor:
        """Return the loss of two guesses before yes or no: which of six relations was asked for,
        and the sign that is true on its axis.
        """
        rows, columns, *wanted = map(list, zip(*asks, strict=True))
        guess = self.question(states[rows, columns]).float().split([6, 2], dim=-1)
        pairs = zip(guess, torch.tensor(wanted, device=states.device), strict=True)
        return torch.stack([nn.functional.cross_entropy(g, w) for g, w in pairs]).sum()

    def seeing_loss(
        self, attention: torch.Tensor, names: Sequence[Mark], pictures: Sequence[LabelledPicture]
    ) -> torch.Tensor:
        """Return how little a name that was read attends to where in the picture its thing is.

        `attention` (n, heads, length, length) is that of a layer; the first half of its heads are
        to look for names.
        """
        rows, columns, things = map(list, zip(*names, strict=True))
        spots = np.stack([pictures[i].spots[j] for i, j in zip(rows, things, strict=True)])
        at = (self._first + cells(spots, self._side)).tolist()
        looks = attention[rows, : attention.shape[1] // 2, columns, at].float().mean(-1)
        return -torch.log(looks + 1e-4).mean()

    def recall_loss(
        self, attention: torch.Tensor, lines: Sequence[Mark], names: Sequence[Mark]
    ) -> torch.Tensor:
        """Return how little a line begun attends to where its second thing was named before."""
        named: dict[tuple[int, int], list[int]] = {}
        for row, column, thing in names:
            named.setdefault((row, thing), []).append(column)
        mask = torch.zeros(len(lines), attention.shape[-1], device=attention.device)
        for i, (row, column, _, thing) in enumerate(lines):
            mask[i, [at for at in named[row, thing] if at < column]] = 1.0
        rows, columns = [line[0] for line in lines], [line[1] for line in lines]
        heads = attention[rows, : attention.shape[1] // 2, columns].float()
        looks = (heads * mask[:, None]).sum(-1).mean(-1)
        return -torch.log(looks + 1e-4).mean()
