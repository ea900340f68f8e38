"""The Helmsight service: episodes over the wire are those of the native environment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import cv2
import krpc
import numpy as np
import pytest

from helmsight.envs.orbital.env import PursuitEnv
from helmsight.envs.orbital.krpc.serving import Running, serve
from helmsight.envs.orbital.panel import TELEMETRY
from helmsight.envs.orbital.scenarios import EVADER, PURSUER, PURSUITS

# (forward, right, down, seconds); throttles that a float32 holds exactly.
BURNS = ((1.0, 0.0, 0.0, 2.0), (0.5, -0.25, 0.125, 0.5), (0.0, 1.0, -1.0, 0.5),
         (-0.75, 0.0, 0.5, 1.0), (0.0, 0.0, 0.0, 4.0))  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    """A server of the twin."""
    with serve("PE1-E1-I3", rpc_port=0, stream_port=0) as server:
        yield server


def connect(served: Running, **options: Any) -> Any:
    return krpc.connect(rpc_port=served.rpc_port, stream_port=served.stream_port, **options)


@pytest.fixture
def conn(served: Running) -> Iterator[Any]:
    """A client."""
    client = connect(served)
    yield client
    client.close()


def swapped(vector: Any) -> list[float]:
    """Return a vector of kRPC's left-handed frame in the twin's."""
    x, y, z = vector
    return [x, z, y]


@pytest.mark.slow
@pytest.mark.uncounted
@pytest.mark.parametrize("name", ["PE1-E3-I1", "PE1-E4-I3"])
def test_the_same_burns_over_the_wire_are_the_same_flight_as_in_the_native_environment(conn, name):
    env = PursuitEnv(name, observation="telemetry", time="paused")
    _, info = env.reset(seed=3)
    conn.helmsight.reset(name, 3)
    evader, pursuer = conn.space_center.vessels
    frame = pursuer.orbit.body.non_rotating_reference_frame
    control, tank = pursuer.control, pursuer.resources
    for forward, right, down, seconds in cycle(BURNS):
        action = {"burn": np.array([forward, right, down, seconds]), "frame": 0}
        observation, _, captured, truncated, info = env.step(action)
        control.forward, control.right, control.up = forward, right, -down
        met = conn.helmsight.step(seconds)
        telemetry = [met, pursuer.mass, tank.amount("MonoPropellant")]
        for vessel in (pursuer, evader):
            telemetry += swapped(vessel.position(frame)) + swapped(vessel.velocity(frame))
        np.testing.assert_allclose(telemetry, observation["telemetry"], rtol=1e-6)
        assert conn.helmsight.telemetry == list(observation["telemetry"])
        assert conn.helmsight.score == pytest.approx(info["score"], rel=1e-6)
        assert conn.helmsight.closest_approach == pytest.approx(info["closest_approach"], rel=1e-6)
        if conn.helmsight.over:
            break
    assert captured or truncated
    assert conn.helmsight.captured == captured
    assert met > 100.0


@pytest.mark.slow
def test_reset_begins_as_the_native_environment_does_for_every_seed(conn):
    for seed in (0, 3, 7):
        env = PursuitEnv("PE1-E2-I4", observation="telemetry")
        wanted, _ = env.reset(seed=seed)
        conn.helmsight.reset("pe1_e2_i4", seed)
        assert conn.helmsight.telemetry == list(wanted["telemetry"])
        assert conn.helmsight.seed == seed
    assert conn.helmsight.scenario == "PE1-E2-I4"
    assert conn.helmsight.bot == "evader that burns at random within 2,200 m"
    assert conn.space_center.active_vessel == conn.space_center.vessels[PURSUER]
    assert conn.space_center.target_vessel == conn.space_center.vessels[EVADER]


def test_telemetry_is_kspdgs_fifteen_numbers(conn):
    conn.helmsight.reset("PE1-E1-I3")
    assert len(conn.helmsight.telemetry) == len(TELEMETRY) == 15
    assert conn.helmsight.telemetry[0] == conn.space_center.ut


def test_nothing_moves_between_steps_and_all_does_when_lockstep_ends(conn):
    conn.helmsight.reset("PE1-E1-I3")
    ut = conn.space_center.ut
    assert conn.helmsight.lockstep
    assert conn.space_center.ut == ut
    assert conn.helmsight.step(0.5) == pytest.approx(ut + 0.5)
    conn.helmsight.lockstep = False
    moving = conn.add_stream(getattr, conn.space_center, "ut")
    with moving.condition:
        while moving() < ut + 0.6:
            moving.wait(timeout=600)
    conn.helmsight.lockstep = True
    assert conn.space_center.ut == conn.space_center.ut


def test_steps_owe_what_is_left_of_a_physics_step(conn):
    conn.helmsight.reset("PE1-E1-I3")
    ut = conn.space_center.ut
    for _ in range(10):
        last = conn.helmsight.step(0.05)
    assert last == pytest.approx(ut + 0.5)


@pytest.mark.slow
def test_lockstep_ends_when_the_client_that_asked_for_it_is_gone(served, conn):
    other = connect(served)
    other.helmsight.reset("PE1-E1-I3")
    assert conn.helmsight.lockstep
    other.close()
    moving = conn.add_stream(getattr, conn.helmsight, "lockstep")
    with moving.condition:
        while moving():
            moving.wait(timeout=600)
    assert not conn.helmsight.lockstep


@pytest.mark.slow
def test_a_client_that_leaves_does_not_end_the_lockstep_of_another(served, conn):
    other = connect(served)
    other.helmsight.reset("PE1-E1-I3")
    conn.helmsight.step(0.1)  # takes it over
    other.close()
    ut = conn.space_center.ut
    conn.helmsight.step(0.1)
    assert conn.helmsight.lockstep
    assert conn.space_center.ut == pytest.approx(ut + 0.1)


def test_a_save_has_no_task_and_says_so(conn):
    conn.space_center.load("sb1_i5_init")
    assert conn.helmsight.scenario == "sb1_i5_init"
    assert conn.helmsight.bot == ""
    for name in ("score", "captured", "telemetry", "closest_approach"):
        with pytest.raises(RuntimeError, match=r"Helmsight\.Reset"):
            getattr(conn.helmsight, name)


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [("reset", ("PE1-E9-I1", 0), "Did you mean"), ("reset", ("PE1-E1-I1", -1), "seed -1"),
     ("step", (float("nan"),), "0 to 3600"), ("step", (-1.0,), "0 to 3600"),
     ("step", (4000.0,), "0 to 3600")],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_can(conn, method, arguments, said):
    with pytest.raises(ValueError, match=said):
        getattr(conn.helmsight, method)(*arguments)


@pytest.mark.parametrize("rate", [0.0, -1.0, 1001.0, float("nan")])
def test_rates_are_above_0_and_at_most_1000(conn, rate):
    with pytest.raises(ValueError, match="1000"):
        conn.helmsight.rate = rate
    assert conn.helmsight.rate == 1.0


def test_what_there_is_to_fly_is_listed(conn):
    assert conn.helmsight.scenarios == list(PURSUITS)
    assert "lbg1_i2_init" in conn.helmsight.save_names


@pytest.mark.slow
def test_the_frame_is_the_cockpit_picture_of_the_active_vessel(conn):
    conn.helmsight.reset("PE1-E1-I3")
    png = conn.helmsight.frame
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    env = PursuitEnv("PE1-E1-I3")
    native = env.reset(seed=0)[0]["frame"]
    np.testing.assert_array_equal(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), native)
