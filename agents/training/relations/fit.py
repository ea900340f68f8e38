"""Fitting the model of relations: first the eye, then the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from agents.training.fit import IGNORE, set_rate, take_step
from agents.training.relations.course import Course, Part, Sight
from agents.training.relations.team import Team
from agents.training.student import IMAGE, SHUFFLE, Design
from prompts.relations import PHRASES

NOISE = 0.25
"""Probability of each line of an answer to be told wrong, to be read on from and not learnt."""
SEEING = 1.0
"""Weight of the eye's loss at the start of the answering stage; it falls to a fifth."""
TOKENS = 7000
"""Tokens of a batch, padding included."""
READING, RELATING = 2, 3
"""After these layers of the text model a name that was read is to be a place, and a line begun is
to know the places of both its things."""
NAMED, DECISIVE, LAST = 3.0, 5.0, 20.0
"""Weights of names, of the words that tell something, and of yes and no, in the answers' loss."""
SCALE = (12.5, 12.5, 5.0)
"""What the eye learns of a place is of order one when divided by these, in dead bands."""
MIDDLE = (0.0, 0.0, 32.0)
DEPTH = 2.0  # log m, about the middle of what is seen

Mention = tuple[int, ...]  # lesson, token, which thing or which two
NOWHERE = np.full(3, np.nan)
Batch = tuple[list[Sight], torch.Tensor, torch.Tensor, list[Mention], list[Mention], list[Mention]]
Taught = tuple[Sight, list[int], list[int], list[Mention], list[Mention]]
"""Ids and labels; and for each relation the token before it and the things it is about."""


class Eye(nn.Module):
    """The throw-away heads: what is in each cell of the picture and how far away what is seen there
    is; and, asked by name, where a thing is and where the floor is below it.

    The cells teach what the second head, which has to find a thing first, hardly learns alone; the
    depths and the floor what tells the distance.
    """

    def __init__(self, width: int, design: Design, things: Sequence[str]) -> None:
        super().__init__()
        self._index = {word: at for at, word in enumerate(things)}
        self.side = design.view // design.patch // SHUFFLE
        self._words = len(things)
        self.norm = nn.LayerNorm(width)
        self.cells = _head(width, len(things) + 3 + SHUFFLE**2)
        self.words = nn.Embedding(len(things), width)
        self.look = nn.MultiheadAttention(width, 6, batch_first=True)
        self.place = _head(width, 5)
        self.read = nn.Sequential(nn.LayerNorm(width), _head(width, 3))
        self.pair = nn.Sequential(nn.LayerNorm(width), _head(width, 6))
        self.asked = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 8))

    def told(
        self, states: torch.Tensor, mentions: Sequence[Mention], sights: Sequence[Sight]
    ) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """Return the loss, and the mean errors, of the places told from the text's inner states
        (n, length, width) where one name has just been read, or where two are about to be related.

        Without it the text model hardly learns to find what a name means in the picture.
        """
        rows, columns, *things = map(list, zip(*mentions, strict=True))
        places = np.stack(
            [
                [sights[i].truth.places[j] for j in one]
                for i, *one in zip(rows, *things, strict=True)
            ]
        )
        true = torch.from_numpy(((places - MIDDLE) / SCALE).astype(np.float32)).to(states.device)
        known = torch.ones_like(true)
        known[..., 2] = torch.from_numpy(places[..., 2] != 0).to(states.device)
        head = self.read if len(things) == 1 else self.pair
        guess = head(states[rows, columns]).float().view_as(true)
        off = ((guess - true).abs() * known).sum(0) / known.sum(0).clamp(min=1)
        return _error(guess, true, known), (off.detach().cpu().numpy() * SCALE)[-1]

    def understood(self, states: torch.Tensor, asks: Sequence[Mention]) -> torch.Tensor:
        """Return the loss of what is told, before yes or no, of the relation that was asked for (of
        six) and of the sign that is true on its axis.
        """
        rows, columns, *wanted = map(list, zip(*asks, strict=True))
        guess = self.asked(states[rows, columns]).float().split([6, 2], dim=-1)
        pairs = zip(guess, torch.tensor(wanted, device=states.device), strict=True)
        return torch.stack([nn.functional.cross_entropy(g, w) for g, w in pairs]).sum()

    def loss(
        self, features: torch.Tensor, sights: Sequence[Sight]
    ) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """Return the loss, and the mean error of the named places on each axis in dead bands.

        `features` (n, tokens, width) are what the model sees of the pictures.
        """
        seen = self.norm(features.reshape(len(sights), -1, features.shape[-1]))
        target = _Targets(sights, self._index, self.side)
        words, true, known = (torch.from_numpy(x).to(seen.device) for x in target.cells())
        guess = self.cells(seen).float()
        what = nn.functional.binary_cross_entropy_with_logits(
            guess[..., : self._words], words, pos_weight=torch.tensor(5.0, device=seen.device)
        )
        loss = 4 * what + _error(guess[..., self._words :], true, known)
        asked, true, known = (torch.from_numpy(x).to(seen.device) for x in target.named())
        queries = asked @ self.words.weight
        found, _ = self.look(queries, seen, seen, need_weights=False)
        guess = self.place(found + queries).float()
        off = ((guess - true).abs() * known).sum((0, 1)) / known.sum((0, 1)).clamp(min=1)
        return loss + _error(guess, true, known), off[:3].detach().cpu().numpy() * SCALE


