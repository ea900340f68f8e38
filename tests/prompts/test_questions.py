from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helmsight.prompts.errors import InvalidItem
from helmsight.prompts.questions import Item, parse_question, question, read_items
from helmsight.prompts.relations import Axis, Relation, relations

H, V, D = Axis


@pytest.mark.parametrize(
    ("text", "a", "relation", "b"),
    [
        ("Is there a cup left a plate in the image?", "cup", (H, -1), "plate"),
        ("Is there a dog front of a car in the image?", "dog", (D, -1), "car"),
        ("Is there a dog front a car in the image?", "dog", (D, -1), "car"),
        ("Is there a man on the left side of the bus in the image?", "man", (H, -1), "bus"),
        ("Is there an umbrella to the right of the person?", "umbrella", (H, 1), "person"),
        ("Is there a traffic light above the street sign in the image?", "traffic light", (V, -1),
         "street sign"),
        ("Is there a book on a table in the image?", "book", (V, -1), "table"),
        ("Is there a book on top of a table in the image?", "book", (V, -1), "table"),
        ("is there a tree behind the house in the picture", "tree", (D, 1), "house"),
        ("Is the cup below the shelf?", "cup", (V, 1), "shelf"),
        ("Is there a right hand below the left hand in the image?", "right hand", (V, 1),
         "left hand"),
        ("Is there a bird on the right of a left shoe in the image?", "bird", (H, 1), "left shoe"),
    ],
)  # fmt: skip
def test_a_question_is_two_objects_and_a_relation(text, a, relation, b):
    question = parse_question(text)
    assert (question.a, question.relation, question.b) == (a, Relation(*relation), b)
    assert question.text == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("What is in the image?", "does not ask"),
        ("Is there a cat next to a dog in the image?", "no relation"),
        ("Is there a cup on in the image?", "no relation"),
        ("Is there a cup left in the image?", "no relation"),
        ("Is there a dog left a dog in the image?", "two objects of one name"),
        ("", "does not ask"),
        (f"Is there a {'very ' * 80}big cup left a plate?", "too long"),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(text, reason):
    with pytest.raises(InvalidItem, match=reason):
        parse_question(text)


@given(st.sampled_from(list(relations())), st.sampled_from(["cup", "apple", "street sign"]))
def test_a_question_of_ours_is_read_back(relation, a):
    written = question(a, relation.axis, relation.sign, "plate")
    if relation.phrase == "aligned with":
        with pytest.raises(InvalidItem):
            parse_question(written.text)
    else:
        assert parse_question(written.text) == written


def line(**changes):
    entry = {"image": "1.jpg", "text": "Is there a cup left a plate in the image?", "label": "yes"}
    return json.dumps({key: v for key, v in (entry | changes).items() if v is not None})


def test_items_that_cannot_be_used_are_told_with_file_line_and_reason_and_the_rest_goes_on(
    tmp_path,
):
    path = tmp_path / "valid.jsonl"
    lines = [
        line(), line(label="no", question_id=7), "", "{", "[]", line(label="maybe"),
        line(image=None), line(text="Is there a cup?"), line(image=" "),
        line(text="Is there a cup left a cup?"), line(label="YES"),
    ]  # fmt: skip
    path.write_text("\n".join(lines), encoding="utf-8")
    read = list(read_items(path))
    kept = [item for item in read if isinstance(item, Item)]
    assert [(item.line, item.label, item.name) for item in kept] == [
        (1, True, "1"), (2, False, "7"), (11, True, "11"),
    ]  # fmt: skip
    errors = [str(item) for item in read if isinstance(item, InvalidItem)]
    reasons = [
        "4: not a line of JSON", "5: not an object", "6: label 'maybe'", "7: the key image",
        "8: ", "9: the name of the image", "10: ",
    ]  # fmt: skip
    assert len(errors) == len(reasons)
    for text, reason in zip(errors, reasons, strict=True):
        assert text.startswith(f"{path}:{reason}")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InvalidItem, match="cannot be read"):
        list(read_items(tmp_path / "none.jsonl"))
