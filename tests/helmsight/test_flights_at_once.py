"""Flights of one process at once are the same flights, in threads, processes and after a fork."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector.utils import concatenate, create_empty_array

sys.path.insert(0, str(Path(__file__).parent))  # processes that are spawned have it, too

from drawn_pictures import SCENARIO, WORLD, pictures

import helmsight

pytestmark = pytest.mark.slow  # models and worlds

FLY = f"""
def fly(seed, folder):
    options = {{"steps": 2, "time": "paused", "video": False, "out": folder}}
    helmsight.fly("{SCENARIO}", "bundled", seed, **options)
"""
IN_THREADS = f"""
import sys, threading
from pathlib import Path
import helmsight
{FLY}
folder = Path(sys.argv[1])
threads = [threading.Thread(target=fly, args=(i, folder / str(i))) for i in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
fly(0, folder / "later")  # what was begun at once must not spoil what comes after
"""


def steps_of(folder: Path) -> list[dict[str, object]]:
    """The steps of a run without their times; their hashes are of the pictures, too."""
    lines = (folder / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "times"} for line in lines]


@pytest.mark.timeout(1800)
def test_flights_of_the_bundled_model_in_threads_are_those_alone(tmp_path):
    command = [sys.executable, "-c", IN_THREADS, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    assert "Traceback" not in ended.stderr, ended.stderr
    here: dict[str, Any] = {"helmsight": helmsight}
    exec(FLY, here)
    for seed in range(2):
        here["fly"](seed, tmp_path / "alone" / str(seed))
        alone = steps_of(tmp_path / "alone" / str(seed))
        assert len(alone) == 2
        assert steps_of(tmp_path / str(seed)) == alone
    assert steps_of(tmp_path / "later") == steps_of(tmp_path / "0")


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_draw_what_this_one_draws(start):
    if start not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {start} processes")
    alone = [pictures(seed) for seed in range(3)]
    context = multiprocessing.get_context(start)
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        assert all(map(np.array_equal, processes.map(pictures, range(3)), alone))


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vector_environments_show_what_single_ones_do(mode):
    alone = [pictures(seed) for seed in range(2)]
    envs = gymnasium.make_vec(
        WORLD, 2, vectorization_mode=mode, observation="frame",

    )  # fmt: skip
    single: Any = envs.single_action_space
    seeds: Any = [0, 1]
    try:
        shown = [envs.reset(seed=seeds)[0]["frame"]]
        actions = []
        for seed in range(2):
            single.seed(seed)
            actions.append([single.sample() for _ in range(2)])
        for step in range(2):
            empty: Any = create_empty_array(single, 2)
            both = concatenate(single, [actions[seed][step] for seed in range(2)], empty)
            shown.append(envs.step(both)[0]["frame"])
        for number in range(2):
            assert np.array_equal(np.array(shown)[:, number], alone[number])
    finally:
        envs.close()
