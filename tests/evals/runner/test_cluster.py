"""A Ray cluster of three nodes comes to the same rows as one machine, also when it loses a node."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helmsight.evals.episode import Episode
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.settings import Settings
from helmsight.evals.runner.work import run_episode

pytestmark = pytest.mark.slow


@pytest.mark.timeout(900)
def test_three_nodes_come_to_the_same_rows_and_losing_one_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install helmsight[eval]")
    from ray.cluster_utils import Cluster

    from helmsight.evals.runner.cluster import run_on_ray

    monkeypatch.setenv("RAY_DEDUP_LOGS", "0")
    episodes = [
        Episode("flight", "PE1-E1-I3", pilot, seed, time="fixed:0.5", observation="telemetry",
                max_steps=4)
        for seed in range(6) for pilot in ("naive", "rendezvous")
    ]  # fmt: skip
    questions = [Episode("questions", "generated", "oracle:flips=0.3", n) for n in range(3)]
    settings = Settings(tmp_path, "mine")
    alone = {e.key: run_episode(e, settings).outcome() for e in [*episodes, *questions]}
    monkeypatch.chdir(tmp_path)  # workers have the path of their driver, and no folder besides
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        there = {}
        for row in run_on_ray([*episodes, *questions], settings):
            there[row.key] = row.outcome()
            if len(there) == 1:
                cluster.remove_node(nodes[-1], allow_graceful=False)
        assert there == alone
    finally:
        ray.shutdown()
        cluster.shutdown()


def test_where_no_cluster_answers_the_command_that_starts_one_is_named(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install helmsight[eval]")
    from helmsight.evals.runner.cluster import run_on_ray

    assert "RAY_ADDRESS" not in os.environ
    with pytest.raises(InvalidPlan, match="ray start --head"):
        list(run_on_ray([], Settings(tmp_path, "mine"), "auto"))
