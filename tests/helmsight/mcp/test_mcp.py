"""The MCP server, asked by the SDK's own client."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from helmsight.console.links import Links
from helmsight.console.wire import HOME
from helmsight.mcp.server import Tools, serve
from helmsight.tools.player import load_run

BURN = {"forward": 0.5, "right": 0.0, "down": 0.0, "duration": 0.5}
PLACE = {"time": "paused", "observation": "telemetry", "video": False}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "desks"))
    monkeypatch.setattr("helmsight.tools.page.draw", lambda records, task: {})  # takes seconds


def ask(tools: Tools, *calls: tuple[str, dict[str, Any]]) -> list[tuple[bool, list[str]]]:
    """Return for each call whether it failed, and the texts of its answer."""

    async def talk() -> list[tuple[bool, list[str]]]:
        async with Client(serve(tools)) as client:
            answers = []
            for name, arguments in calls:
                answer = await client.call_tool(name, arguments)
                texts = [getattr(part, "text", part.type) for part in answer.content]
                answers.append((bool(answer.is_error), texts))
            return answers

    try:
        return anyio.run(talk)
    finally:
        tools.close()


@pytest.mark.slow
def test_a_client_looks_proposes_and_ends(tmp_path: Path) -> None:
    tools = Tools(tmp_path, PLACE, approve=False)
    begun, flown, wrong, ended = ask(
        tools, ("begin", {"scenario": "PE1-E1-I1"}), ("propose", {"command": BURN}),
        ("propose", {"command": {"forward": 7}}), ("end", {}),
    )  # fmt: skip
    first = json.loads(begun[1][0])
    assert "forward" in first["command_schema"]["properties"]
    assert first["telemetry"]
    assert json.loads(flown[1][0])["last"]["applied"]["forward"] == 0.5
    assert wrong[0] is True
    assert "no command of this world" in wrong[1][0]
    assert "interrupted" in ended[1][0]
    run = load_run(tools.flight.folder)
    assert (run.spec.pilot, len(run.records)) == ("mcp", 1)
    assert run.spec.operator["approve"] == "off"


@pytest.mark.slow
def test_a_command_waits_until_a_person_approves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Tools(tmp_path, PLACE, approve=True)
    links = Links()

    def person() -> None:
        while not (found := links.folders()):
            time.sleep(0.01)
        link = links.find(os.path.realpath(found[0]))
        for index, do in enumerate(("approve", "refuse")):
            while (link.news.get("state", {}).get("waiting") or {}).get("index") != index:
                time.sleep(0.01)
            link.order({"id": do, "by": "ann", "do": do, "index": index})

    watching = threading.Thread(target=person, daemon=True)
    watching.start()
    _, one, two = ask(
        tools, ("begin", {"scenario": "PE1-E1-I1"}),
        ("propose", {"command": BURN}), ("propose", {"command": BURN}),
    )  # fmt: skip
    watching.join(600)
    assert json.loads(one[1][0])["last"]["people"] == [{"by": "ann", "did": "approved"}]
    refused = json.loads(two[1][0])["last"]
    assert refused["applied"]["forward"] == 0.0
    assert "a person refused the command" in refused["held_back"]


@pytest.mark.slow
def test_without_a_person_nothing_moves_and_the_client_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helmsight.mcp.server.WAIT_S", 1.0)
    tools = Tools(tmp_path, PLACE, approve=True, scenario="PE1-E1-I1")
    before, _, waits, again, other = ask(
        tools, ("look", {}), ("begin", {}), ("propose", {"command": BURN}),
        ("propose", {"command": BURN}), ("begin", {"scenario": "PE1-E1-I2"}),
    )  # fmt: skip
    assert "begin one" in before[1][0]
    assert "waits until a person approves" in json.loads(waits[1][0])["state"]
    assert "no decision waits for you" in again[1][0]
    assert "goes on: end it first" in other[1][0]
    assert load_run(tools.flight.folder).records == []


def test_runs_are_listed_and_read(tmp_path: Path) -> None:
    import helmsight

    helmsight.fly("PE1-E1-I1", "naive", steps=2, time="paused", out=tmp_path / "one", video=False)
    listed, step, beyond, none = ask(
        Tools(tmp_path, PLACE, approve=True), ("list_runs", {"search": "naive"}),
        ("read_step", {"run": "one", "step": 1}), ("read_step", {"run": "one", "step": 2}),
        ("read_step", {"run": "../one", "step": 0}),
    )  # fmt: skip
    assert '"run": "one"' in listed[1][0] or '"run":"one"' in listed[1][0]
    assert json.loads(step[1][0])["index"] == 1
    assert "steps 0 to 1" in beyond[1][0]
    assert "no run is called" in none[1][0]


@pytest.mark.slow
def test_it_is_served_on_standard_input_and_output(tmp_path: Path) -> None:
    words = ["-c", "from helmsight.cli import main; main()", "mcp", "--runs", str(tmp_path)]
    here = StdioServerParameters(command=sys.executable, args=words, env=dict(os.environ))

    async def talk() -> list[str]:
        async with Client(here) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    names = anyio.run(talk)
    assert names == ["begin", "look", "propose", "end", "list_runs", "read_step"]
