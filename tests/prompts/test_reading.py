from __future__ import annotations

import contextlib
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from helmsight.prompts.errors import UnreadableAnswer
from helmsight.prompts.reading import read

Throttle = Annotated[float, Field(ge=-1, le=1)]


class Burn(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    forward: Throttle
    right: Throttle
    down: Throttle
    duration: Annotated[float, Field(gt=0, le=10)] = 0.5


WANTED = Burn(forward=0.5, right=0, down=-1)

MESSY = {
    "exact": '{"forward": 0.5, "right": 0, "down": -1, "duration": 0.5}',
    "no duration": '{"forward": 0.5, "right": 0, "down": -1}',
    "spaces": '  \n {"forward":0.5,"right":0,"down":-1}\n\n',
    "fence": '```json\n{"forward": 0.5, "right": 0, "down": -1}\n```',
    "bare fence": '```\n{"forward": 0.5, "right": 0, "down": -1}\n```',
    "prose before": 'I will close in. {"forward": 0.5, "right": 0, "down": -1}',
    "prose after": '{"forward": 0.5, "right": 0, "down": -1} This closes the gap.',
    "two objects": '{"forward": 1, "right": 1, "down": 1} no: '
    '{"forward": 0.5, "right": 0, "down": -1}',
    "single quotes": "{'forward': 0.5, 'right': 0, 'down': -1}",
    "typographic quotes": "{“forward”: 0.5, “right”: 0, “down”: \u22121}",
    "bare keys": "{forward: 0.5, right: 0, down: -1}",
    "trailing comma": '{"forward": 0.5, "right": 0, "down": -1,}',
    "missing commas": '{"forward": 0.5\n"right": 0\n"down": -1}',
    "plus sign": '{"forward": +0.5, "right": +0, "down": -1}',
    "no leading zero": '{"forward": .5, "right": 0, "down": -1.}',
    "strings": '{"forward": "0.5", "right": "0", "down": "-1"}',
    "percent": '{"forward": "50%", "right": "0%", "down": "-100 %"}',
    "bare percent": "{forward: 50%, right: 0%, down: -100%}",
    "units": '{"forward": 0.5, "right": 0, "down": -1, "duration": "0.5 s"}',
    "case": '{"Forward": 0.5, "RIGHT": 0, "Down": -1}',
    "synonyms": '{"fwd": 0.5, "right_throttle": 0, "down-throttle": -1, "seconds": 0.5}',
    "opposite": '{"forward": 0.5, "left": 0, "up": 1}',
    "more keys": '{"reasoning": "closing", "forward": 0.5, "right": 0, "down": -1}',
    "nested": '{"action": {"forward": 0.5, "right": 0, "down": -1}}',
    "nested with prose": '{"why": {"text": "x"}, '
    '"command": {"forward": 0.5, "right": 0, "down": -1}}',
    "comments": '{"forward": 0.5, // half\n"right": 0,\n"down": -1 // full\n}',
    "equals": "forward=0.5, right=0, down=-1",
    "list": "- forward: 0.5\n- right: 0\n- down: -1",
    "bold": "**forward**: 0.5\n**right**: 0\n**down**: -1",
    "thought": '<think>{"forward": 1, "right": 1, "down": 1}</think>'
    '{"forward": 0.5, "right": 0, "down": -1}',
    "cut off": '{"forward": 0.5, "right": 0, "down": -1, "duration": 0',
    "overshoot": '{"forward": 0.5, "right": 0, "down": -1.0000000001}',
    "exponent": '{"forward": 5e-1, "right": 0e0, "down": -1E0}',
    "same twice": '{"forward": 0.5, "fwd": 0.5, "right": 0, "down": -1}',
}

REFUSED = {
    "nothing": "",
    "prose": "I cannot see the target.",
    "empty object": "{}",
    "out of range": '{"forward": 1.5, "right": 0, "down": 0}',
    "percent out of range": '{"forward": "150%", "right": 0, "down": 0}',
    "not a number": '{"forward": NaN, "right": 0, "down": 0}',
    "infinite": '{"forward": Infinity, "right": 0, "down": 0}',
    "huge": '{"forward": 1e999, "right": 0, "down": 0}',
    "null": '{"forward": null, "right": 0, "down": 0}',
    "word": '{"forward": "full", "right": 0, "down": 0}',
    "bare word": "{forward: full, right: 0, down: 0}",
    "truth": '{"forward": true, "right": 0, "down": 0}',
    "list value": '{"forward": [1], "right": 0, "down": 0}',
    "no duration at all": '{"forward": 1, "right": 0, "down": 0, "duration": 0}',
    "missing axis": '{"forward": 1, "right": 0}',
    "cut value": '{"forward": 1, "right": 0, "down": -0.',
    "contradiction": '{"forward": 1, "backward": 1, "right": 0, "down": 0}',
    "bare list": "[0.5, 0, -1]",
    "last one is bad": '{"forward": 0, "right": 0, "down": 0} or '
    '{"forward": 9, "right": 0, "down": 0}',
    "braces": "{{{{",
    "deep": "{" * 3000 + "}" * 3000,
}


@pytest.mark.parametrize("text", MESSY.values(), ids=MESSY)
def test_a_messy_answer_is_read(text):
    assert read(text, Burn).command == WANTED


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_an_answer_without_a_valid_command_is_refused(text):
    with pytest.raises(UnreadableAnswer):
        read(text, Burn)


def test_exact_json_is_not_counted_as_mended():
    assert not read(MESSY["exact"], Burn).mended
    assert read(MESSY["case"], Burn).mended


def test_the_refusal_names_the_field_and_the_limit():
    with pytest.raises(UnreadableAnswer, match=r"forward: .*less than or equal to 1"):
        read(REFUSED["out of range"], Burn)


throttles = st.floats(-1, 1).map(lambda x: x + 0.0)
burns = st.builds(
    Burn, forward=throttles, right=throttles, down=throttles, duration=st.floats(0.01, 10)
)


@given(burns)
def test_every_command_survives_its_own_json(burn):
    assert read(burn.model_dump_json(), Burn).command == burn


@given(
    burns,
    st.text("abc xyz,.!\n", max_size=20),
    st.sampled_from(["{}", "```json\n{}\n```", "answer: {}"]),
    st.booleans(),
)
def test_every_command_survives_prose_fences_and_single_quotes(burn, prose, wrap, single):
    text = burn.model_dump_json()
    text = wrap.replace("{}", text.replace('"', "'") if single else text)
    assert read(f"{prose} {text} {prose}", Burn).command == burn


@settings(max_examples=150)
@given(st.text(max_size=60) | st.text('{}":,forwadighn.0123456789-+% ', max_size=60))
def test_any_text_gives_a_command_or_is_refused(text):
    with contextlib.suppress(UnreadableAnswer):
        assert isinstance(read(text, Burn).command, Burn)
