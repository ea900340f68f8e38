"""Processes that fit the same model side by side: one clock, one gradient."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import torch
from torch import distributed, nn

from helmsight.agents.training.fit import until


class Team:
    """The processes of one training; of one alone nothing has to be agreed on.

    On a CPU two of them with one thread each get through more lessons than one with two threads.
    """

    def __init__(self, rank: int = 0, size: int = 1, port: int = 0) -> None:
        self.rank, self.size = rank, size
        if size > 1:
            os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
            os.environ.setdefault("MASTER_PORT", str(port))
            distributed.init_process_group("gloo", rank=rank, world_size=size)

    def until(self, seconds: float) -> Iterator[tuple[int, float]]:
        """Yield (step, share of the time gone) by the first one's clock until the time is up."""
        if self.size == 1:
            yield from until(seconds)
            return
        share, step = torch.zeros(1), 0
        clock = until(seconds)
        while True:
            share[0] = next(clock, (0, 1.0))[1] if self.rank == 0 else 0.0
            distributed.broadcast(share, 0)
            if share[0] >= 1.0:
                return
            yield step, float(share[0])
            step += 1

    def agree(self, parts: Sequence[nn.Parameter]) -> None:
        """Give every process the mean of their gradients."""
        if self.size == 1:
            return
        for part in parts:  # what one has no use for in this step another one may have
            part.grad = torch.zeros_like(part) if part.grad is None else part.grad
        gradients = [part.grad for part in parts if part.grad is not None]
        # one message for all of them: many small ones cost more than the sums
        together = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(together)
        together /= self.size
        at = 0
        for gradient in gradients:
            gradient.copy_(together[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def begin(self, parts: Sequence[nn.Parameter]) -> None:
        """Give every process the weights of the first one."""
        if self.size > 1:
            for part in parts:
                distributed.broadcast(part.data, 0)

    def close(self) -> None:
        """Part."""
        if self.size > 1:
            distributed.destroy_process_group()
