"""The cell as a robot behind a serial port: real driver, real supervisor, real camera class."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.envs.inspection.camera import CellSource
from helmsight.envs.inspection.cell import START, Cell
from helmsight.envs.inspection.emulated import EmulatedCell
from helmsight.envs.inspection.eyes import Eyes
from helmsight.envs.inspection.plan import CellPlan
from helmsight.envs.inspection.plant import Plant
from helmsight.envs.inspection.routes import route
from helmsight.envs.inspection.viewpoints import Viewpoints
from helmsight.hardware.cameras import Camera, Checks, open_camera
from helmsight.hardware.errors import CameraUnavailable, FrameRefused
from helmsight.hardware.robot import JointTargets
from helmsight.hardware.supervisor import supervised

pytestmark = pytest.mark.serial
FACING = replace(CellPlan.draw(1), turntable=0.0)
SIZE = (160, 120)
PATIENT = Checks(max_age_s=30.0, frozen_s=None)


def keep_looking(camera: Camera, within_s: float = 30.0) -> None:
    """Look at one picture after another until one is refused."""
    number = 0
    for _ in range(1000):
        number = camera.look(within_s, after=number).number


def test_a_supervised_arm_reaches_a_viewpoint_and_touches_nothing() -> None:
    cell = Cell(FACING)
    views = Viewpoints(cell)
    view = next(view for found in views.all(1).values() for view in found)
    way = route(views.clearance, START, view.joints)
    assert way is not None
    with EmulatedCell(FACING) as emulated, supervised("so101", emulated.port) as robot:
        for place in way:
            state = robot.reach(place, timeout_s=60.0)
        assert state.positions == pytest.approx(view.joints, abs=0.025)
        real = emulated.emulation.device.positions
        assert state.positions == pytest.approx(real, abs=0.01)
        camera = views.pose(real)
        assert np.linalg.norm(camera.at - view.pose.at) < 0.01
        touches = emulated.plant.touches
    assert touches == ()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_is_planned_without_its_faults_touches_nothing_over_a_spoiled_line() -> None:
    plan = replace(CellPlan.draw(7), turntable=0.2)
    views = Viewpoints(Cell(plan.sound()))
    here: tuple[float, ...] = START
    with (
        EmulatedCell(plan, faults="drop=0.01,flip=0.005", seed=1) as emulated,
        supervised("so101", emulated.port) as robot,
    ):
        for view in (view for found in views.all(1).values() for view in found):
            way = route(views.clearance, here, view.joints)
            assert way is not None
            for place in way:
                robot.reach(place, timeout_s=60.0)
            here = view.joints
            off = views.pose(emulated.emulation.device.positions).at - view.pose.at
            assert np.linalg.norm(off) < 0.006
        touches = emulated.plant.touches
    assert len(touches) == 0, touches
    assert here != START


def test_a_stop_on_the_way_is_confirmed_and_within_bounds() -> None:
    with EmulatedCell(FACING) as emulated, supervised("so101", emulated.port) as robot:
        start = robot.state().positions
        robot.move(JointTargets((start[0] + 0.5, *start[1:]), 0.5))
        report = robot.stop("enough")
        assert report.state.standing
        stopped = report.state.positions[0]
        assert stopped - start[0] < 0.45
        robot.reset()
        assert robot.state().positions[0] == pytest.approx(stopped, abs=0.02)


def test_an_arm_that_is_held_again_and_again_does_not_sink() -> None:
    """A hold that made the place where a loaded servo hangs its goal would let it hang lower."""
    with EmulatedCell(FACING) as emulated, supervised("so101", emulated.port) as robot:
        loaded = (0.0, -1.2, 0.6, 1.3, 0.0, 0.3)  # the forearm's weight on the elbow
        before = robot.reach(loaded, timeout_s=60.0).positions
        for _ in range(20):
            robot.hold()
        assert robot.stop().state.positions == pytest.approx(before, abs=0.008)
        assert robot.reset().standing


def test_the_camera_sees_the_arm_move_while_it_moves(drawing: None) -> None:
    with EmulatedCell(FACING, size=SIZE) as emulated, supervised("so101", emulated.port) as robot:
        camera = emulated.camera()
        camera.checks = PATIENT
        with camera:
            before = camera.look(30.0)
            assert before.pixels.shape == (SIZE[1], SIZE[0], 3)
            robot.reach((0.4, *START[1:]), timeout_s=60.0)
            after = camera.look(30.0, after=camera.newest(30.0).number + 1)
            change = np.abs(after.pixels.astype(int) - before.pixels).mean()
            assert change > 10.0
            expected = Cell(FACING)
            expected.place(emulated.emulation.device.positions)
            clean = expected.look(size=SIZE).astype(int)
            assert np.abs(after.pixels - clean).mean() < 4.0  # noise, and a tick of the joints


def test_a_still_picture_has_noise_and_a_hung_camera_has_none(drawing: None) -> None:
    source = CellSource(Plant(FACING), size=SIZE, fps=30.0)
    with Camera(source, checks=Checks(max_age_s=30.0, frozen_s=0.2)) as camera:
        first = camera.look(30.0)
        second = camera.look(30.0, after=first.number)
        difference = np.abs(second.pixels.astype(int) - first.pixels)
        assert 0.3 < difference.mean() < 4.0
        source.trouble = "frozen"
        with pytest.raises(FrameRefused, match="frozen"):
            keep_looking(camera)
        source.trouble = "black"
        camera.newest(30.0, after=camera.newest(30.0).number + 1)
        with pytest.raises(FrameRefused, match="black"):
            keep_looking(camera)


def test_what_stands_still_is_drawn_once_and_anew_when_it_moves(
    drawing: None, arm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, drawn = Eyes.picture, []

    def picture(*seen: Any) -> Any:
        drawn.append(seen)
        return draw(*seen)

    monkeypatch.setattr(Eyes, "picture", picture)
    source = CellSource(arm.plant, size=SIZE, fps=1000.0)
    source.open()
    try:
        arm.wait(3.0)  # until it has come to rest under its weight
        still = [source.read()[0].astype(int) for _ in range(3)]
        assert len(drawn) == 1
        assert 0.3 < np.abs(still[2] - still[1]).mean() < 4.0  # the noise is new each time
        arm.go("shoulder_pan", 0.3)
        arm.wait(1.0)
        moved = source.read()[0].astype(int)
        assert len(drawn) == 2
        assert np.abs(moved - still[2]).mean() > 8.0
    finally:
        source.close()


def test_a_camera_that_is_gone_is_opened_again_when_it_is_back(drawing: None) -> None:
    source = CellSource(Plant(FACING), size=SIZE, fps=30.0)
    with Camera(source, checks=PATIENT) as camera:
        camera.look(30.0)
        source.trouble = "gone"
        with pytest.raises(FrameRefused, match="no new picture"):
            keep_looking(camera, within_s=0.5)
        source.trouble = None
        assert camera.newest(30.0, after=camera.counters.frames).number > 1
        assert camera.counters.reconnects >= 1


def test_another_program_reads_the_camera_at_its_address(drawing: None) -> None:
    with EmulatedCell(FACING, size=SIZE, camera_port=0) as emulated:
        assert emulated.address is not None
        with open_camera(emulated.address, checks=PATIENT) as camera:
            frame = camera.look(30.0)
            expected = Cell(FACING).look(size=SIZE).astype(int)
            assert frame.pixels.shape == expected.shape
            assert np.abs(frame.pixels - expected).mean() < 8.0  # noise and JPEG
            assert camera.look(30.0, after=frame.number).number > frame.number


def test_a_port_that_is_taken_is_told_and_leaves_nothing_behind(drawing: None) -> None:
    with EmulatedCell(FACING, size=SIZE, camera_port=0) as first:
        assert first.address is not None
        port = int(first.address.rpartition(":")[2].partition("/")[0])
        before = set(threading.enumerate())
        with pytest.raises(InvalidOption, match=f"camera port {port}"):
            EmulatedCell(FACING, camera_port=port)
        assert set(threading.enumerate()) <= before  # those of others may end meanwhile


def test_a_lens_out_of_focus_blurs(drawing: None) -> None:
    def edges(blur_px: float) -> float:
        source = CellSource(Plant(FACING), size=SIZE, blur_px=blur_px)
        with Camera(source, checks=PATIENT) as camera:
            return float(cv2.Laplacian(camera.look(30.0).pixels, cv2.CV_64F).std())

    assert edges(2.0) < 0.6 * edges(0.0)


def test_a_camera_that_the_cell_has_not_is_refused_by_name() -> None:
    with pytest.raises(InvalidOption, match="wrist, overview"):
        CellSource(Plant(FACING), "elbow")


def test_the_turntable_is_a_supervised_robot_of_its_own() -> None:
    with (
        EmulatedCell(FACING) as emulated,
        supervised("turntable", emulated.turntable_port) as table,
    ):
        table.reach((0.3,), timeout_s=60.0)
        assert emulated.plant.turntable == pytest.approx(0.3, abs=0.025)
        assert emulated.plant.touches == ()


def test_a_machine_that_cannot_draw_says_so_when_the_camera_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no library")

    monkeypatch.setattr("helmsight.hardware.gl.mujoco.Renderer", fail)
    with pytest.raises(CameraUnavailable, match="MUJOCO_GL"):
        EmulatedCell(FACING, camera_port=0)


def test_pictures_are_sent_as_they_are_seen(drawing: None) -> None:
    """Red is red after JPEG: OpenCV has it the other way round."""
    with EmulatedCell(FACING, size=SIZE, camera_port=0) as emulated:
        assert emulated.address is not None
        capture = cv2.VideoCapture(emulated.address)
        good, bgr = capture.read()
        capture.release()
    assert good
    expected = Cell(FACING).look(size=SIZE).astype(int)
    rgb = bgr[:, :, ::-1].astype(int)
    assert np.abs(rgb - expected).mean() < np.abs(bgr.astype(int) - expected).mean()
