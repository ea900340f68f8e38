"""Small data sets with their truth, and a bench that asks the oracle about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from helmsight.evals.spatial.dataset import save
from helmsight.evals.spatial.defaults import STRATEGIES
from helmsight.evals.spatial.generator import Split, questions
from helmsight.evals.spatial.run import SpatialBenchmark
from helmsight.evals.spatial.strategies import strategies

MakeBench = Callable[..., SpatialBenchmark]


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the questions of a test split, with a validation split beside it."""
    folder = tmp_path_factory.mktemp("spatial")
    save(folder, "test", questions(Split.TEST, 32, size=64))
    save(folder, "valid", questions(Split.VALID, 8, size=64))
    return folder / "test.jsonl"


@pytest.fixture
def make_bench(data: Path, tmp_path: Path) -> MakeBench:
    """Return the maker of benches: `make_bench("oracle:flips=0.1", "vanilla", swaps=3, ...)`."""

    def make(
        pilot: str = "oracle", listed: str = STRATEGIES, **changes: object
    ) -> SpatialBenchmark:
        options: dict[str, object] = {"dataset": data, "folder": tmp_path / "out"} | changes
        return SpatialBenchmark(pilot=pilot, strategies=strategies(listed), **options)  # type: ignore[arg-type]

    return make
