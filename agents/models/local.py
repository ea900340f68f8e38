"""Local vision-language models through transformers, with answers held to a given set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from helmsight.agents.errors import EngineUnfit
from helmsight.agents.models.adapters import merged
from helmsight.agents.models.blanks import kept
from helmsight.agents.models.engines.questions import Questions
from helmsight.agents.models.loading import device_of, dtype_of, pair
from helmsight.agents.models.looks import Chance, Look, looks_at, together
from helmsight.agents.models.tries import Trie, forced, trie_of, walk
from helmsight.agents.models.turns import turn
from helmsight.agents.models.writing import Patience, Watch, extended, numbers, until
from helmsight.contract.textfiles import BYTE_ORDER_MARK

ENGINES = ("auto", "torch", "onnx")
NEAR = 0.01
"""Logits closer than this are told apart by a pass of torch with one question. What a pass answers
with other questions beside it, or another engine, differs from that by rounding:
`benchmarks/batch.py` measures how much.
"""
SMALL = 100_000_000  # parameters below which one thread is as fast as many, and far steadier


class LocalVLM(BaseChatModel):
    """Any model that `AutoModelForImageTextToText` loads, answering greedily.

    `model` and `processor` are the loaded pair. Images come as data URLs, or as pixels, in the
    content blocks of the messages. The keyword `allowed` of `invoke`, a tuple of texts, holds the
    answer to one of these texts, `schema` to a JSON schema, given as text; `longest` lets it be of
    so many tokens instead of `max_new_tokens`; with `draw`, a seed, a free answer is drawn at
    random (temperature 1) and is the same for the same seed; with `logprobs` the message tells
    those of its tokens in `response_metadata`, as OpenAI's do. `tokens_read` counts what it was
    asked, pictures included.

    `looks` are how the picture of a question that is answered freely is moved; with any, one answer
    is written from the mean of what each of them says. All of them are asked in the same passes.

    `engine` answers what is held to `allowed`, where it is given: the same answers, sooner.
    """

    model: Any
    processor: Any
    max_new_tokens: int = 128
    looks: tuple[Look, ...] = ()
    tokens_read: int = 0
    engine: Any = None
    _tries: dict[tuple[str, ...], tuple[Trie, int]] = PrivateAttr(default_factory=dict)
    _asking: dict[str, Any] = PrivateAttr(default_factory=dict)
    _questions: Questions = PrivateAttr()
    _grammar: Any = PrivateAttr(None)

    @classmethod
    def load(
        cls,
        source: str | Path,
        *,
        device: str | None = None,
        dtype: str | None = None,
        max_new_tokens: int = 128,
        looks: tuple[Look, ...] = (),
        engine: str = "auto",
        trust_remote_code: bool = False,
        adapter: Path | None = None,
    ) -> Self:
        """Load a model folder, or a hub id that is already in the local cache.

        `device` defaults to cuda, mps or cpu, whichever is there first; `dtype` to float32 on a
        CPU and to half precision elsewhere. `engine` is one of ENGINES: auto takes onnx where that
        is installed and has the model's design, on a CPU in float32. Code that lies in the folder
        runs only with `trust_remote_code`. `adapter` is a folder of weights that change the model.

        Raises:
            ModelUnavailable: the folder or a package that the model needs is missing.
            EngineUnfit: an engine that is not known, or does not fit the model, device or dtype; a
                device that is not there.
        """
        if engine not in ENGINES:
            raise EngineUnfit(
                f'no engine is called "{engine}"; choose one of: {", ".join(ENGINES)}'
            )
        where = device_of(device)
        model, processor = pair(source, dtype_of(dtype, where), trusted=trust_remote_code)
        if isinstance(processor.chat_template, str):  # which an editor may have marked
            processor.chat_template = processor.chat_template.removeprefix(BYTE_ORDER_MARK)
        if adapter is not None:
            model = merged(model, adapter)
        model = model.to(where).eval()
        if where.type == "cpu" and model.num_parameters() < SMALL:
            torch.set_num_threads(1)
        tokenizer = processor.tokenizer
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token_id = tokenizer.eos_token_id
        return cls(
            model=model,
            processor=processor,
            max_new_tokens=max_new_tokens,
            looks=looks,
            engine=_engine(engine, model),
        )

    def model_post_init(self, context: Any) -> None:
        """Prepare a greedy generation once for all answers."""
        super().model_post_init(context)
        if "enable_thinking" in str(self.processor.chat_template):
            # thinking lowers scores on pictures and costs seconds
            self._asking["enable_thinking"] = False
        if self.engine is not None:
            self._questions = Questions(
                self.processor, lambda turns: self.prepared([turns]), self.engine.size
            )
        greedy = self.model.generation_config
        greedy.do_sample, greedy.num_beams = False, 1
        greedy.temperature = greedy.top_p = greedy.top_k = None
        greedy.max_length, greedy.max_new_tokens = None, self.max_new_tokens
        if greedy.eos_token_id is None:
            greedy.eos_token_id = self.processor.tokenizer.eos_token_id
        if greedy.pad_token_id is None:
            greedy.pad_token_id = self.processor.tokenizer.pad_token_id

    @property
    def _llm_type(self) -> str:
        return "helmsight-local"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        allowed: tuple[str, ...] | None = None,
        schema: str | None = None,
        longest: int | None = None,
        draw: int | None = None,
        logprobs: bool = False,
        patience_s: float | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        watch = Watch() if logprobs else None
        patience = None if patience_s is None else Patience(patience_s)
        before = self.tokens_read
        ((text, written, whole),) = self._answers(
            [messages], allowed, longest, draw, watch, patience, schema
        )
        if patience is not None and patience.over:
            raise TimeoutError(f"no answer within {patience_s:.1f} s")
        metadata: dict[str, Any] = {"finish_reason": "stop" if whole else "length"}
        if watch:
            metadata["logprobs"] = {"content": watch.told(self.processor.tokenizer)}
        read = self.tokens_read - before
        usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
        message = AIMessage(text, response_metadata=metadata, usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def weigh(self, messages: Sequence[BaseMessage], answers: tuple[str, ...]) -> list[float]:
        """Return how probable each of `answers` is, if it has to be one of them; they sum to 1.

        Only where answers differ is the model asked: one pass for each token at which they do.
        """
        return self.weigh_batch([messages], answers)[0]

    @torch.inference_mode()
    def weigh_batch(
        self, batch: Sequence[Sequence[BaseMessage]], answers: tuple[str, ...]
    ) -> list[list[float]]:
        """Return the same for each list of messages, all of them asked in the same passes."""
        inputs = self._inputs(batch)
        trie, _ = self._trie(answers)
        begun = torch.ones(len(batch), device=self.model.device)
        open_ends: list[tuple[list[int], Trie, torch.Tensor]] = [([], trie, begun)]
        shares: dict[tuple[int, ...], torch.Tensor] = {}
        while open_ends:
            written, node, share = open_ends.pop()
            sure = forced(node)
            written, node = [*written, *sure], walk(node, sure)[1]
            if not node:
                shares[tuple(written)] = share
                continue
            scores = self.model(**extended(inputs, written)).logits[:, -1].float()
            options = list(node)
            parts = scores[:, options].softmax(-1)
            for at, token in enumerate(options):
                open_ends.append(([*written, token], node[token], share * parts[:, at]))
        rows = self.processor.tokenizer(list(answers), add_special_tokens=False)["input_ids"]
        weights = torch.stack([shares[*row, self.end()] for row in rows], dim=1)
        return [list(map(float, row)) for row in weights.tolist()]

    def _inputs(self, batch: Sequence[Sequence[BaseMessage]]) -> Any:
        """Return what the model takes of one list of messages a row."""
        inputs = self.prepared([[turn(message) for message in messages] for messages in batch])
        self.tokens_read += inputs["input_ids"].numel()
        return inputs

    def prepared(self, batch: Sequence[Sequence[Mapping[str, Any]]]) -> Any:
        """Return what the model takes of conversations of turns, padded on the left."""
        inputs = self.processor.apply_chat_template(
            batch,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
            **self._asking,
        ).to(self.model.device, dtype=self.model.dtype)
        pixels = inputs.get("pixel_values")
        if pixels is not None and pixels.ndim == 5:  # a row of pictures each, as Idefics has it
            kept(pixels, inputs.get("pixel_attention_mask"))
        return inputs

    @torch.inference_mode()
    def answer_batch(
        self,
        batch: Sequence[Sequence[BaseMessage]],
        allowed: tuple[str, ...] | None = None,
        longest: int | None = None,
        draw: int | None = None,
        watch: Watch | None = None,
    ) -> list[str]:
        """Return one answer for each list of messages; without an engine all in one pass."""
        return [text for text, _, _ in self._answers(batch, allowed, longest, draw, watch)]

    @torch.inference_mode()
    def _answers(
        self, batch: Sequence[Sequence[BaseMessage]], allowed: tuple[str, ...] | None,
        longest: int | None, draw: int | None, watch: Watch | None,
        patience: Patience | None = None, schema: str | None = None,
    ) -> list[tuple[str, int, bool]]:  # fmt: skip
        """Return the answers, each with how many tokens were written and whether it is whole."""
        if allowed and self.engine is not None:
            return [(*self._by_engine(messages, allowed), True) for messages in batch]
        if self.looks and not allowed and schema is None:
            return [self._looking(messages, longest, draw, watch, patience) for messages in batch]
        inputs = self._inputs(batch)
        ends = self._ends()
        if allowed:
            ids, _ = self._choose(inputs, *self._trie(allowed), patience)
        else:
            start = inputs["input_ids"].shape[1]
            room = longest or self.max_new_tokens
            held = None if schema is None else self._held(schema, start, len(batch))
            parts = [part for part in (held, watch) if part is not None]
            ids = self._free(inputs, room, draw, parts, patience)[:, start:].tolist()
        texts = self.processor.tokenizer.batch_decode(ids, skip_special_tokens=True)
        written = [until(row, ends) for row in ids]
        return [
            (text.strip(), count, bool(allowed) or (count > 0 and row[count - 1] in ends))
            for text, row, count in zip(texts, ids, written, strict=True)
        ]

    def _looking(
        self, messages: Sequence[BaseMessage], longest: int | None, draw: int | None,
        watch: Watch | None, patience: Patience | None,
    ) -> tuple[str, int, bool]:  # fmt: skip
        """Return one answer that all looks at its pictures agree on, as `_answers`."""
        turns = [turn(message) for message in messages]
        inputs = self.prepared(looks_at(turns, self.looks))
        self.tokens_read += inputs["input_ids"].numel()
        chance = None if draw is None else Chance(draw)
        after = [part for part in (together, watch, chance) if part is not None]
        room, start = longest or self.max_new_tokens, inputs["input_ids"].shape[1]
        row = self._free(inputs, room, None, after, patience)[0, start:].tolist()
        written, ends = until(row, self._ends()), self._ends()
        text = str(self.processor.tokenizer.decode(row, skip_special_tokens=True))
        return text.strip(), written, written > 0 and row[written - 1] in ends

    @torch.inference_mode()
    def choose_batch(
        self, batch: Sequence[Sequence[BaseMessage]], allowed: tuple[str, ...]
    ) -> list[str]:
        """Return which of `allowed` each list of messages is answered with if it is asked alone.

        All are asked in one pass. Where the two likeliest tokens were closer than `NEAR` anywhere,
        the pass does not tell which of them comes first, and the question is asked again alone.
        An engine is asked one by one, and is faster at that.
        """
        if self.engine is not None:
            return self.answer_batch(batch, allowed)
        ids, sure = self._choose(self._inputs(batch), *self._trie(allowed))
        texts = self.processor.tokenizer.batch_decode(ids, skip_special_tokens=True)
        if len(batch) == 1:
            return [text.strip() for text in texts]
        return [
            text.strip() if margin >= NEAR else self.answer_batch([messages], allowed)[0]
            for text, margin, messages in zip(texts, sure, batch, strict=True)
        ]

    def _by_engine(
        self, messages: Sequence[BaseMessage], allowed: tuple[str, ...]
    ) -> tuple[str, int]:
        """Return which of `allowed` answers, and its tokens: what torch says, wherever rounding
        could change it.
        """
        turns, (trie, longest) = [turn(message) for message in messages], self._trie(allowed)
        question = self._questions.prepare(turns)
        self.tokens_read += len(question.ids)
        ids, ahead = self.engine.choose(question, trie)
        if ahead < NEAR:
            (ids,), _ = self._choose(self.prepared([turns]), trie, longest)
        text = str(self.processor.tokenizer.decode(ids, skip_special_tokens=True))
        return text.strip(), len(ids)

    def _free(
        self, inputs: Any, room: int, draw: int | None, parts: Sequence[Any],
        patience: Patience | None,
    ) -> torch.Tensor:  # fmt: skip
        how: dict[str, Any] = {"max_new_tokens": room}
        if patience is not None:
            how["stopping_criteria"] = [patience]
        how["logits_processor"] = [numbers, *parts]
        if draw is None:
            return self.model.generate(**inputs, **how)  # type: ignore[no-any-return]
        with torch.random.fork_rng([self.model.device] if self.model.device.type == "cuda" else []):
            torch.manual_seed(draw)
            return self.model.generate(  # type: ignore[no-any-return]
                **inputs, **how, do_sample=True, temperature=1.0, top_k=0
            )

    def _held(self, schema: str, start: int, rows: int) -> Any:
        """Return what holds answers that begin at token `start` to a JSON schema."""
        if self._grammar is None:
            from helmsight.agents.models.grammar import Grammar

            vocabulary = self.model.get_output_embeddings().weight.shape[0]
            self._grammar = Grammar(self.processor.tokenizer, vocabulary, sorted(self._ends()))
        return self._grammar.holding(schema, start, rows)

    def _choose(
        self, inputs: Any, trie: Trie, longest: int, patience: Patience | None = None
    ) -> tuple[list[list[int]], list[float]]:
        """Return the tokens of one allowed answer per row, and how far ahead the chosen ones were.

        That is the smallest difference between the logits of a chosen token and of the next best.

        Only where answers differ is the model asked: the tokens that all of them begin with are
        given to it with the question, and it stops as soon as one answer is left.
        """
        begun = forced(trie)
        start = inputs["input_ids"].shape[1] + len(begun)
        end = self.end()

        def options(_: int, ids: torch.Tensor) -> list[int]:
            return list(walk(trie, [*begun, *ids[start:].tolist()])[1]) or [end]

        def settled(ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
            nodes = [walk(trie, [*begun, *row])[1] for row in ids[:, start:].tolist()]
            done = [not walk(node, forced(node))[1] for node in nodes]
            return torch.tensor(done, device=ids.device)

        told = self.model.generate(
            **extended(inputs, begun),
            prefix_allowed_tokens_fn=options,
            stopping_criteria=[settled] if patience is None else [settled, patience],
            max_new_tokens=longest,
            output_scores=True,
            return_dict_in_generate=True,
        )
        # what is not allowed is at minus infinity: where one token is left, it is infinitely ahead
        best = torch.stack([scores.float().topk(2).values for scores in told.scores])
        ahead = (best[..., 0] - best[..., 1]).amin(dim=0).tolist()
        answers = []
        for row in told.sequences[:, start:].tolist():
            written, node = walk(trie, [*begun, *row])
            answers.append([*written, *forced(node)])
        return answers, ahead

    def end(self) -> int:
        """Return the token that ends an answer."""
        end = self.model.generation_config.eos_token_id
        return int(end[0] if isinstance(end, list) else end)

    def _ends(self) -> frozenset[int]:
        """Return every token that ends an answer."""
        end = self.model.generation_config.eos_token_id
        return frozenset(end if isinstance(end, list) else [end])

    def _trie(self, allowed: tuple[str, ...]) -> tuple[Trie, int]:
        """Return the token trie over `allowed` and its depth; the end token closes each text."""
        if allowed not in self._tries:
            rows = self.processor.tokenizer(list(allowed), add_special_tokens=False)["input_ids"]
            trie = trie_of(rows, self.end())
            self._tries[allowed] = trie, 1 + max(map(len, rows))
        return self._tries[allowed]


def _engine(name: str, model: Any) -> Any:
    """Return the engine that `name` asks for, None where torch is to do it all."""
    from helmsight.agents.models.engines import onnx

    if name == "torch" or (name == "auto" and not onnx.fits(model)):
        return None
    return onnx.OnnxEngine(model)