class _Targets:
    """What the eye is to say of some pictures."""

    def __init__(self, sights: Sequence[Sight], index: Mapping[str, int], side: int) -> None:
        self.sights, self.index, self.side = sights, index, side

    def cells(self) -> tuple[NDArray[np.float32], ...]:
        """Return the words in each cell (n, cells, words); the place of what is in it and the
        depths in its quarters (n, cells, 3 + 4); and which of these are known.
        """
        n, side = len(self.sights), self.side
        words = np.zeros((n, side * side, len(self.index)), np.float32)
        true, known = (np.zeros((n, side * side, 3 + SHUFFLE**2), np.float32) for _ in range(2))
        for i, sight in enumerate(self.sights):
            at = np.clip((sight.spots * side).astype(int), 0, side - 1)
            for name, (x, y), place in zip(sight.truth.names, at, sight.truth.places, strict=True):
                words[i, y * side + x, self._of(name)] = 1.0
                true[i, y * side + x, :3] = (place - MIDDLE) / SCALE
                known[i, y * side + x, :3] = 1.0, 1.0, place[2] != 0
            if sight.depths is not None:
                parts = sight.depths.reshape(side, SHUFFLE, side, SHUFFLE).swapaxes(1, 2)
                true[i, :, 3:] = parts.reshape(side * side, -1) - DEPTH
                known[i, :, 3:] = 1.0
        return words, true, known

    def named(self) -> tuple[NDArray[np.float32], ...]:
        """Return the words of each name (n, names, words); its place and that of the floor below
        it (n, names, 3 + 2); and which of these are known.
        """
        shape = len(self.sights), max(len(one.truth.names) for one in self.sights)
        words = np.zeros((*shape, len(self.index)), np.float32)
        true, known = (np.zeros((*shape, 5), np.float32) for _ in range(2))
        for i, sight in enumerate(self.sights):
            for j, (name, place) in enumerate(
                zip(sight.truth.names, sight.truth.places, strict=True)
            ):
                words[i, j, self._of(name)] = 1.0
                true[i, j, :3] = (place - MIDDLE) / SCALE
                known[i, j, :3] = 1.0, 1.0, place[2] != 0  # all at one depth: nothing to learn
                if sight.feet is not None:
                    true[i, j, 3:] = 2 * sight.feet[j] - 1
                    known[i, j, 3:] = np.abs(sight.feet[j] - 0.5).max() < 1
        return words, true, known

    def _of(self, name: str) -> list[int]:
        return [self.index[word] for word in name.split()]


def _head(wide: int, out: int) -> nn.Module:
    return nn.Sequential(nn.Linear(wide, 256), nn.GELU(), nn.Linear(256, out))


