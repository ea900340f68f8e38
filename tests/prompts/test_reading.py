from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path
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


DATA = Path(__file__).with_name("answers.toml")
ANSWERS = tomllib.loads(DATA.read_text("utf-8"))["answer"]
GOOD = '{"forward": 0.5, "right": 0, "down": -1}'


@pytest.mark.parametrize("case", ANSWERS, ids=[case["name"] for case in ANSWERS])
def test_an_answer_is_flown_as_it_was_meant_or_told_to_be_unclear(case):
    assert ("flies" in case) != ("told" in case)
    if "told" in case:
        with pytest.raises(UnreadableAnswer, match=case["told"]):
            read(case["text"], Burn)
        return
    names = ("forward", "right", "down", "duration")
    wanted = dict(zip(names, case["flies"], strict=False))
    assert read(case["text"], Burn).command == Burn(**wanted)


def test_there_are_enough_answers_and_no_two_of_a_name():
    assert len({case["name"] for case in ANSWERS}) == len(ANSWERS) >= 67


@pytest.mark.slow
def test_a_very_deep_answer_is_refused():
    for text in ("{" * 3000 + "}" * 3000, '{"a": ' * 3000 + "1" + "}" * 3000, "{a: " * 3000):
        with pytest.raises(UnreadableAnswer):
            read(text, Burn)


def test_exact_json_is_not_counted_as_mended():
    assert not read(GOOD, Burn).mended
    assert read(GOOD.upper(), Burn).mended


def test_the_refusal_names_the_field_and_the_limit():
    with pytest.raises(UnreadableAnswer, match=r"forward: .*less than or equal to 1"):
        read('{"forward": 1.5, "right": 0, "down": 0}', Burn)


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


@pytest.mark.slow
@settings(max_examples=150)
@given(st.text(max_size=60) | st.text('{}":,forwadighn.0123456789-+% ', max_size=60))
def test_any_text_gives_a_command_or_is_refused(text):
    with contextlib.suppress(UnreadableAnswer):
        assert isinstance(read(text, Burn).command, Burn)
