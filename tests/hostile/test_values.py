"""Every number that a person or a file gives has a range, and what is out of it is refused.

The walks below find numbers by themselves: a new option or setting without a range fails here.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
import typer
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

import helmsight
from helmsight.agents.config import OperatorConfig
from helmsight.cli import application
from helmsight.contract.errors import GuardFailed, InvalidOption
from helmsight.contract.guard import Guard, hold, make_guard
from helmsight.contract.ranges import RANGES, Range
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.guard import BurnGuard, BurnLimits
from helmsight.evals.suite import Suite

ROOT = Path(__file__).parents[2]
ROOMS = ("contract", "prompts", "hardware", "envs", "tools", "agents", "evals", "helmsight")
HOSTILE = ["inf", "-inf", "nan", "1e400", "-1e10", "1e30"]
NOT_FINITE = (math.inf, -math.inf, math.nan)


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if not inner:
        yield words, command
        return
    for name, each in inner.items():
        yield from commands(each, (*words, name))


def numbers() -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield every option of the command line that is a number: words, command, option."""
    for words, command in commands(typer.main.get_command(application())):
        for option in command.params:
            kind = getattr(option, "type", None) or option.type_descriptor.annotation
            text = f"{getattr(kind, '__name__', '')} {getattr(kind, 'name', '')}"
            if "int" in text.lower() or "float" in text.lower():
                yield words, command, option


NUMBERS = {f"{' '.join(words)} {o.opts[0]}": (words, c, o) for words, c, o in numbers()}


def test_there_are_numbers_to_look_at() -> None:
    assert len(NUMBERS) > 50


@pytest.mark.parametrize("name", NUMBERS)
def test_an_option_that_is_a_number_has_a_range(name: str) -> None:
    _, _, option = NUMBERS[name]
    kind = getattr(option, "type", option)
    assert option.name in RANGES or None not in (kind.min, kind.max), (
        "give the range of this name in contract/ranges.py"
    )
    if option.default is not None and option.name in RANGES:
        assert RANGES[option.name].holds(option.default)


@pytest.mark.corpus
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_out_of_its_range_is_refused_with_its_name(name: str, run: Any) -> None:
    words, command, option = NUMBERS[name]
    needed = [
        word
        for other in command.params
        if other.required
        for word in ((other.opts[0], "x") if other.opts[0].startswith("-") else ("x",))
        if other is not option
    ]
    for value in HOSTILE:
        told = run(*words, *needed, f"{option.opts[0]}={value}")
        assert told.status == 2, (value, told)
        assert option.opts[0] in told.err
        assert "HELMSIGHT_TRACEBACK" not in told.err


