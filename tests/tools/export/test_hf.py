from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from helmsight.tools.export import hf
from helmsight.tools.export.hf import HfWriter


@pytest.fixture
def written(tmp_path, lesson, monkeypatch):
    monkeypatch.setattr(hf, "ROWS", 2)
    with HfWriter(tmp_path) as writer:
        for step in range(5):
            writer.add(lesson(step), "train")
    return tmp_path


def test_rows_hold_the_conversation_and_its_pictures(written, lesson):
    table = pq.read_table(written / "data" / "train.parquet")
    rows = table.to_pylist()
    assert [row["step"] for row in rows] == [0, 1, 2, 3, 4]
    assert rows[3]["images"][0]["bytes"] == lesson().pictures[0].data
    assert rows[3]["messages"][1]["content"][1] == {"type": "text", "text": "Now, at step 3? ü"}
    assert pq.read_table(written / "data" / "test.parquet").num_rows == 0


def test_the_metadata_name_the_type_of_every_column(written):
    metadata = pq.read_schema(written / "data" / "train.parquet").metadata
    features = json.loads(metadata[b"huggingface"])["info"]["features"]
    assert features["images"] == {"feature": {"_type": "Image"}, "_type": "List"}
    assert set(features) == set(pq.read_schema(written / "data" / "train.parquet").names)


def test_datasets_reads_it(written):
    datasets = pytest.importorskip("datasets")
    read = datasets.load_dataset(str(written))
    assert read["train"].num_rows == 5
