"""Measures eyes and hands on the cockpit's window: how fast it is, and how soon a key shows.

    python benchmarks/cockpit.py --json cockpit.json

On the screen of this desktop, or on a virtual one (Xvfb) where there is none. `--flights N` also
flies the bundled model through the screen, seeds 0 to N-1, in real time: about 220 s each.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from helmsight.envs.orbital.cockpit.trial import try_key
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.window import ScreenEnv
from helmsight.errors import status_of
from helmsight.evals.figures import Figure, add_options, figure, show, skipped, timed
from helmsight.hardware.errors import WindowUnavailable
from helmsight.hardware.screen import Screen
from helmsight.hardware.screen.virtual import virtual_screen

SCENARIO = "PE1-E1-I2"
LEAST_HZ = 20.0  # pictures a second that the window owes its pilot


def measure(scale: float, flights: int) -> Iterator[Figure]:
    """Yield every figure; `scale` multiplies the number of samples."""
    try:
        screen = nullcontext(os.environ["DISPLAY"]) if _desktop() else virtual_screen()
        with screen as name:
            os.environ["DISPLAY"] = name
            env = ScreenEnv(SCENARIO)
            try:
                env.reset()
                yield from _figures(env, scale)
            finally:
                env.close()
            if flights:
                yield from _flights(flights)
    except WindowUnavailable as error:
        yield skipped("cockpit's window", "ms", str(error))


def _desktop() -> bool:
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY"))


def _figures(env: ScreenEnv, scale: float) -> Iterator[Figure]:
    cockpit = env._cockpit
    many = max(20, round(500 * scale))
    grabbed = [timed(cockpit.screen.grab) * 1e3 for _ in range(many)]
    yield figure("picture of the window, 1280x720", "ms", grabbed)
    name = cockpit.keyboard.window.title
    with Screen.open(f"window:{name}", size=(640, 360)) as smaller:
        yield figure("shrunk to 640x360", "ms", [timed(smaller.grab) * 1e3 for _ in range(many)])
    shown = [1e3 * try_key(cockpit.screen, cockpit.keyboard) for _ in range(max(5, many // 10))]
    yield figure("key pressed to seen in the picture", "ms", shown)
    late = []
    for _ in range(max(5, many // 20)):
        held = cockpit.keyboard.hold({"r": 0.1}, 0.12)
        late.append(1e3 * (held["r"] - 0.1))
    yield figure("key held longer than asked", "ms", late)
    rates = []
    for _ in range(max(3, many // 50)):
        before, began = cockpit.account()["pictures"], time.perf_counter()
        env.step(BurnCommand(forward=0.2, right=0.0, down=0.0, duration=1.0).action())
        passed = time.perf_counter() - began
        rates.append((cockpit.account()["pictures"] - before) / passed)
    yield figure("pictures a second", "1/s", rates, LEAST_HZ, least=True, of="p5")


def _flights(flights: int) -> Iterator[Figure]:
    """Yield scores and what a decision took of the bundled model, flown through the screen."""
    import gymnasium

    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.operator import Operator

    pilot = load_pilot("bundled")
    env = gymnasium.make("helmsight/Screen-v0", scenario=SCENARIO)
    scores, captures, thinks, rates = [], [], [], []
    try:
        for seed in range(flights):
            flight = Operator(env, pilot).fly(seed=seed)
            scores.append(float(flight.summary["score"]))
            captures.append(float(flight.summary["captured"]))
            thinks += [record.think_ms for record in flight.records]
            screen_env = env.unwrapped
            assert isinstance(screen_env, ScreenEnv)
            rates.append(float(screen_env._cockpit.account()["hz"]))
            print(f"seed {seed}: {flight.reason}, score {scores[-1]:.1f}", file=sys.stderr)
    finally:
        env.close()
    yield figure(f"bundled on {SCENARIO}: captured", "share", captures)
    yield figure("its score (time realtime)", "", scores)
    yield figure("its thoughts", "ms", thinks)
    yield figure("pictures a second meanwhile", "1/s", rates, LEAST_HZ, least=True, of="p5")


def run(arguments: Sequence[str]) -> None:
    """Measure what `arguments` ask for and print the table on standard output."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(options)
    options.add_argument("--flights", type=int, default=0, help="seeds of the bundled model (0)")
    asked = options.parse_args(arguments)
    show(measure(asked.scale, asked.flights), asked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; an error the caller can mend is one line."""
    return status_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
