"""Frames are set right before a model sees them, and what it is shown then is in the record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from helmsight.agents.again import Sent
from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.composing import Composer
from helmsight.agents.decide import ModelPilot
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator
from helmsight.agents.question import kept
from helmsight.agents.upright import LONGEST_WAIT, Upright
from helmsight.contract.errors import RecordUnusable
from helmsight.contract.pilot import Sighting
from helmsight.contract.sent import messages_in
from helmsight.envs.disturbances.catalogue import Disturbance
from helmsight.envs.disturbances.pictures import WAYS
from helmsight.envs.disturbances.wrapping import disturbed
from helmsight.envs.orbital.cockpit.layout import Layout
from helmsight.envs.orbital.cockpit.picture import render
from helmsight.envs.orbital.cockpit.stills import moment
from helmsight.envs.orbital.families import FAMILIES
from helmsight.envs.registry import make_env
from helmsight.tools.marks import views
from helmsight.tools.placing import Placement

GOOD = '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}'
TASK = FAMILIES["PE1"].told("PE1-E1-I2", Layout())
NAMES = ("frame", "navball", "readouts")
STYLE = AskingStyle(views=Views(size=128, names=NAMES), prompt="bundled")
FRAME = render(moment(np.random.default_rng(97), "", 0.5))
GRAIN = np.random.default_rng(0).integers(0, 256, FRAME.shape, np.uint8)


def seen(name: str, strength: float, frame=FRAME):
    return WAYS[name](strength, np.random.default_rng(0))(frame)


class Frank(ScriptedVLM):
    """A scripted model that may be asked anew: its answers do not depend on what came before."""

    remembers = False


def pilot_of(style: AskingStyle = STYLE) -> ModelPilot:
    return ModelPilot(Frank(answers=[GOOD]), "scripted", style)


def shown(frame, style: AskingStyle = STYLE) -> tuple[list[Any], Sent]:
    """The pictures that a model in this process is shown, and the record of them."""
    composer = Composer(style, local=True)
    composer.begin(TASK)
    messages, digest = composer.asked(Sighting({"frame": frame}, 3.0))
    content: Any = messages[-1].content
    record: Any = type("Record", (), {"index": 0, "prompt_hash": digest})()
    pictures = [block["pixels"] for block in content if "pixels" in block]
    return pictures, Sent(record, kept(messages), frame, lambda name: None)


@pytest.mark.parametrize("way", ["", "shrunk", "noisy", "occluded"])
def test_a_frame_that_lies_as_it_should_is_cut_as_it_always_was(way: str) -> None:
    frame = seen(way, {"shrunk": 2.0, "noisy": 20.0, "occluded": 0.1}[way]) if way else FRAME
    pictures, sent = shown(frame)
    cut = [view for _, view in views(frame, TASK.regions, 128, NAMES)]
    assert all(np.array_equal(*pair) for pair in zip(pictures, cut, strict=True))
    for part in sent.messages[-1].to_dict()["parts"][:3]:
        assert part.keys() == {"view", "box", "size", "type"}


@pytest.mark.parametrize(
    ("way", "strength", "off"),
    [("shifted", 0.01634, 0.0), ("zoomed", 0.9, 8.0), ("recoloured", 90.0, 1.5)],
)
def test_a_model_is_shown_what_it_knows_and_the_record_can_show_it_again(
    way: str, strength: float, off: float
) -> None:
    frame = seen(way, strength)
    pictures, sent = shown(frame)
    right, _ = shown(FRAME)
    wrong = [view for _, view in views(frame, TASK.regions, 128, NAMES)]
    for name, upright, plain, crooked in zip(NAMES, pictures, right, wrong, strict=True):
        inner = np.s_[12:-12, 12:-12]
        error = np.abs(upright.astype(int) - plain)[inner].mean()
        assert error <= off, name
        assert error < 0.5 * np.abs(crooked.astype(int) - plain)[inner].mean(), name
    assert sent.exact
    again = messages_in({"messages": [m.to_dict() for m in sent.messages]}, "step 0")
    assert again == sent.messages


@pytest.mark.parametrize(
    "wrong", [{"matrix": [1, 0, 0, 0, 1]}, {"matrix": [1e9] * 6}, {"turn": 400}]
)
def test_a_record_holds_no_other_placement(wrong: dict[str, Any]) -> None:
    _, sent = shown(seen("shifted", 0.01634))
    data = [m.to_dict() for m in sent.messages]
    data[-1]["parts"][0] |= wrong
    with pytest.raises(RecordUnusable):
        messages_in({"messages": data}, "step 0")


def test_a_picture_that_is_not_found_is_searched_for_more_and_more_seldom() -> None:
    upright = Upright()
    upright.begin(TASK)
    moved = seen("shifted", 0.01634)
    assert upright.placed(GRAIN) == Placement()
    assert upright.counts() == {"unmatched": 1}
    tries = 0
    for number in range(200):  # each frame another one, and none of the cockpit
        upright.placed(np.roll(GRAIN, 1 + number, axis=0))
        tries += upright._misses > tries + 1
    assert 5 <= tries <= 5 + 200 / LONGEST_WAIT
    assert upright.placed(FRAME) == Placement()  # seen at once where it should be
    assert upright.counts() == {}
    assert upright.placed(moved).matrix[2:] != Placement().matrix[2:]
    assert upright.counts() == {"aligned": 1}
    upright.begin(None)
    assert upright.placed(moved) == Placement()
    assert upright.counts() == {}


@pytest.mark.parametrize(
    ("way", "counted"), [("shifted:0.01634", {"aligned": 1}), ("noisy:255", {"unmatched": 1})]
)
def test_a_flight_counts_it_and_goes_on_as_it_would_have(way: str, counted: dict[str, int]) -> None:
    def fly(**past: Any) -> Any:
        env = disturbed(make_env("PE1-E1-I2", observation="frame"), Disturbance.parse(way))
        return Operator(env, pilot_of()).fly(max_steps=4, **past)

    whole = fly()
    assert [record.repairs for record in whole.records] == [counted] * 4
    assert whole.summary["repairs"] == {name: 4 for name in counted}
    rest = fly(past=whole.records[:2])
    hashes = [[record.prompt_hash for record in flight.records] for flight in (whole, rest)]
    assert hashes[0] == hashes[1]
    assert len({*hashes[0]}) == 4


@pytest.mark.parametrize("number", [1, 2])
def test_a_model_of_its_own_prompt_is_not_asked_where_a_region_is_covered(number: int) -> None:
    env = disturbed(
        make_env("PE1-E1-I2", observation="frame"), Disturbance.parse(f"covered:{number}")
    )
    pilot = pilot_of()
    flight = Operator(env, pilot).fly(max_steps=2)
    assert pilot.model.calls == []  # type: ignore[attr-defined]
    assert [record.repairs for record in flight.records] == [{"unreadable": 1, "covered": 1}] * 2
    assert flight.records[0].raw == f"covered: {['navball', 'readouts'][number - 1]}"
    assert flight.records[0].applied["forward"] == 0.0
    general = pilot_of(AskingStyle(think="none"))
    Operator(env, general).fly(max_steps=1)
    assert len(general.model.calls) == 1  # type: ignore[attr-defined]  # it is told in words, and judges
