"""Suites as data: what may be written, and what is said of anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from helmsight.evals.errors import InvalidPlan
from helmsight.evals.plan import seeds_of
from helmsight.evals.suite import json_schema, read_suite, suite_of, suites

DOCS = Path(__file__).parents[2] / "docs"
GOOD = {"name": "mine", "pilots": ["naive"], "scenarios": ["PE1-E1-I2"]}


def test_every_shipped_suite_reads_and_has_the_name_of_its_file() -> None:
    assert {"smoke", "kspdg", "latency", "faults", "modality", "grounding", "inspection"} <= set(
        suites()
    )
    for name in suites():
        suite, path = read_suite(name)
        assert (suite.name, path.stem) == (name, name)
        assert suite.about
        assert f"| `{name}` |" in (DOCS / "evaluate.md").read_text(encoding="utf-8")


def test_the_schema_in_the_documentation_is_that_of_the_code() -> None:
    assert (DOCS / "suite.schema.json").read_text(encoding="utf-8") == json_schema()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pilot": ["naive"]}, r'mine.yaml: pilot: no such key; did you mean "pilots"'),
        ({"budgets": {"episode": 3}}, r'budgets.episode: no such key; did you mean "episode_s"'),
        ({"pilots": [{"pilot": "naive", "varient": "a"}]}, r'varient: .*did you mean "variant"'),
        ({"seeds": {"frst": 3, "count": 4}}, r'frst: no such key; did you mean "first"'),
        ({"seeds": []}, "seeds: empty, so that there is nothing to run"),
        ({"pilots": []}, "pilots: empty"),
        ({"seeds": [-1]}, "seeds.*from 0 on"),
        ({"record": "every:0"}, "record='every:0': choose none, all, failures or every:N"),
        ({"name": "a b"}, "name='a b'"),
        ({"seeds": True}, "seeds=True: .*valid integer"),  # yes
        ({"seeds": "3"}, "seeds='3': .*valid integer"),
        ({"seeds": [1, False]}, r"seeds\.1=False: .*valid integer"),
        ({"max_steps": True}, "max_steps=True: .*valid integer"),
        ({"budgets": {"cost": True}}, r"budgets\.cost=True: .*valid number"),
        ({"budgets": {"episode_s": "10"}}, r"budgets\.episode_s='10': .*valid number"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_what_there_is(wrong, said) -> None:
    with pytest.raises(InvalidPlan, match=said):
        suite_of({**GOOD, **wrong}, "mine.yaml")


def test_a_suite_that_is_not_there_and_one_that_is_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan, match='did you mean "smoke"'):
        read_suite("smoek")
    (tmp_path / "bad.yaml").write_text("name: [", encoding="utf-8")
    with pytest.raises(InvalidPlan, match=r"bad.yaml is no YAML"):
        read_suite(str(tmp_path / "bad.yaml"))
    (tmp_path / "twice.yaml").write_text("seeds: 1\nseeds: 2\n", encoding="utf-8")
    with pytest.raises(InvalidPlan, match=r"twice.yaml .*the key 'seeds' is there twice"):
        read_suite(str(tmp_path / "twice.yaml"))
    (tmp_path / "list.yaml").write_text("- 1", encoding="utf-8")
    with pytest.raises(InvalidPlan, match="a suite is a mapping"):
        read_suite(str(tmp_path / "list.yaml"))


def test_a_suite_of_windows_reads_as_any(tmp_path: Path) -> None:
    text = "name: mine\r\npilots: [naive]\r\nscenarios: [PE1-E1-I2]\r\nseeds: {file: s.txt}\r\n"
    (tmp_path / "mine.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    suite, path = read_suite(str(tmp_path / "mine.yaml"))
    assert (suite.name, suite.scenarios) == ("mine", ["PE1-E1-I2"])
    (tmp_path / "s.txt").write_bytes(b"\xef\xbb\xbf3\r\n5 # late\r\n")
    assert seeds_of(suite, path) == [3, 5]
