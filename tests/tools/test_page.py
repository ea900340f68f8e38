from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from helmsight.contract.record import RunSpec
from helmsight.envs.orbital.task import pursuit_task
from helmsight.tools.page import render, write_page
from helmsight.tools.player import load_run
from helmsight.tools.plots import draw
from helmsight.tools.telling import facts

TASK = pursuit_task("PE1-E1-I3", {})


class Addresses(HTMLParser):
    """Collects every attribute through which a page could load something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("src", "href", "xlink:href", "srcset", "poster", "data", "action")
        self.found += [value or "" for name, value in attrs if name in names]


@pytest.mark.slow
def test_the_page_holds_no_external_address(fly):
    page = (fly(video=True, page=True) / "index.html").read_text(encoding="utf-8")
    parser = Addresses()
    parser.feed(page)
    assert parser.found
    assert all(value.startswith(("#", "data:video/mp4;base64,")) for value in parser.found)
    assert "http" not in re.sub(r"base64,[^\"]*", "", page)
    assert "@import" not in page


def test_a_large_video_is_linked_beside_the_page(fly, monkeypatch):
    monkeypatch.setattr("helmsight.tools.page.EMBED_BYTES", 10)
    monkeypatch.setattr("helmsight.tools.page.draw", lambda records, task: {})
    page = (fly(video=True, page=True) / "index.html").read_text(encoding="utf-8")
    assert 'src="video.mp4"' in page


def test_what_a_model_said_is_shown_as_text(spec, record):
    answer = '<script src="https://example.com/x.js"></script>'
    page = render(spec(), [record(0, raw=answer)], None, {})
    assert answer not in page
    assert "&lt;script" in page


def test_every_step_has_an_address(spec, record):
    page = render(spec(), [record(0), record(1)], None, {})
    assert re.findall(r'<tr id="([^"]*)"', page) == ["step-0", "step-1"]


def test_the_page_names_the_time_rule_beside_the_pilot(spec, record):
    options = {"time": "runner:0.5", "observation": "frame"}
    assert "bundled · seed 3 · time runner:0.5" in render(
        spec(options=options), [record(0)], {}, {}
    )


def test_the_page_tells_the_figures_the_reason_and_the_twin(fly):
    run = load_run(fly())
    page = render(run.spec, run.records, run.summary, {})
    assert ">captured<" in page
    assert "3.14" in page
    assert "not in Kerbal Space Program" in page
    assert "prefers-color-scheme: dark" in page


def test_a_cut_off_run_gets_its_page_afterwards(fly, monkeypatch):
    monkeypatch.setattr("helmsight.tools.page.draw", lambda records, task: {})
    run = load_run(fly(finish=False))
    page = write_page(run.folder, run.spec, run.records, run.summary)
    assert "cut off" in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("measures", [{}, {"met": 0.0, "range": None}])
def test_a_run_with_few_measures_or_steps_still_has_a_page(spec, record, measures):
    records = [record(0, measures=measures, applied={}, wanted=None)]
    assert "<table>" in render(spec(), records, {}, draw(records, spec().task))
    assert "<table>" in render(spec(), [], {"score": None}, draw([], spec().task))


@pytest.mark.slow
def test_plots_are_the_same_bytes_for_the_same_records(record, spec):
    records = [record(index) for index in range(4)]
    plots = draw(records, spec().task)
    assert plots == draw(records, spec().task)
    assert set(plots) == {"range", "speed", "trajectory", "commands", "propellant", "think"}
    assert all("var(--ink)" in svg and "#010101" not in svg for svg in plots.values())


def test_limits_and_times_have_their_units():
    task = TASK.description()
    limits = {"max_closing": 60.0, "max_throttle": [1.0, 0.5, 1.0], "mine": 3}
    spec = RunSpec(
        "helmsight/PE1-E1-I3-v0", "naive", operator={"max_age_s": 10.0, "limits": limits}, task=task
    )
    assert facts(spec, {"wall_s": 2.5})["Operator"] == [
        ("max age", "10 s"),
        ("limits · max closing", "60 m/s"),
        ("limits · max throttle", "1, 0.5, 1 of full throttle"),
        ("limits · mine", "3"),
    ]
    assert ("wall", "2.5 s") in facts(spec, {"wall_s": 2.5})["Result"]
