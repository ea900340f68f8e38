"""Worlds and pilots of ours under inspect-robots: the same flights, by its own rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspect_robots import (
    Action,
    ActionChunk,
    ActionSemantics,
    Box,
    EvalLog,
    ObservationSpace,
    PolicyConfig,
    PolicyInfo,
    Scene,
    Task,
    eval,
    read_eval_log,
    registered,
)
from inspect_robots.approver import ChainApprover, ClampApprover, DeltaLimitApprover
from inspect_robots.cli import main
from inspect_robots.compat import check_compatibility
from inspect_robots.conformance import (
    assert_embodiment_conformant,
    assert_guardrail_contribution_conformant,
    check_embodiment,
)
from inspect_robots.embodiment import Embodiment
from inspect_robots.errors import CompatibilityError, ConfigError
from inspect_robots.policy import Policy

from helmsight.contract.record import StepRecord
from helmsight.evals.bridges.robots.policy import PilotPolicy
from helmsight.evals.bridges.robots.task import Told, make_task
from helmsight.evals.bridges.robots.world import APPROVED, World
from helmsight.evals.fingerprints import fingerprint
from helmsight.session import fly

CLOCKS = {"sense_ms", "think_ms", "act_ms"}
TELEMETRY: dict[str, Any] = {"observation": "telemetry", "time": "paused"}
AT_PORTS = {"port": "/dev/arm", "turntable_port": "/dev/table", "camera": "0"}
ANSWERS = (
    '{"forward": 1, "right": 0, "down": 0, "duration": 0.5}',
    "A little to the left. {'forward': 0, 'right': -0.2, 'down': 0,}",
    "no idea", "none at all",
)  # fmt: skip


def evaluated(folder: Path, world: World, policy: Any, task: Task, **more: Any) -> EvalLog:
    """Return the log of an evaluation, as it was written."""
    eval(task, policy, world, log_dir=str(folder), **more)
    return read_eval_log(str(next(folder.glob("*.json"))))


def told(records: list[StepRecord]) -> list[dict[str, Any]]:
    """Return all of the records that is not the machine's."""
    return [{k: v for k, v in vars(record).items() if k not in CLOCKS} for record in records]


def guardrails(world: World) -> ChainApprover:
    """Return what the framework's command line puts before every embodiment."""
    space = world.info.action_space
    return ChainApprover(ClampApprover(space), DeltaLimitApprover(space))


@pytest.fixture
def answers(tmp_path: Path) -> str:
    (tmp_path / "answers.txt").write_text("\n".join(ANSWERS))
    return f"scripted:{tmp_path / 'answers.txt'}"


@pytest.mark.slow
def test_the_framework_finds_all_of_it_by_itself() -> None:
    assert registered("policy")["helmsight"] is PilotPolicy
    assert registered("embodiment")["helmsight"] is World
    assert registered("task")["helmsight"] is make_task
    scorers = registered("scorer")
    assert scorers["helmsight_score"]() == Told("score", "helmsight_score")
    assert scorers["helmsight_success"]() == Told("success", "helmsight_success")
    assert scorers["helmsight_term"](name="fuel_kg").name == "fuel_kg"


@pytest.mark.parametrize("name", ["PE1-E1-I2", "Inspection", "thermostat/Evening-v0"])
def test_every_world_passes_the_framework_s_own_conformance(name: str, room: str) -> None:
    world = World(name)
    try:
        assert isinstance(world, Embodiment)
        assert_embodiment_conformant(world.info)
        assert_guardrail_contribution_conformant(world, world.info.action_space)
        # commands last as long as they say: there is no rate
        assert {issue.code for issue in check_embodiment(world.info).issues} <= {"control_hz"}
        assert "The numbers of an action:" in str(world.info.docs)
    finally:
        world.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pilot", "options"),
    [
        ("rendezvous", {"observation": "telemetry", "time": "paused"}),
        ("rendezvous", {"observation": "telemetry", "time": "runner:0.7"}),
        ("navball", {"observation": "frame+telemetry", "time": "fixed:0.5"}),
    ],
)
def test_a_flight_there_is_the_flight_of_our_loop_to_the_bit(tmp_path, pilot, options) -> None:
    world, policy = World("PE1-E3-I3", **options), PilotPolicy(pilot)
    assert isinstance(policy, Policy)
    task = make_task("PE1-E3-I3", seeds=[4], max_steps=25)
    assert check_compatibility(policy, world).errors  # spaces are taken on by bind
    log = evaluated(tmp_path, world, policy, task, approver=guardrails(world))
    flight = fly("PE1-E3-I3", pilot, 4, steps=25, **options)
    assert check_compatibility(policy, world, task).issues == []
    assert world.loop is not None
    assert told(world.loop.records) == told(flight.records)
    assert log.status == "success"
    for name in ("score", "fuel_kg", "closest_approach_m"):
        key = f"helmsight_{name}" if name == "score" else name
        assert log.results.metrics[key] == flight.summary[name]


