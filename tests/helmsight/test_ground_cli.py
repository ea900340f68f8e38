from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helmsight.prompts.claims import render
from helmsight.prompts.relations import claim

LEFT = "Horizontal: cup is left of plate"
CLASH = f"{LEFT}; Horizontal: plate is left of cup"
QUESTION = "Is there a cup left a plate in the image?"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "room.png"
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(path)
    return path


@pytest.fixture
def says(tmp_path: Path):
    """Return a function that makes a pilot which gives these answers, one a line."""

    def make(*answers: str) -> str:
        path = tmp_path / "answers.txt"
        path.write_text("\n".join(answers), encoding="utf-8")
        return f"scripted:{path}"

    return make


def test_relations_of_a_picture_are_told_one_a_line(run, picture, says):
    result = run(
        "ground", picture, "--objects", "cup, plate", "--pilot", says(f"{LEFT}; Depth: hm")
    )
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0] == "cup is left of plate"
    assert any(line.startswith("unreadable: Depth: hm") for line in lines)
    assert lines[-1] == "calls 1, unread 1"


def test_a_contradiction_is_asked_about_again_and_the_calls_are_told(run, picture, says):
    arguments = ("ground", picture, "--objects", "cup, plate", "--pilot", says(CLASH, LEFT, LEFT))
    result = run(*arguments, "--strategy", "bidirectional", "--verified", "--json")
    data = json.loads(result.out)
    assert [relation["text"] for relation in data["relations"]] == ["cup is left of plate"]
    assert data["relations"][0] == {
        "a": "cup", "axis": "horizontal", "sign": -1, "b": "plate", "text": "cup is left of plate",
    }  # fmt: skip
    assert data["contradictions"] == [
        "horizontal: not all of: cup is left of plate; plate is left of cup"
    ]
    assert (data["counts"]["calls"], data["counts"]["extra"], data["counts"]["left"]) == (3, 2, 0)
    assert data["consistency"] == 0.0
    assert run(*arguments, "--strategy", "bidirectional+verified").out.startswith("cup is left of")
    none = json.loads(run(*arguments, "--verified", "--max-calls", 0, "--json").out)
    assert none["relations"] == []


def test_that_an_answer_agrees_with_itself_is_not_told_as_its_truth(run, picture, says):
    both = f"{LEFT}; Horizontal: plate is right of cup"
    arguments = ("ground", picture, "--objects", "cup, plate", "--strategy", "bidirectional")
    result = run(*arguments, "--pilot", says(both))
    assert (
        "the first answer agrees with itself in 100% of what was compared; "
        "that does not make it true"
    ) in result.out.splitlines()


def test_what_is_not_seen_is_told(run, picture, says):
    arguments = ("ground", picture, "--objects", "cup, plate")
    pilot = says("Horizontal: plate is unseen; Depth: plate is unseen")
    assert run(*arguments, "--pilot", pilot).out.splitlines()[:2] == [
        "no relation could be read",
        "not seen: plate",
    ]
    assert json.loads(run(*arguments, "--pilot", pilot, "--json").out)["unseen"] == ["plate"]


@pytest.mark.parametrize(
    ("answer", "verdict", "by"),
    [(LEFT, "yes", "relation"), (f"{LEFT.replace('left', 'right')}; Answer: yes", "no", "relation"),
     ("Answer: no", "no", "model"), ("hm", None, "nothing"),
     ("Depth: cup is unseen; Answer: yes", None, "unseen")],
)  # fmt: skip
def test_a_question_is_answered_by_what_was_read(run, picture, says, answer, verdict, by):
    data = json.loads(
        run("ground", picture, "--question", QUESTION, "--pilot", says(answer), "--json").out
    )
    assert (data["answer"], data["by"]) == (verdict, by)


def test_what_a_person_sees_ends_with_the_answer(run, picture, says):
    result = run("ground", picture, "--question", QUESTION, "--pilot", says("Answer: no"))
    assert result.out.splitlines()[0] == "no relation could be read"
    assert result.out.splitlines()[-1] == "answer: no (by model)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("IMAGE", "--objects", "cup"), "two objects or more"),
        (("IMAGE", "--objects", "cup, cup"), "two objects are called"),
        (("IMAGE",), "either --objects"),
        (("IMAGE", "--objects", "cup, plate", "--strategy", "combind"), 'Did you mean "combined"'),
        (("IMAGE", "--objects", "cup, plate", "--reference", "big"), "no rule for object C"),
        (("IMAGE", "--question", "Is there a cup near a plate?"), "names no relation"),
        (("IMAGE", "--question", "Is there a cup left a cup?"), "two objects of one name"),
        (("none.png", "--objects", "cup, plate"), "none.png"),
        (("answers.txt", "--objects", "cup, plate"), "is no picture"),
        (("IMAGE", "--objects", "cup, plate", "--pilot", "naive"), "no chat model behind it"),
    ],
)
def test_misuse_is_one_line_and_status_2(run, picture, says, arguments, words):
    pilot = () if "--pilot" in arguments else ("--pilot", says(LEFT))
    result = run("ground", *(picture if word == "IMAGE" else word for word in arguments), *pilot)
    assert result.status == 2, result.err
    (line,) = result.err.splitlines()
    assert words in line


def test_prompts_show_the_twelve_lines_of_the_combined_order(run):
    result = run("prompts", "show", "combined", "--question", QUESTION)
    starts = [line.split(":")[0] for line in result.out.splitlines()]
    assert [starts.count(axis) for axis in ("Horizontal", "Vertical", "Depth")] == [4, 4, 4]
    assert QUESTION in result.out


def test_prompts_are_shown_for_objects_and_without_what_is_left_out(run):
    objects = ("--objects", "cup, plate, door")
    whole = run("prompts", "show", "transitive", *objects)
    bare = run("prompts", "show", "transitive", *objects, "--no-format", "--no-thinking")
    assert "Horizontal:" in whole.out
    assert "Horizontal:" not in bare.out
    assert len(bare.out) < len(whole.out)


def test_prompts_are_listed(run):
    data = json.loads(run("prompts", "list", "--json").out)
    assert data["called"]["combined"] == "AC+BC+BA+AB"
    assert {"free", "landmark", "most obvious"} <= set(data["references"])
    assert "bidirectional" in run("prompts", "list").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("combined",), "either --question"),
        (("combind", "--objects", "a, b"), 'Did you mean "combined"'),
        (("vanilla", "--objects", "cup, plate"), "give it a question"),
    ],
)
def test_a_prompt_that_cannot_be_shown_says_why(run, arguments, words):
    result = run("prompts", "show", *arguments)
    assert (result.status, len(result.err.splitlines())) == (2, 1)
    assert words in result.err


@pytest.mark.slow
def test_a_flight_can_be_grounded_from_the_command_line(run, says):
    near = render([claim("prograde marker", "vertical", 1, "target marker")])
    command = '{"forward": 0, "right": 0, "down": -1}'
    result = run(
        "fly", "PE1-E1-I3", "--pilot", says(near, command), "--grounding", "structured+verified",
        "--time", "paused", "--steps", 2, "--out", "seen", "--no-video", "--json",
    )  # fmt: skip
    assert json.loads(result.out)["grounding"]["calls"] == 2


def test_a_pilot_that_cannot_be_grounded_is_told_so(run):
    result = run("fly", "PE1-E1-I3", "--pilot", "naive", "--grounding", "combined", "--out", "x")
    assert result.status == 2
    assert "cannot be asked" in result.err
