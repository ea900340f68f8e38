"""What the operator console says."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from helmsight.contract.record import RunSpec, StepRecord
from helmsight.envs.orbital.task import pursuit_task
from helmsight.liveline import LiveLine, command_words, comparison_lines
from helmsight.output import summary_lines
from helmsight.tools.compare import AxisDifference, Comparison, StepDifference
from helmsight.tools.player import live_line

RECORD = StepRecord(
    index=0,
    stamp=3.0,
    sense_ms=1.0,
    think_ms=2.0,
    act_ms=3.0,
    prompt_hash="",
    raw="",
    wanted=None,
    applied={"forward": 0.5, "right": 0.0, "down": 0.0, "duration": 0.5, "frame": "body"},
    repairs={},
    clamped=[],
    late=False,
    relations=[],
    measures={"range": 2618.0, "closing": 1.5, "propellant": 1200.0, "time_left": 120.0},
    lag=0.0,
)
TASK = pursuit_task("PE1-E1-I3", {})
SPEC = RunSpec("helmsight/PE1-E1-I3-v0", "naive[1]", task=TASK.description())


def flown(*, terminal: bool) -> str:
    text = io.StringIO()
    live = LiveLine(Console(file=text, force_terminal=terminal, width=200, highlight=False))
    live.start(SPEC)
    for second in range(0, 50, 5):
        live.step(replace(RECORD, index=second, stamp=3.0 + second), None)
    live.finish("timeout", {})
    live.close()
    return text.getvalue()


def test_a_log_gets_a_plain_line_every_twenty_seconds_of_world_time() -> None:
    lines = flown(terminal=False).splitlines()
    assert lines[0].startswith("helmsight/PE1-E1-I3-v0  pilot naive[1]")
    assert [line.split("T+")[1].split()[0] for line in lines[1:-1]] == ["3.0", "23.0", "43.0"]
    assert lines[-1] == "ended: timeout"


def test_a_scenario_of_ones_own_is_told_by_its_name() -> None:
    text = io.StringIO()
    task = pursuit_task("PE1-E3-mine", {}).description()
    live = LiveLine(Console(file=text, width=200))
    live.start(RunSpec("helmsight/Scenario-v0", "naive", task=task))
    live.close()
    assert text.getvalue().startswith("helmsight/Scenario-v0 PE1-E3-mine  pilot naive")


@pytest.mark.parametrize(
    "words", ["2618.0 m", "1.5 m/s", "1200.0", "time left    120.0 s", "forward"]
)
def test_the_live_line_tells_range_closing_propellant_time_left_and_command(words: str) -> None:
    assert words in flown(terminal=True)


def test_the_live_line_tells_what_models_have_cost_so_far() -> None:
    text = io.StringIO()
    live = LiveLine(Console(file=text, width=200, highlight=False))
    live.start(SPEC)
    for index, second in enumerate((0, 30, 60)):
        calls = [{"tokens_in": 1000, "tokens_out": 20, "cost": 0.0022}]
        record = replace(RECORD, index=4 * index, stamp=float(second), calls=calls)
        live.step(record, None)
    first, _, last = text.getvalue().splitlines()[1:]
    assert first.endswith("  1,020 tokens  $0.0022")
    assert last.endswith("  3,060 tokens  $0.0066")


def test_a_command_is_told_by_the_thrusters_that_fire() -> None:
    assert command_words(RECORD.shown(RECORD.applied, SPEC.task)) == "forward +0.50"
    assert command_words({"forward": 0, "duration": 0.5}) == "nothing"


def test_a_burn_in_other_axes_is_shown_in_the_body_s() -> None:
    turned = {"inertial": [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]}
    burn = {"forward": 0.0, "right": 1.0, "down": 0.0, "duration": 0.5, "frame": "inertial"}
    line = live_line(replace(RECORD, applied=burn, rotations=turned), SPEC.task)
    assert "s  forward +1.00 right +0.00 down +0.00  " in line
    blind = live_line(replace(RECORD, applied=burn), SPEC.task)
    assert "forward (inertial) +0.00 right (inertial) +1.00 down (inertial) +0.00" in blind


@pytest.mark.parametrize("width", [24, 40, 60, 80, 120])
def test_the_live_line_fits_its_terminal_and_tells_the_decision_first(width: int) -> None:
    late = replace(RECORD, late=True)
    line = live_line(late, SPEC.task, width, "12,400 tokens")
    assert len(line) <= width
    assert "forward +0.50" in line
    assert line.index("forward") < min(line.find(word) % 999 for word in ("[late]", "range"))
    assert ("[late]" in line) is (width >= 40)
    text = io.StringIO()
    live = LiveLine(Console(file=text, force_terminal=True, width=width, highlight=False))
    live.start(SPEC)
    live.step(late, None)
    live.close()
    assert "forward +0.50" in text.getvalue()
    assert "…" not in text.getvalue().splitlines()[-1]


def test_an_answer_that_was_held_to_commands_needed_no_repair() -> None:
    record = replace(RECORD, repairs={"constrained": 1})
    assert record.marks == []
    assert "constrained" not in live_line(record, SPEC.task)
    assert replace(RECORD, repairs={"constrained": 1, "reask": 2}).marks == ["reask x2"]
    assert replace(RECORD, repairs={"aligned": 1, "unmatched": 1}).marks == ["unmatched"]


def test_a_summary_is_names_and_values() -> None:
    lines = summary_lines(
        {"score": 12.345, "captured": True, "repairs": {"reask": 2}, "p": None, "recording": {}}
    )
    assert [line.split(maxsplit=1)[1] for line in lines] == ["12.35", "yes", "reask 2", "-"]


def test_a_comparison_names_the_steps_that_differ() -> None:
    gap = AxisDifference(0.1, 0.0, 1.0, 0.9)
    step = StepDifference(4, 5.0, {"forward": 1.0}, {"forward": 0.0}, 1.0)
    told = comparison_lines(Comparison("a", "b", 10, 9, 0, 1, 0.9, {"forward": gap}, [step]))
    assert "b gave no usable answer at 1" in told
    assert "same command at 90% of 9" in told[2]
    assert "step 4 at 5.0 s: forward +1.00  |  nothing" in told[-1]