@pytest.mark.slow
def test_a_flight_ends_as_the_world_ends_it_and_a_success_is_called_so(tmp_path: Path) -> None:
    world = World("PE1-E1-I3", **TELEMETRY)
    log = evaluated(tmp_path, world, PilotPolicy("rendezvous"), make_task("PE1-E1-I3", seeds=1))
    assert world.loop is not None
    assert world.loop.info["captured"]
    (scene,) = log.samples
    assert scene.termination_reasons == ("success",)
    assert log.results.metrics["helmsight_success"] == 1.0
    assert log.stats.total_steps == len(world.loop.records)
    assert log.eval.environment_id == "helmsight/PE1-E1-I3-v0"
    assert log.eval.policy == "helmsight:rendezvous"
    assert log.eval.policy_checkpoint == fingerprint("rendezvous")


@pytest.mark.slow
def test_a_chat_model_climbs_the_same_repair_ladder_and_what_it_said_is_kept(
    tmp_path: Path, answers: str
) -> None:
    options: dict[str, Any] = {"observation": "frame", "time": "fixed:0.5"}
    world, task = World(**options), make_task(seeds=[2], max_steps=4)
    log = evaluated(tmp_path / "logs", world, PilotPolicy(answers), task, store_frames=True)
    flight = fly("PE1-E1-I2", answers, 2, steps=4, **options)
    assert world.loop is not None
    assert told(world.loop.records) == told(flight.records)
    assert [r.repairs for r in flight.records[:3]] == [
        {},
        {"local": 1},
        {"reask": 1, "unreadable": 1},
    ]
    said = log.samples[0].policy_transcripts[0]
    assert [entry["raw"] for entry in said] == [record.raw for record in flight.records]
    assert len(list((tmp_path / "logs").rglob("*.npy"))) == 5


def test_a_world_of_another_distribution_is_one_too(tmp_path: Path, room: str) -> None:
    world, task = World(room), make_task(room, seeds=[3], max_steps=12)
    log = evaluated(tmp_path, world, PilotPolicy("two-point"), task)
    flight = fly(room, "two-point", 3, steps=12)
    assert world.loop is not None
    assert told(world.loop.records) == told(flight.records)
    assert log.results.metrics["helmsight_score"] == flight.summary["score"]


@pytest.mark.slow
def test_scenes_name_worlds_of_one_family_and_a_seed_is_the_same_in_every_epoch(tmp_path) -> None:
    task = make_task("PE1-E1-I2, PE1-E1-I3", seeds="0,7", max_steps=3)
    task.epochs = 2
    assert [scene.id for scene in task.scenes] == [
        f"{name} seed {seed}" for name in ("PE1-E1-I2", "PE1-E1-I3") for seed in (0, 7)
    ]
    world = World(**TELEMETRY)
    log = evaluated(tmp_path, world, PilotPolicy("naive"), task)
    for scene in log.samples:
        first, second = scene.epochs
        assert first == second
        name, _, seed = scene.scene_id.partition(" seed ")
        flight = fly(name, "naive", int(seed), steps=3, **TELEMETRY)
        assert first["helmsight_score"] == flight.summary["score"]


class Pusher:
    """A policy that knows nothing of ours: numbers in, numbers out."""

    config = PolicyConfig()

    def __init__(self, *numbers: float) -> None:
        semantics = ActionSemantics("eef_delta_pos")
        space = ObservationSpace(state_keys=frozenset({"pursuer_propellant"}))
        self.info = PolicyInfo("pusher", Box((4,), semantics=semantics), space)
        self.numbers = np.array(numbers)
        self.propellant: list[float] = []

    def reset(self, scene: Scene) -> None:
        """Nothing to forget."""

    def act(self, observation: Any) -> ActionChunk:
        self.propellant.append(float(observation.state["pursuer_propellant"][0]))
        return ActionChunk([Action(self.numbers)])


@pytest.mark.slow
def test_a_policy_that_knows_nothing_of_ours_flies_with_the_numbers_alone(tmp_path) -> None:
    world, pusher = World(**TELEMETRY), Pusher(2.0, 1.0, 0.0, -0.5)
    evaluated(tmp_path, world, pusher, make_task(seeds=1, max_steps=4))
    assert world.loop is not None
    assert [r.applied for r in world.loop.records] == 4 * [
        {"duration": 2.0, "forward": 1.0, "right": 0.0, "down": -0.5, "frame": "body"}
    ]
    assert pusher.propellant == sorted(pusher.propellant, reverse=True)
    assert len(set(pusher.propellant)) == 4


