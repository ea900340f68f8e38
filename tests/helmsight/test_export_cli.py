"""`helmsight export`, and `replay` of what was asked, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import helmsight

pytestmark = pytest.mark.slow  # flights on the twin


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run of an expert and one of a model, filmed."""
    folder = tmp_path_factory.mktemp("flights")
    answers = folder / "answers.txt"
    answers.write_text('{"forward": 0.5, "right": 0, "down": 0}\n', encoding="utf-8")
    for name, pilot in (("expert", "rendezvous"), ("model", f"scripted:{answers}")):
        helmsight.fly("PE1-E1-I3", pilot, steps=3, time="paused", out=folder / name)
    return folder


def test_an_experts_flight_becomes_lessons_for_a_model(run: Any, flights: Path, tmp_path: Path):
    done = run("export", flights / "expert", "--ask-as", "bundled", "--out", "data", "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert (told["train"], told["test"], told["pictures"]) == (2, 1, 9)
    assert told["style"]["prompt"] == "bundled"
    line = json.loads((tmp_path / "data" / "train.jsonl").read_text("utf-8").splitlines()[0])
    assert len(line["images"]) == 3
    assert line["messages"][0]["content"][-1]["text"].startswith("Fly to the target.")


def test_an_expert_corrects_a_model_in_its_own_words(run: Any, flights: Path, tmp_path: Path):
    done = run("export", flights / "model", "--expert", "rendezvous", "--out", "data",
               "--held-out", 0)  # fmt: skip
    assert done.status == 0, done.err
    assert done.out.startswith("1 runs, answers rendezvous: 3 train, 0 test, ")
    assert "helmsight train adapter data --base MODEL" in done.out
    lines = (tmp_path / "data" / "train.jsonl").read_text("utf-8").splitlines()
    answers = [json.loads(line)["messages"][-1]["content"][0]["text"] for line in lines]
    assert all('"forward": 0.5, "right": 0, "down": 0' not in answer for answer in answers)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere is no run and holds none"),
        (("{runs}", "--format", "csv"), "--format csv: choose one of chat, lerobot, hf"),
        (("{runs}", "--success"), "none of 2 runs is left (2: no success)"),
        (("{runs}/expert", "--out", "{runs}"), "nothing in it is written over"),
        (("{runs}", "--model-option", "views=frame"), "say as which model is asked: --ask-as"),
        (("{runs}", "--ask-as", "any", "--model-option", "top_k=1"), "--model-option top_k:"),
        (("{runs}", "--ask-as", "./nowhere"), "no model folder"),
        (("{runs}/expert", "--expert", "shade"), 'pilot "shade"'),
        (("{runs}", "--held-out", "1"), "--held-out"),
    ],
)
def test_what_cannot_be_exported_is_one_line(run: Any, flights: Path, arguments: Any, said: str):
    words = [word.format(runs=flights) for word in arguments]
    out = [] if "--out" in words else ["--out", "data"]
    done = run("export", *words, *out)
    assert done.status in (1, 2)
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert not Path("data").exists()


def test_what_a_model_was_sent_is_shown_and_sent_again(run: Any, flights: Path):
    shown = run("replay", flights / "model", "--messages", 1)
    assert shown.status == 0, shown.err
    assert "--- system" in shown.out
    assert "[navball: " in shown.out
    assert shown.out.rstrip().endswith('{"forward": 0.5, "right": 0, "down": 0}')
    pilot = f"scripted:{flights / 'answers.txt'}"
    again = run("replay", flights / "model", "--pilot", pilot, "--as-asked", "--json")
    told = json.loads(again.out)
    assert (told["equal"], told["exact"]) == (1.0, 3)
    nobody = run("replay", flights / "expert", "--pilot", pilot, "--as-asked")
    assert (nobody.status, "holds no messages to a model" in nobody.err) == (2, True)
    beyond = run("replay", flights / "model", "--messages", 9)
    assert (beyond.status, "the steps of" in beyond.err) == (2, True)
