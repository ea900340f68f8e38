"""What a batch of episodes saves: the world's physics, whole flights, and a local model's answers.

    python benchmarks/batch.py --seeds 1 --steps 20 --questions 64

Times are those of the processor, of one thread, so that they mean something on a machine that does
other things as well. Flights that are flown both ways have to end in the same rows; the model has
to give the same answers. The differences of logits say by how much batches of the model round
otherwise than single questions; `agents.models.local.NEAR` has to be far above.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helmsight.errors import status_of
from helmsight.evals.machine import Machine

RULE = "fixed:0.5"
PILOTS = ("naive", "navball", "rendezvous")


def parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=1, help="of every scenario (1)")
    options.add_argument("--steps", type=int, default=20, help="decisions an episode (20); 0: all")
    options.add_argument("--alone", type=int, default=6, help="episodes that also fly alone (6)")
    options.add_argument("--questions", type=int, default=64, help="put to the bundled model (64)")
    options.add_argument("--pilots", default=",".join(PILOTS), help=",".join(PILOTS))
    return options


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the processor time that `work` took, s, and what it returned."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def flights(pilots: Sequence[str], seeds: int, steps: int, alone: int) -> list[str]:
    """Return lines about all pursuit scenarios flown together, some of them alone as well."""
    from helmsight.agents.models.load import load_pilot
    from helmsight.envs.orbital.scenarios import PURSUITS
    from helmsight.evals.batch import fly_batch
    from helmsight.evals.episode import Episode
    from helmsight.evals.runner.settings import Settings
    from helmsight.evals.runner.work import run_episode

    needs = {pilot: load_pilot(pilot).needs for pilot in pilots}
    episodes = [
        Episode("flight", scenario, pilot, seed, time=RULE, observation=needs[pilot],
                max_steps=steps or None)
        for pilot in pilots for scenario in PURSUITS for seed in range(seeds)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder), "benchmark", cache=False)
        began = time.perf_counter()
        took, rows = spent(lambda: {e.key: row for e, row in fly_batch(episodes, settings)})
        wall = time.perf_counter() - began
        some = random.Random(1).sample(episodes, min(alone, len(episodes)))
        took_alone, singles = spent(lambda: [run_episode(e, settings) for e in some])
    decisions = sum(row.steps for row in rows.values())
    same = sum(single.outcome() == rows[single.key].outcome() for single in singles)
    single_decisions = max(1, sum(row.steps for row in singles))
    each, each_alone = took / decisions * 1e3, took_alone / single_decisions * 1e3
    return [
        f"{len(episodes)} episodes, {decisions} decisions, {', '.join(pilots)}, time={RULE}: "
        f"{took:.1f} s of processor, {wall:.1f} s of wall clock",
        f"together {each:.2f} ms a decision, alone {each_alone:.2f} ms ({each_alone / each:.1f}x)",
        f"{same} of {len(singles)} episodes that also flew alone ended in the same row",
    ]


def questions(n: int) -> list[str]:
    """Return lines about the bundled model asked one by one, together, and by engine onnx."""
    import torch

    from helmsight.agents.models.local import NEAR, LocalVLM
    from helmsight.agents.models.sources import BUNDLED
    from helmsight.agents.models.together import MOST
    from helmsight.envs.orbital.command import BurnCommand

    model, engine = (LocalVLM.load(BUNDLED, engine=name) for name in ("torch", "onnx"))
    torch.set_num_threads(1)
    allowed = tuple(choice.text() for choice in BurnCommand.choices())
    batch = shown(n)
    groups = [batch[i : i + MOST] for i in range(0, n, MOST)]
    ways = {
        "torch, one by one": lambda: [model.answer_batch([one], allowed)[0] for one in batch],
        "torch, together": lambda: [
            t for some in groups for t in model.choose_batch(some, allowed)
        ],
        "onnx": lambda: engine.choose_batch(batch, allowed),
    }
    for one in (model, engine):
        one.choose_batch(batch[:2], allowed)  # warm
    told = {name: spent(way) for name, way in ways.items()}
    slowest, expected = told["torch, one by one"]
    lines = [
        f"{n} questions to the bundled model, {name}: {n / took:.0f} decisions/s a thread "
        f"({slowest / took:.1f}x), {sum(map(str.__eq__, answers, expected))} answers the same"
        for name, (took, answers) in told.items()
    ]
    single_logits = torch.cat([first_logits(model, [one]) for one in batch])
    off = (torch.cat([first_logits(model, some) for some in groups]) - single_logits).abs().max()
    return [
        *lines,
        f"largest difference of a logit, together, {float(off):.1e}; asked of torch alone below "
        f"{NEAR:g}",
    ]


def first_logits(model: Any, batch: Sequence[Any]) -> Any:
    """Return the logits of the first token of each answer, (n, vocabulary)."""
    import torch

    with torch.inference_mode():
        return model.model(**model._inputs(batch)).logits[:, -1]


def shown(n: int) -> list[Any]:
    """Return `n` questions of flights of all scenarios, as the bundled model is asked."""
    from helmsight.agents.decide import ModelPilot
    from helmsight.contract.pilot import Sighting
    from helmsight.envs.orbital.scenarios import PURSUITS
    from helmsight.envs.registry import make_env
    from helmsight.evals.runner.work import load_kept

    pilot = load_kept("bundled", "{}")
    assert isinstance(pilot, ModelPilot)
    messages: list[Any] = []
    rng = random.Random(0)
    for number in range(n):
        env = make_env(list(PURSUITS)[number % len(PURSUITS)], observation="frame")
        observation, info = env.reset(seed=number)
        for _ in range(2):
            push = [rng.choice((-1.0, 0.0, 1.0)) for _ in range(3)]
            observation, *_, info = env.step({"burn": [*push, 2.0], "frame": 0})
        pilot.reset(env.unwrapped.task, number)  # type: ignore[attr-defined]
        messages.append(pilot.composer.asked(Sighting(observation, info["met"]))[0])
    return messages


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print it."""
    options = parser().parse_args(arguments)
    print("\n".join(Machine.here().lines()))
    for line in flights(options.pilots.split(","), options.seeds, options.steps, options.alone):
        print(line, flush=True)
    if options.questions:
        print("\n".join(questions(options.questions)))


if __name__ == "__main__":
    sys.exit(status_of(lambda: run(sys.argv[1:])))