def test_numbers_that_are_no_command_become_the_safe_default_and_are_counted(tmp_path) -> None:
    world = World(**TELEMETRY)
    evaluated(tmp_path, world, Pusher(0.0, 1.0, 0.0, 0.0), make_task(seeds=1, max_steps=2))
    assert world.loop is not None
    assert [r.repairs for r in world.loop.records] == 2 * [{"default": 1}]
    assert {r.applied["forward"] for r in world.loop.records} == {0.0}


class Halver:
    """An approver that lets through half of what is asked for."""

    def review(self, action: Action, store: dict[str, Any]) -> Action:
        return Action(np.asarray(action.data) / 2, action.meta)


@pytest.mark.slow
def test_what_an_approver_changes_is_flown_and_recorded_and_the_pilot_is_told(
    tmp_path: Path, answers: str
) -> None:
    world = World(observation="frame", time="paused")
    policy = PilotPolicy(answers)
    evaluated(tmp_path / "logs", world, policy, make_task(seeds=1, max_steps=2), approver=Halver())
    assert world.loop is not None
    first = world.loop.records[0]
    assert (first.applied["forward"], first.applied["duration"]) == (0.5, 0.25)
    assert first.clamped == [APPROVED]
    question = policy.pilot.model.calls[1][-1].content[-1]["text"]  # type: ignore[attr-defined]
    assert APPROVED in question


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: World("PE1-E1-I9"), "PE1-E1-I"),
        (lambda: World(observation="sound"), "observation='sound'"),
        (lambda: World(operator='{"limits": {"haste": 1}}'), "limits.haste"),
        (lambda: World(operator={"approve": "all"}), "give an approver to eval"),
        (lambda: World("Inspection", cell=1, **AT_PORTS), "a person has to be there"),
        (lambda: PilotPolicy("rendezvouz"), 'Did you mean "rendezvous"?'),
        (lambda: PilotPolicy("naive", grounding="oracle:combined"), "an oracle looks into"),
        (lambda: make_task(seeds="1,b"), "seeds=b"),
        (lambda: make_task(seeds=0), "no seed"),
        (lambda: make_task(" "), "none is named"),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_flies(make: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert said in str(caught.value)


def test_what_does_not_fit_is_told_before_anything_flies(tmp_path: Path) -> None:
    with pytest.raises(CompatibilityError, match="give --embodiment helmsight"):
        eval("cubepick-reach", PilotPolicy("naive"), "cubepick", log_dir=str(tmp_path))
    with pytest.raises(CompatibilityError, match="takes BurnCommand"):
        eval(make_task(), PilotPolicy("coverage"), World(), log_dir=str(tmp_path))
    with pytest.raises(CompatibilityError, match="needs setup 'helmsight/Inspection-v0'"):
        eval(make_task("Inspection"), PilotPolicy("naive"), World(**TELEMETRY))
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_the_world_does_not_tell_is_no_score_and_said(tmp_path: Path) -> None:
    task = make_task(seeds=1, max_steps=1)
    task.scorer = [Told("charm"), Told("score")]
    log = evaluated(tmp_path, World(**TELEMETRY), PilotPolicy("naive"), task)
    assert log.status == "error"
    assert "the world told no charm" in str(log.error)
    assert set(log.results.metrics) == {"score"}


@pytest.mark.slow
def test_its_command_line_flies_by_names_alone(tmp_path: Path, capsys) -> None:
    words = "run --task helmsight --policy helmsight --embodiment helmsight -P pilot=rendezvous"
    words += " -T seeds=2 -T max_steps=4 -E observation=telemetry -E time=paused --no-prompt"
    assert main([*words.split(), "--log-dir", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "helmsight_score" in shown
    (path,) = tmp_path.glob("*.json")
    assert json.loads(path.read_text())["status"] == "success"
    actions = sorted(tmp_path.rglob("*.jsonl"))[0].read_text().splitlines()
    assert json.loads(actions[0])["labels"] == ["duration", "forward", "right", "down"]
    flight = fly("PE1-E1-I2", "rendezvous", 0, steps=4, **TELEMETRY)
    wanted = [[r.command[n] for n in json.loads(actions[0])["labels"]] for r in flight.records]
    assert [json.loads(line)["action"] for line in actions[1:]] == wanted


@pytest.mark.slow
@pytest.mark.serial
def test_an_inspection_is_made_there_by_the_same_names(tmp_path: Path, drawing: None) -> None:
    world = World("Inspection", size=[160, 120], parts='["dish"]', budget_views=1)
    try:
        log = evaluated(
            tmp_path, world, PilotPolicy("coverage"), make_task("Inspection", seeds=[6])
        )
    finally:
        world.close()
    assert log.status == "success", log.error
    assert log.samples[0].termination_reasons == ("success",)
    assert {"looks", "reported", "helmsight_score"} <= set(log.results.metrics)
    assert log.results.metrics["reported"] == 1.0
    assert world.loop is not None
    assert world.loop.records[-1].applied["verdict"]  # words travel beside the numbers