def models() -> dict[str, type[BaseModel]]:
    """Return every pydantic model of ours by its name."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "pydantic" in path.read_text(encoding="utf-8"):
                parts = path.relative_to(ROOT).with_suffix("").parts
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                importlib.import_module(name if room == "helmsight" else f"helmsight.{name}")
    found: dict[str, type[BaseModel]] = {}
    left = list(BaseModel.__subclasses__())
    while left:
        model = left.pop()
        left += model.__subclasses__()
        module = sys.modules.get(model.__module__)
        # what other tests made while they ran is not ours
        if model.__module__.startswith("helmsight.") and hasattr(module, model.__name__):
            found[f"{model.__module__}.{model.__name__}"] = model
    return found


def takes_numbers(kind: Any) -> bool:
    return kind in (int, float) or any(map(takes_numbers, get_args(kind)))


def taken(model: type[BaseModel], name: str, values: list[Any]) -> list[Any]:
    """Return those of `values` that a field of a model takes."""
    field = model.model_fields[name]
    kind: Any = field.annotation
    if field.metadata:
        kind = Annotated[(kind, *field.metadata)]
    finite = model.model_config.get("allow_inf_nan", True)
    adapter = TypeAdapter(kind, config=ConfigDict(allow_inf_nan=finite))
    out = []
    for value in values:
        try:
            adapter.validate_python(value)
        except ValidationError:
            continue
        out.append(value)
    return out


@pytest.mark.slow
def test_no_setting_of_any_model_takes_a_number_that_is_not_finite() -> None:
    shapes = [shape for n in NOT_FINITE for shape in (n, [n], [n] * 2, [n] * 3, {"a": n})]
    wrong, seen = [], 0
    for where, model in models().items():
        for name, field in model.model_fields.items():
            if takes_numbers(field.annotation):
                seen += 1
                wrong += [f"{where}.{name} takes {value}" for value in taken(model, name, shapes)]
    assert seen > 80
    assert wrong == []


@pytest.mark.slow
def test_settings_of_runs_and_suites_have_both_ends() -> None:
    rooms = ("helmsight.agents.config", "helmsight.agents.asking_style", "helmsight.evals.suite",
             "helmsight.envs.orbital.guard")  # fmt: skip
    wrong = [
        f"{where}.{name} takes {value:g}"
        for where, model in models().items()
        if model.__module__ in rooms
        for name, field in model.model_fields.items()
        if takes_numbers(field.annotation) and name != "seeds"  # with words of its own, below
        for value in taken(model, name, [10**30, -(10**30)])
    ]
    assert wrong == []


@pytest.mark.parametrize("seeds", [-1, 10**12, [2**64], [-1], {"first": 0, "count": 10**12}])
def test_a_suite_has_no_more_seeds_than_can_be_run(seeds: Any) -> None:
    with pytest.raises(ValidationError, match="seeds"):
        Suite(name="x", pilots=["naive"], scenarios=["PE1-E1-I1"], seeds=seeds)


@pytest.mark.parametrize("steps", [0, -1, 1.5, math.nan, math.inf, "3", True, 10**12])
def test_a_program_gives_whole_steps(steps: Any) -> None:
    with pytest.raises(InvalidOption, match="steps="):
        helmsight.fly("PE1-E1-I1", "naive", steps=steps)


@pytest.mark.parametrize("seed", [None, -1, 1.5, math.nan, "3", True, 2**64])
def test_a_program_gives_a_seed(seed: Any) -> None:
    with pytest.raises(InvalidOption, match="seed="):
        helmsight.fly("PE1-E1-I1", "naive", seed=seed, steps=1)


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, 1e10, None, "1"])
def test_a_program_gives_a_think_time(seconds: Any) -> None:
    with pytest.raises(InvalidOption, match="think_timeout_s="):
        helmsight.fly("PE1-E1-I1", "bundled", steps=1, think_timeout_s=seconds)


@pytest.mark.parametrize(
    "limits",
    [
        {"max_throttle": (-1, -1, -1)}, {"max_throttle": (1, 1)}, {"max_throttle": (2, 1, 1)},
        {"max_throttle": (math.nan, 1, 1)}, {"max_duration": 0}, {"max_duration": math.inf},
        {"reserve": -1}, {"reserve": math.nan}, {"max_closing": -1}, {"max_closing": math.inf},
        {"max_closing": 0}, {"flows": -1}, {"enabled": "perhaps"},
    ],
    ids=str,
)  # fmt: skip
def test_limits_out_of_range_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BurnLimits(**limits)
    with pytest.raises(InvalidOption, match=next(iter(limits))):
        make_guard(BurnGuard, limits)


FINE = {"closing": 50.0, "mass": 5000.0, "propellant": 100.0, "propellant_capacity": 200.0}


@pytest.mark.parametrize("name", ["closing", "mass", "propellant"])
@pytest.mark.parametrize("value", [None, 0, -1.0, math.nan, math.inf, -math.inf, "x", []])
def test_a_guard_rules_or_says_that_it_cannot_and_never_lets_more_through(
    name: str, value: Any
) -> None:
    guard: Guard = make_guard(BurnGuard, {"max_throttle": (0.5, 0.5, 0.5)})
    burn = BurnCommand(forward=1.0, right=-1.0, down=0.2, duration=5.0)
    ruled = BurnCommand.null().model_dump()  # what a run that halts applies
    with suppress(GuardFailed):
        ruled = hold(guard, burn, FINE | {name: value}, "a world").command.model_dump()
    for axis, most in (("forward", 0.5), ("right", 0.5), ("down", 0.2), ("duration", 5.0)):
        assert abs(ruled[axis]) <= most


def test_a_range_holds_its_ends_and_no_truth_values() -> None:
    whole, share = Range(1, 3, whole=True), Range(0.0, 1.0)
    assert list(filter(whole.holds, (0, 1, 3, 4, 2.0, True, None, "2"))) == [1, 3]
    assert list(filter(share.holds, (-0.1, 0.0, 1.0, 1.1, math.nan, math.inf, "0.5"))) == [0.0, 1.0]
    assert f"{whole}, {share}" == "a whole number from 1 to 3, a number from 0 to 1"


@pytest.mark.parametrize("field", ["max_age_s", "wall_budget_s", "frozen_s", "history"])
@pytest.mark.parametrize("value", [*NOT_FINITE, -1, 1e30])
def test_the_operator_has_finite_settings(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        OperatorConfig.model_validate({field: value})
