"""Rows on disk: whole lines only, whatever ended the process that wrote them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyarrow import parquet

from helmsight.evals.episode import ADDED, SCHEMA, Episode, EpisodeRow
from helmsight.evals.errors import ResultsUnusable
from helmsight.evals.store import PARQUET, ROWS, Store, read_rows, write_parquet

EPISODES = [Episode("flight", "PE1-E1-I2", "naive", seed) for seed in range(4)]
SCORED = [
    EpisodeRow.of(episode, "done", score=float(episode.seed), think_ms=[0.5], cost=None)
    for episode in EPISODES
]


def test_a_line_that_was_cut_off_is_left_out_and_written_over(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add(SCORED[0])
        store.add(SCORED[1])
    log = tmp_path / ROWS
    log.write_bytes(log.read_bytes()[:-30])
    assert read_rows(tmp_path) == SCORED[:1]
    with Store(tmp_path) as store:
        store.add(SCORED[2])
    assert read_rows(tmp_path) == [SCORED[0], SCORED[2]]


def test_the_table_has_the_order_it_was_given_and_the_last_row_of_a_key(tmp_path: Path) -> None:
    keys = [row.key for row in SCORED[:3]]
    better = replace(SCORED[1], score=9.0)
    with Store(tmp_path, keys) as store:
        for row in (SCORED[2], SCORED[3], SCORED[1], SCORED[0], better):
            store.add(row)
        assert store.rows() == [SCORED[0], better, SCORED[2]]
        assert SCORED[3] in store.every_row()
    assert read_rows(tmp_path / PARQUET) == [SCORED[0], better, SCORED[2]]


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add(SCORED[0])
        store.add(SCORED[1])
    log = tmp_path / ROWS
    log.write_bytes(b'{"schema": 1}\n' + log.read_bytes())
    with pytest.raises(ResultsUnusable, match=r"line 1 of .*rows.jsonl"):
        read_rows(tmp_path)


def test_rows_of_another_schema_are_refused_with_file_and_schema(tmp_path: Path) -> None:
    (tmp_path / ROWS).write_text(json.dumps({"schema": SCHEMA + 1, **SCORED[0].to_dict()}) + "\n")
    with pytest.raises(ResultsUnusable, match=r"rows.jsonl: schema is 3.*reads up to 2"):
        read_rows(tmp_path)
    write_parquet(SCORED, tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    parquet.write_table(table.replace_schema_metadata({}), tmp_path / "b.parquet")
    with pytest.raises(ResultsUnusable, match=r"b.parquet: schema is 'none'"):
        read_rows(tmp_path / "b.parquet")


def test_rows_of_the_first_schema_are_still_read_and_gone_on_with(tmp_path: Path) -> None:
    old = {key: value for key, value in SCORED[0].to_dict().items() if key not in ADDED[2]}
    (tmp_path / ROWS).write_text(json.dumps({"schema": 1, **old}) + "\n")
    with Store(tmp_path) as store:
        store.add(replace(SCORED[1], errors=2))
    assert [row.errors for row in read_rows(tmp_path)] == [0, 2]
    assert [row.errors for row in read_rows(tmp_path / PARQUET)] == [0, 2]
    (tmp_path / ROWS).write_text(json.dumps({"schema": 2, **old}) + "\n")
    with pytest.raises(ResultsUnusable, match="errors"):
        read_rows(tmp_path)


def test_a_new_column_leaves_the_keys_of_episodes_as_they_were() -> None:
    assert EPISODES[0].key == "61e5c11c2b25aa6e8306"


def test_only_one_process_writes_a_folder(tmp_path: Path) -> None:
    with Store(tmp_path), pytest.raises(ResultsUnusable, match="another process"), Store(tmp_path):
        pass


def test_a_folder_without_results_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ResultsUnusable, match="helmsight evaluate SUITE"):
        read_rows(tmp_path)
