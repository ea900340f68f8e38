"""Our worlds by name in a process that has imported nothing of ours."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRESH = """
import sys, gymnasium

assert not [name for name in sys.modules if name.partition(".")[0] == "helmsight"]
"""


def fresh(code: str) -> str:
    """Return what a new process says that runs `code` after importing gymnasium alone."""
    done = subprocess.run(
        [sys.executable, "-c", FRESH + code],
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_the_name_of_our_module_before_a_world_s_is_all_that_gymnasium_needs() -> None:
    code = """
env = gymnasium.make("helmsight.envs:helmsight/Inspection-v0", disable_env_checker=True)
print(env.spec.id, sorted(env.observation_space))
env.close()
"""
    assert fresh(code) == "helmsight/Inspection-v0 ['frame', 'telemetry']"


@pytest.mark.slow
def test_vectors_of_worlds_are_made_so_in_one_process_and_in_several() -> None:
    code = """
if __name__ == "__main__":
    name = "helmsight.envs:helmsight/PE1-E1-I2-v0"
    for mode in (None, "sync", "async"):
        envs = gymnasium.make_vec(
            name, num_envs=2, vectorization_mode=mode, observation="telemetry"
        )
        print(type(envs).__name__, envs.reset(seed=3)[0]["telemetry"].tolist())
        envs.close()
"""
    lines = fresh(code).splitlines()
    names, seen = zip(*(line.split(" ", 1) for line in lines), strict=True)
    assert names == ("TwinVectorEnv", "SyncVectorEnv", "AsyncVectorEnv")
    assert len(set(seen)) == 1


@pytest.mark.slow
def test_without_it_gymnasium_knows_none_and_says_so_whatever_is_installed() -> None:
    """gymnasium reads no entry points since 1.0; docs/gymnasium.md says what to write."""
    code = """
try:
    gymnasium.make("helmsight/PE1-E1-I2-v0")
except gymnasium.error.NamespaceNotFound as error:
    print(error)
"""
    assert "helmsight" in fresh(code)
