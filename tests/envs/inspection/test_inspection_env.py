"""The inspection as a world: emulated or at ports, and what it does when things fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import helmsight.envs  # noqa: F401  registers the environments
from helmsight.contract.record import StepRecord
from helmsight.envs.errors import EpisodeOver
from helmsight.envs.inspection.camera import CellSource
from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.command import InspectionCommand
from helmsight.envs.inspection.emulated import EmulatedCell
from helmsight.envs.inspection.env import InspectionEnv
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.rig import Rig
from helmsight.envs.inspection.servos import CellServos
from helmsight.envs.inspection.telemetry import joints_of, looks_of, spots_of, turntable_of
from helmsight.envs.robot.eyes import dark
from helmsight.hardware.cameras import Camera, Checks
from helmsight.hardware.errors import CameraUnavailable, DeviceAlarm, NoReply, RobotStopped

pytestmark = pytest.mark.serial
SEED = 6  # the dish nearly faces the arm, and has a dent; nothing else is wrong
SIZE = (160, 120)
PARTS = ("dish", "connector")
LOOK = {"do": "look", "view": "dish: bowl"}


@dataclass
class Episode:
    """One inspection by hand: what every step gave, by its name."""

    env: InspectionEnv
    seen: dict[str, tuple[Any, dict[str, Any]]]
    ended: dict[str, bool]
    joints: dict[str, tuple[float, ...]]
    halted: dict[str, Any]


def step(env: InspectionEnv, **command: Any) -> tuple[Any, bool, dict[str, Any]]:
    observation, _, ended, _, info = env.step(InspectionCommand(**command).action())
    assert env.observation_space.contains(observation)
    return observation, ended, info


def report(part: str, state: str, **more: Any) -> dict[str, Any]:
    return {"do": "report", "part": part, "state": state, "confidence": 0.8, **more}


def source(env: InspectionEnv) -> CellSource:
    """Return what draws the pictures of an emulated cell that is open."""
    assert env._rig is not None
    camera = env._rig.eyes._camera
    assert camera is not None
    assert isinstance(camera.source, CellSource)
    return camera.source


def device(env: InspectionEnv) -> CellServos:
    assert env._rig is not None
    assert env._rig.cell is not None
    served = env._rig.cell.emulation.device
    assert isinstance(served, CellServos)
    return served


Make = Callable[..., InspectionEnv]


@pytest.fixture
def make(drawing: None) -> Iterator[Make]:
    """Return a function that makes an inspection; all are closed."""
    made: list[InspectionEnv] = []

    def call(**options: Any) -> InspectionEnv:
        usual: dict[str, Any] = {"cell": SEED, "parts": PARTS, "size": SIZE}
        made.append(InspectionEnv(**(usual | options)))
        return made[-1]

    yield call
    for env in made:
        env.close()


@pytest.fixture(scope="module")
def episode(drawing: None) -> Iterator[Episode]:
    env = InspectionEnv(cell=SEED, parts=PARTS, size=SIZE, budget_views=1)
    try:
        run = Episode(env, {"reset": env.reset(seed=99)}, {}, {}, {})
        for name, command in {
            "look": LOOK,
            "late": {"do": "look", "view": "connector: plug"},
            "wrong": report("dish", "scorch", view=1),
            "right": report("dish", "dent", view=1, why="a dark bow"),
            "hold": {"do": "hold"},
            "last": report("connector", "sound"),
            "done": {"do": "done", "verdict": "the dish has a dent"},
        }.items():
            observation, run.ended[name], info = step(env, **command)
            run.seen[name] = observation, info
            run.joints[name] = device(env).positions
        run.halted = env.halt("inspected")
        yield run
    finally:
        env.close()


def test_reset_moves_nothing_and_tells_all_there_is(episode: Episode) -> None:
    observation, info = episode.seen["reset"]
    assert episode.env.observation_space.contains(observation)
    assert joints_of(observation["telemetry"]) == pytest.approx(START, abs=0.02)
    assert turntable_of(observation["telemetry"]) == pytest.approx(
        CellPlan.draw(SEED).turntable, abs=0.01
    )
    assert (info["looks"], info["reported"], info["touches"]) == (0, 0, 0)
    assert info["notes"] == ()
    assert not info["inspected"]
    assert info["score"] == 0.0


def test_a_look_brings_the_camera_before_its_site(episode: Episode) -> None:
    observation, info = episode.seen["look"]
    telemetry = observation["telemetry"]
    assert info["applied"]["do"] == "look"
    assert (info["looks"], looks_of(telemetry)) == (1, 1)
    assert spots_of(telemetry)["dish: bowl"].share >= 0.9
    assert joints_of(telemetry) == pytest.approx(episode.joints["look"], abs=0.02)
    with Cell(SEED) as cell:
        cell.place(episode.joints["look"], turntable_of(telemetry))
        clean = cell.look(size=SIZE).astype(int)
    assert np.abs(observation["frame"] - clean).mean() < 6.0  # noise, and a tick of the joints
    assert info["touches"] == 0
    assert info["way"] > 0.02


def test_a_look_beyond_the_budget_moves_nothing_and_says_so(episode: Episode) -> None:
    _, info = episode.seen["late"]
    assert info["applied"] == InspectionCommand.null().model_dump()
    assert any("all 1 looks are used up" in note for note in info["notes"])
    assert info["looks"] == 1
    assert episode.joints["late"] == pytest.approx(episode.joints["look"], abs=0.01)


def test_the_last_report_of_a_part_counts(episode: Episode) -> None:
    scores = [episode.seen[name][1]["score"] for name in ("wrong", "right", "last")]
    assert scores == [0.0, 1.0, 1.0]
    assert [episode.seen[name][1]["reported"] for name in ("wrong", "right", "last")] == [1, 1, 2]
    assert episode.seen["right"][1]["states_right"] == 0.5
    assert episode.seen["right"][1]["applied"]["why"] == "a dark bow"


def test_done_folds_the_arm_and_ends_the_inspection(episode: Episode) -> None:
    _, info = episode.seen["done"]
    assert not any(ended for name, ended in episode.ended.items() if name != "done")
    assert episode.ended["done"]
    assert info["inspected"]
    assert info["about"] == {"verdict": "the dish has a dent"}
    assert episode.joints["done"] == pytest.approx(START, abs=0.03)
    assert info["touches"] == 0
    assert "so101: confirmed" in episode.halted["stop"]
    assert "turntable: confirmed" in episode.halted["stop"]
    with pytest.raises(EpisodeOver):
        step(episode.env, do="hold")


def test_done_before_all_is_reported_is_no_success_and_moves_no_arm_that_stood(make: Make) -> None:
    env = make(budget_seconds=0.0)
    env.reset()
    moves = [entry for entry in device(env).journal if entry.kind == "move"]
    _, _, info = step(env, **LOOK)
    assert any("0 s are over" in note for note in info["notes"])
    _, ended, info = step(env, do="done")
    assert ended
    assert not info["inspected"]
    assert [entry for entry in device(env).journal if entry.kind == "move"] == moves


@pytest.mark.parametrize("trouble", ["frozen", "black", "gone"])
def test_a_camera_that_fails_holds_the_arm_and_a_later_look_is_made(
    make: Make, trouble: Any
) -> None:
    env = make()
    env.reset()
    source(env).trouble = trouble
    assert env._rig is not None
    camera = env._rig.eyes._camera
    assert camera is not None
    patient, camera.checks = camera.checks, Checks(max_age_s=0.5, frozen_s=0.5)
    env._rig.eyes._look_s = 1.0
    info: dict[str, Any] = {}
    while "refused" not in info:
        observation, _, info = step(env, do="hold")
    assert info["refused"] in " ".join(info["notes"])
    assert np.array_equal(observation["frame"], dark(SIZE))  # no picture of before
    _, _, info = step(env, **LOOK)
    assert info["applied"]["do"] == "hold"
    assert info["looks"] == 0
    assert "failed" not in info
    source(env).trouble = None
    camera.checks, env._rig.eyes._look_s = patient, 20.0
    while "refused" in info:
        _, _, info = step(env, do="hold")
    _, _, info = step(env, **LOOK)
    assert info["looks"] == 1


def test_a_camera_that_stays_black_ends_the_run_and_says_why(make: Make) -> None:
    env = make(patience_s=0.5)
    env.reset()
    source(env).trouble = "black"
    info: dict[str, Any] = {}
    while "failed" not in info:
        _, _, info = step(env, do="hold")
    assert isinstance(info["failed"], CameraUnavailable)
    assert "black" in str(info["failed"])
    assert env.robot.is_stopped


def test_an_alarm_in_the_middle_stops_arm_and_turntable(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = make()
    env.reset()

    def alarm(motion: Any) -> Any:
        raise DeviceAlarm("elbow_flex is overloaded")

    monkeypatch.setattr(env.robot.robot, "move", alarm)
    _, _, info = step(env, **LOOK)
    assert isinstance(info["failed"], DeviceAlarm)
    assert any("overloaded" in note for note in info["notes"])
    assert info["looks"] == 0
    assert env._rig is not None
    assert [robot.is_stopped for robot in env._rig.robots] == [True, True]


def test_a_person_stops_a_look_on_its_way(make: Make) -> None:
    env = make()
    env.reset()
    arm = device(env)

    def stop() -> None:
        while arm.standing:
            pass
        env.stop("a person")

    thread = threading.Thread(target=stop)
    thread.start()
    _, _, info = step(env, **LOOK)
    thread.join()
    assert isinstance(info["failed"], RobotStopped)
    assert arm.standing


def test_a_report_does_not_go_on_after_a_stop(make: Make) -> None:
    env = make()
    env.reset()
    env.stop("a person")
    _, _, info = step(env, **report("dish", "dent"))
    assert isinstance(info["failed"], RobotStopped)
    assert info["reported"] == 0


def test_an_interrupted_inspection_stands_where_its_last_look_led(make: Make) -> None:
    env = make()
    _, before = env.reset()
    observation, _, info = step(env, **LOOK)
    env.close()
    past = [
        StepRecord(
            index=0, stamp=before["met"], sense_ms=0.0, think_ms=0.0, act_ms=0.0, prompt_hash="",
            raw="", wanted=None, applied=info["applied"], repairs={}, clamped=[], late=False,
            relations=[], measures={**before, "way": 0.25, "interventions": 3}, lag=0.0,
        )
    ]  # fmt: skip
    again, info = env.reset(options={"met": 40.0, "past": past})
    assert joints_of(again["telemetry"]) == pytest.approx(
        joints_of(observation["telemetry"]), abs=0.03
    )
    assert info["met"] >= 40.0
    assert (info["looks"], info["way"]) == (1, 0.25)
    assert info["interventions"] >= 3
    assert info["coverage"] > 0.0
    assert not [entry for entry in device(env).journal if entry.kind == "move"]


def test_a_cell_at_ports_is_planned_by_its_drawing_and_nobody_knows_its_truth(
    drawing: None,
) -> None:
    with EmulatedCell(SEED, size=SIZE) as cell:
        camera = Camera(
            CellSource(cell.plant, size=SIZE), checks=Checks(30.0, None), opening_s=60.0
        )
        env = InspectionEnv(cell=SEED, port=cell.port, camera=camera, parts=PARTS, size=SIZE)
        try:
            _, info = env.reset()
            assert not {"score", "coverage", "f1", "touches", "states_right"} & set(info)
            _, _, info = step(env, do="look", view="foil: back")  # its turntable cannot turn
            assert info["looks"] == 0
            assert any('no pose in reach shows "foil: back"' in note for note in info["notes"])
            _, _, info = step(env, **LOOK)
            assert info["looks"] == 1
            env.halt("enough")
            _, info = env.reset()  # it stands where it stands
            assert joints_of(info["telemetry"]) != pytest.approx(START, abs=0.1)
            env.stop("a person")
            with pytest.raises(RobotStopped):
                env.reset()
            assert cell.plant.touches == ()
        finally:
            env.close()


def test_a_part_that_is_missing_and_a_joint_that_slips_are_in_no_reading(make: Make) -> None:
    env = make(stress="missing:dish,slip", budget_views=2)
    env.reset()
    observation, _, info = step(env, **LOOK)
    told, true = joints_of(observation["telemetry"]), device(env).positions
    assert told == pytest.approx(true, abs=0.01)
    observation, _, info = step(env, do="look", view="dish: bowl, closer")
    told, true = joints_of(observation["telemetry"]), device(env).positions
    assert max(abs(a - b) for a, b in zip(told, true, strict=True)) == pytest.approx(0.05, abs=0.02)
    assert spots_of(observation["telemetry"])["dish: bowl"].side > 0.0
    _, _, info = step(env, **report("dish", "absent"))
    assert info["f1"] == 1.0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_inspection_passes_gymnasiums_own_check(drawing: None) -> None:
    env = gymnasium.make(
        "helmsight/Inspection-v0", size=SIZE, parts=("dish",), disable_env_checker=True
    )
    try:
        check_env(env.unwrapped, skip_render_check=True)
        telemetry = env.unwrapped.reset(seed=3)[0]["telemetry"]
        assert turntable_of(telemetry) == pytest.approx(CellPlan.draw(3).turntable, abs=0.01)
    finally:
        env.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.uncounted
@pytest.mark.parametrize("seed", [8])
def test_sites_all_around_are_looked_at_over_a_spoiled_line_and_nothing_is_touched(
    drawing: None, seed: int
) -> None:
    """The turntable has to turn. That all sites can be reached from each other, test_survey has."""
    parts = ("foil", "dish", "star tracker", "thruster 3")
    env = InspectionEnv(parts=parts, size=SIZE, faults="drop=0.005,flip=0.005")
    try:
        observation, _ = env.reset(seed=seed)
        turned = {turntable_of(observation["telemetry"])}
        for view in env.task.facts["tour"]:
            done = False
            for _ in range(3):
                observation, _, info = step(env, do="look", view=view)
                done = info["applied"]["do"] == "look"
                if done:
                    break
            assert done, info["notes"]
            turned.add(turntable_of(observation["telemetry"]))
        assert info["coverage"] >= 0.9
        assert max(turned) - min(turned) > 1.0
        step(env, do="done")
        assert env._rig is not None
        assert env._rig.cell is not None
        assert env._rig.cell.plant.touches == ()
    finally:
        env.close()


@pytest.mark.slow
def test_a_session_records_an_inspection_and_goes_on_with_it(drawing: None, tmp_path: Any) -> None:
    from helmsight.contract.observation import ObservationMode
    from helmsight.contract.pilot import Decision, Sighting
    from helmsight.contract.task import Task
    from helmsight.resuming import resume
    from helmsight.session import fly

    class Tour:
        """Looks at every site once, reports all as sound, and says done."""

        name, command = "tour", InspectionCommand
        needs: ObservationMode = "frame+telemetry"

        def reset(self, task: Task, seed: int) -> None:
            self._left = [
                *(InspectionCommand(do="look", view=view) for view in task.facts["tour"]),
                *(InspectionCommand(**report(part, "sound")) for part in task.objects),
                InspectionCommand(do="done"),
            ]

        def decide(self, sighting: Sighting) -> Decision:
            return Decision(self._left.pop(0))

    options = {"parts": PARTS, "size": SIZE}
    first = fly(
        "helmsight/Inspection-v0", Tour(), SEED, out=tmp_path / "run", steps=3,
        world_options=options, video=False,
    )  # fmt: skip
    assert (first.reason, first.summary["looks"]) == ("steps", 2)
    flight = resume(tmp_path / "run", steps=20, pilot=Tour())
    assert flight.reason == "inspected"
    assert [record.applied["do"] for record in flight.records] == [
        "look", "look", "report", "report", "done",
    ]  # fmt: skip
    assert (flight.summary["looks"], flight.summary["reported"]) == (2, 2)
    assert flight.summary["coverage"] == 1.0
    assert flight.summary["touches"] == 0
    assert flight.records[-1].measures["looks"] == 2
    assert replace(flight.records[0], measures={}) == replace(first.records[0], measures={})


@pytest.mark.parametrize("times", [1, 3])
def test_an_emulated_cell_that_does_not_answer_in_time_is_built_again(
    make: Make, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    began, opened = Rig.open, list[Rig]()

    def busy(rig: Rig) -> None:
        opened.append(rig)
        began(rig)
        if len(opened) <= times:
            raise NoReply("nothing came back")

    monkeypatch.setattr(Rig, "open", busy)
    env = make()
    if times == 3:
        with pytest.raises(NoReply):
            env.reset()
        return
    _, info = env.reset()
    assert "the emulated cell was built again: nothing came back" in info["notes"]
    assert len(opened) == 2
    assert opened[0].cell is None  # let go of
    assert not opened[0].arm.robot.link.is_open
    _, _, after = step(env, do="hold")
    assert "notes" not in after or not any("again" in note for note in after["notes"])