def _error(guess: torch.Tensor, true: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    error = nn.functional.smooth_l1_loss(guess, true, beta=0.05, reduction="none") * known
    return error.sum() / known.sum().clamp(min=1)


class Pool:
    """Pictures in memory, drawn at random, each either way round."""

    def __init__(
        self, course: Course[Any], sights: Sequence[Sight], rng: np.random.Generator
    ) -> None:
        self.course, self.sights, self.rng = course, sights, rng

    def draw(self, size: int) -> list[Sight]:
        """Return `size` random pictures."""
        picks = [self.sights[i] for i in self.rng.integers(len(self.sights), size=size)]
        return [self.course.mirrored(one) if self.rng.random() < 0.5 else one for one in picks]


class Fit:
    """One training: a model, its processor, its sizes, pictures, and who else trains it."""

    def __init__(
        self,
        model: Any,
        processor: Any,
        design: Design,
        pool: Pool,
        say: Callable[[str], None],
        team: Team | None = None,
    ) -> None:
        self.model, self.design, self.pool, self.say = model, design, pool, say
        self.team = team or Team()
        self.tokenizer = processor.tokenizer
        self.device = next(model.parameters()).device
        things = pool.course.things
        self.eye = Eye(model.config.text_config.hidden_size, design, things).to(self.device)
        self.team.begin([*model.parameters(), *self.eye.parameters()])
        self._begin, self._end = _around(processor)
        self._first = self._begin.index(self.tokenizer.convert_tokens_to_ids(IMAGE))
        self._words = {word: self._id(word) for word in (*things, *pool.course.words)}

    def see(self, seconds: float, rate: float = 1.5e-3, batch: int = 64) -> None:
        """Stage one: the eye alone learns where things are."""
        parts = [*self.model.model.vision_model.parameters()]
        parts += [*self.model.model.connector.parameters(), *self.eye.parameters()]
        optimiser = torch.optim.AdamW(parts, lr=rate, weight_decay=0.01)
        offs = []
        for step, share in self.team.until(seconds):
            set_rate(optimiser, [rate], share)
            sights = self.pool.draw(batch)
            with torch.autocast(self.device.type, torch.bfloat16):
                loss, off = self.eye.loss(self._features(self._pixels(sights)), sights)
            take_step(optimiser, parts, loss, self.team.agree)
            offs.append(off)
            if step % 50 == 0:
                self.say(f"see {share:4.0%} step {step} off {_figures(offs)}")
                offs = []

    def answer(
        self, seconds: float, rate: float = 1.2e-3, every: float = 300.0,
        checkpoint: Callable[[], None] = lambda: None, tokens: int = TOKENS,
    ) -> None:  # fmt: skip
        """Stage two: the whole model learns to answer; `checkpoint` is called `every` seconds."""
        vision = [*self.model.model.vision_model.parameters()]
        names = {id(p) for p in vision}
        rest = [p for p in self.model.parameters() if id(p) not in names] + [*self.eye.parameters()]
        optimiser = torch.optim.AdamW(
            [{"params": vision}, {"params": rest}], lr=rate, weight_decay=0.02, betas=(0.9, 0.98)
        )
        saved, taught, offs, right = time.monotonic(), 0, [], np.zeros((2, 2), int)
        batches: list[Batch] = []
        decisive, last = self._decisive()
        named = torch.tensor(
            [self._words[one] for one in self.pool.course.things], device=self.device
        )
        for step, share in self.team.until(seconds):
            set_rate(optimiser, [0.5 * rate, rate], share)
            batches = batches or self._batches(tokens)
            sights, ids, labels, mentions, lines, asks = batches.pop()
            with torch.autocast(self.device.type, torch.bfloat16):
                out = self.model(
                    input_ids=ids,
                    pixel_values=self._pixels(sights)[:, None],
                    output_hidden_states=True,
                    output_attentions=True,
                )
                seen, off = self.eye.loss(out.image_hidden_states, sights)
                told, off_told = self.eye.told(out.hidden_states[READING], mentions, sights)
                found = self._found(out.attentions[READING - 1], mentions, sights)
                paired, recalled, understood = torch.zeros(3)
                off_paired = NOWHERE
                if lines:
                    paired, off_paired = self.eye.told(out.hidden_states[RELATING], lines, sights)
                    recalled = self._recalled(out.attentions[RELATING - 1], lines, mentions)
                if asks:
                    understood = self.eye.understood(out.hidden_states[RELATING], asks)
            at = labels[:, 1:] != IGNORE
            logits = out.logits[:, :-1][at].float()
            wanted = labels[:, 1:][at]
            choice = torch.isin(wanted, decisive)
            loss = nn.functional.cross_entropy(logits, wanted, reduction="none")
            weight = 1 + (DECISIVE - 1) * choice + (NAMED - 1) * torch.isin(wanted, named)
            weight = torch.where(torch.isin(wanted, last), LAST, weight)
            loss = (loss * weight).mean()
            hit = (logits.argmax(-1) == wanted) & choice
            take_step(
                optimiser,
                [*vision, *rest],
                4 * loss
                + SEEING
                * (1.0 - 0.8 * share)
                * (seen + told + paired + found + recalled + understood),
                self.team.agree,
            )
            taught += len(sights)
            offs.append(np.concatenate([off, off_told, off_paired]))
            for i, kind in enumerate((choice, torch.isin(wanted, last))):
                right[i] += [int((hit & kind).sum()), int(kind.sum())]
            if step % 50 == 0:
                self.say(
                    f"answer {share:4.0%} step {step} lessons {taught} loss {loss.item():.4f} "
                    f"words right {_share(right)} off {_figures(offs)} "
                    f"found {found.item():.2f} recalled {recalled.item():.2f} "
                    f"understood {understood.item():.2f}"
                )
                offs, right = [], np.zeros((2, 2), int)
            if time.monotonic() - saved > every:
                checkpoint()
                saved = time.monotonic()

    def _batches(self, tokens: int) -> list[Batch]:
        """Return lessons in batches of about the same length, in random order."""
        rng, made = self.pool.rng, []
        for sight in self.pool.draw(tokens // 10):
            prompt, parts = self.pool.course.lesson(sight, rng, NOISE)
            made.append((sight, *self.tokens(prompt, parts, sight.truth.names)))
        made.sort(key=lambda one: len(one[1]))
        batches: list[Batch] = []
        batch: list[Taught] = []
        for one in made:
            if batch and (len(batch) + 1) * len(one[1]) > tokens:
                batches.append(self._padded(batch))
                batch = []
            batch.append(one)
        batches.append(self._padded(batch))
        return [batches[i] for i in rng.permutation(len(batches))]

    def tokens(
        self, prompt: str, parts: Sequence[Part], names: Sequence[str] = ()
    ) -> tuple[list[int], list[int], list[Mention], list[Mention]]:
        """Return the ids of a prompt with its answer, and the labels; where a line begins to tell
        where the first of two `names` is from the second, as (token, thing, thing); and where yes
        or no is next, as (token, relation asked for, sign that is true).
        """
        texts = [prompt, *(part.text + "\n" for part in parts[:-1]), parts[-1].text]
        first, *coded = self.tokenizer(texts, add_special_tokens=False)["input_ids"]
        ids = [*self._begin, *first, *self._end]
        labels = [IGNORE] * len(ids)
        lines: list[Mention] = []
        asks: list[Mention] = []
        for part, code in zip(parts, coded, strict=True):
            if part.about is not None and names:
                word = self._words[part.about[0].split()[-1]]
                at = len(ids) + (code.index(word) if word in code else 0)
                lines.append((at, *map(names.index, part.about)))
                if part.asked is not None:
                    axis, sign = part.asked
                    yes = self._words["yes"] in code
                    asks.append((at, 2 * axis + (sign > 0), int((sign > 0) is yes)))
            ids += code
            labels += code if part.right else [IGNORE] * len(code)
        end = self.tokenizer.eos_token_id
        return [*ids, end], [*labels, end], lines, asks

    def _padded(self, batch: list[Taught]) -> Batch:
        longest = max(len(ids) for _, ids, *_ in batch)
        pad = self.tokenizer.pad_token_id
        ids = [one + [pad] * (longest - len(one)) for _, one, *_ in batch]
        labels = [one + [IGNORE] * (longest - len(one)) for _, _, one, *_ in batch]
        return (
            [sight for sight, *_ in batch],
            torch.tensor(ids, device=self.device),
            torch.tensor(labels, device=self.device),
            [(i, *at) for i, (sight, row, *_) in enumerate(batch)
             for at in self._mentions(sight, row)],
            [(i, *line) for i, (*_, lines, _) in enumerate(batch) for line in lines],
            [(i, *ask) for i, (*_, asks) in enumerate(batch) for ask in asks],
        )  # fmt: skip

    def _decisive(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the tokens that tell something, yes and no with those of relations; and these."""
        phrases = [f" is {phrase}" for signs in PHRASES.values() for phrase in signs.values()]
        told = self.tokenizer(phrases, add_special_tokens=False)["input_ids"]
        last = [self._words["yes"], self._words["no"]]
        every = sorted({*last, *(token for ids in told for token in ids)})
        return torch.tensor(every, device=self.device), torch.tensor(last, device=self.device)

    def _found(
        self, attention: torch.Tensor, mentions: Sequence[Mention], sights: Sequence[Sight]
    ) -> torch.Tensor:
        """Return how little a name that was read attends to where in the picture its thing is.

        `attention` (n, heads, length, length) is that of a layer; the first half of its heads are
        to look for names.
        """
        side = self.eye.side
        rows, columns, things = map(list, zip(*mentions, strict=True))
        spots = np.stack([sights[i].spots[j] for i, j in zip(rows, things, strict=True)])
        at = np.clip((spots * side).astype(int), 0, side - 1)
        cells = (self._first + at[:, 1] * side + at[:, 0]).tolist()
        looks = attention[rows, : attention.shape[1] // 2, columns, cells].float().mean(-1)
        return -torch.log(looks + 1e-4).mean()

    def _recalled(
        self, attention: torch.Tensor, lines: Sequence[Mention], mentions: Sequence[Mention]
    ) -> torch.Tensor:
        """Return how little a line begun attends to where its second thing was named before."""
        named: dict[tuple[int, int], list[int]] = {}
        for row, column, thing in mentions:
            named.setdefault((row, thing), []).append(column)
        mask = torch.zeros(len(lines), attention.shape[-1], device=attention.device)
        for i, (row, column, _, thing) in enumerate(lines):
            mask[i, [at for at in named[row, thing] if at < column]] = 1.0
        rows, columns = [line[0] for line in lines], [line[1] for line in lines]
        heads = attention[rows, : attention.shape[1] // 2, columns].float()
        looks = (heads * mask[:, None]).sum(-1).mean(-1)
        return -torch.log(looks + 1e-4).mean()

    def _id(self, word: str) -> int:
        """Return the one token that stands for a word."""
        return int(self.tokenizer(f" {word}", add_special_tokens=False)["input_ids"][0])

    def _mentions(self, sight: Sight, ids: list[int]) -> Iterator[tuple[int, int]]:
        """Yield (token, thing) for the last token of every name in a text."""
        names = {}
        for thing, name in enumerate(sight.truth.names):
            names[tuple(self._words[word] for word in name.split())] = thing
        for at in range(1, len(ids)):
            thing = names.get((ids[at - 1], ids[at]), -1)
            if thing >= 0:
                yield at, thing

    def _pixels(self, sights: Sequence[Sight]) -> torch.Tensor:
        """Return pictures (n, 3, S, S) float32 as the model takes them."""
        stacked: NDArray[np.uint8] = np.stack([one.picture for one in sights])
        values = torch.from_numpy(stacked).to(self.device).permute(0, 3, 1, 2).to(torch.float32)
        return values.mul_(1 / (255 * self.design.spread)).sub_(
            self.design.mean / self.design.spread
        )

    def _features(self, values: torch.Tensor) -> torch.Tensor:
        seen = self.model.model.vision_model(pixel_values=values).last_hidden_state
        features: torch.Tensor = self.model.model.connector(seen)
        return features


def _around(processor: Any) -> tuple[list[int], list[int]]:
    """Return the token ids before a prompt, its picture included, and those before the answer."""
    text = processor.apply_chat_template(
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "\0"}]}],
        add_generation_prompt=True,
        tokenize=False,
    )
    shown = processor.replace_image_token({"rows": [[0]], "cols": [[0]]}, 0)
    before, after = text.replace(IMAGE, shown).split("\0")
    tokenizer = processor.tokenizer
    return tuple(tokenizer([before, after], add_special_tokens=False)["input_ids"])


def _figures(offs: Sequence[NDArray[np.float64]]) -> str:
    return " ".join(f"{x:.2f}" for x in np.nanmean(offs, axis=0))


def _share(right: NDArray[np.int_]) -> str:
    """Return shares of right words: of all that tell something, and of yes and no."""
    return " ".join(f"{part / max(1, whole):.3f}" for part, whole in right)
