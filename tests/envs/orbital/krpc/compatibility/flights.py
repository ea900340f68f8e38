"""KSPDG's calls, in KSPDG's order, by a real krpc client: run in a process of its own by conftest.

One line of JSON asks for a task below by name, one line answers. Times are the world's: where KSPDG
waits on its wall clock, `wait` steps the world, so that a flight takes no time and ends the same.
"""

from __future__ import annotations

import json
import math
import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import krpc

Vector = tuple[float, float, float]
Bot = Iterator[float]
"""A bot in turns: each yields the time until the next, s."""

NEAR = 2200.0  # E2 and E3 do nothing further away, m
TICK = 0.02  # of the world, s: a bot that asks all the time asks once in each
CONTROLS = ("forward", "right", "up")


def norm(vector: Vector) -> float:
    return math.sqrt(sum(part * part for part in vector))


def reverse(vector: Vector) -> Vector:
    return (-vector[0], -vector[1], -vector[2])


def swap(vector: Vector) -> list[float]:
    """Turn kRPC's left-handed axes (y north) into KSPDG's right-handed ones (z north), or back."""
    return [vector[0], vector[2], vector[1]]


def connected(ports: list[int]) -> Any:
    """Return a client of any version, with services that no stub knows."""
    return krpc.connect(name="kspdg_env", rpc_port=ports[0], stream_port=ports[1])


class Episode:
    """An episode of one save: PE1 and SB1 have (evader, pursuer), LBG1 (lady, bandit, guard)."""

    def __init__(self, ports: list[int], save: str, *, lockstep: bool = True) -> None:
        self.conn = connected(ports)
        self.space = self.conn.space_center
        self.lockstep = lockstep
        self.conn.krpc.paused = True
        self.space.load(save)
        self.conn.helmsight.lockstep = lockstep
        self.conn.krpc.paused = False
        self.vessels = self.space.vessels
        if save.startswith("lbg1"):
            self.target, self.agent, self.guard = self.vessels
        else:
            self.target, self.agent = self.vessels

    def wait(self, seconds: float) -> None:
        if self.lockstep:
            self.conn.helmsight.step(seconds)
        else:
            time.sleep(seconds / self.conn.helmsight.rate)

    def reset(self, waits: tuple[float, float, float] = (1.0, 0.1, 2.0)) -> None:
        self.space.active_vessel = self.agent
        self.space.target_vessel = self.target
        self.wait(waits[0])
        self.agent.control.sas = True
        self.wait(waits[1])
        self.agent.control.sas_mode = self.agent.control.sas_mode.target
        self.wait(waits[2])
        self.agent.control.rcs = True

    def observe(self) -> list[float]:
        """KSPDG's observation: eleven calls, thirteen with a guard."""
        frame = self.agent.orbit.body.non_rotating_reference_frame
        seen = [self.agent.met, self.agent.mass, self.agent.resources.amount("MonoPropellant")]
        for vessel in (self.agent, self.target, *self.vessels[2:]):
            seen += swap(vessel.position(frame)) + swap(vessel.velocity(frame))
        return seen

    def burn(self, forward: float, right: float, down: float, seconds: float) -> None:
        self.agent.control.forward = forward
        self.agent.control.right = right
        self.agent.control.up = -down
        self.wait(seconds)
        self.agent.control.forward = 0.0
        self.agent.control.up = 0.0
        self.agent.control.right = 0.0

    def distance(self) -> float:
        return norm(self.target.position(self.agent.reference_frame))

    def to_body(self, burn: list[float], frame: int) -> tuple[float, float, float]:
        """Turn a burn of frame 1 (inertial) or 2 (orbital) to (forward, right, down)."""
        if frame == 1:
            given, axes = swap((burn[0], burn[1], burn[2])), self.inertial()
        else:
            given, axes = [-burn[0], burn[1], burn[2]], self.agent.orbital_reference_frame
        turned = self.space.transform_direction(
            direction=tuple(given), from_=axes, to=self.agent.reference_frame
        )
        return turned[1], turned[0], turned[2]

    def inertial(self) -> Any:
        return self.agent.orbit.body.non_rotating_reference_frame

    def sun(self) -> list[float]:
        """KSPDG's sun vector, of unit length, and its reward: two dictionaries of bodies."""
        away = self.space.bodies["Sun"].position(self.inertial())
        evader = self.target.position(self.agent.reference_frame)
        sun = self.space.bodies["Sun"].position(self.agent.reference_frame)
        facing = sum(a * b for a, b in zip(evader, sun, strict=True)) / norm(evader) / norm(sun)
        reward = -facing * math.exp(-1e-5 * (norm(evader) - 100.0) ** 2)
        return [part / norm(away) for part in swap(away)] + [reward]

    def close(self) -> None:
        self.conn.close()


def passive(flight: Episode) -> Bot:
    """E1 and LG0."""
    return iter(())


def drawn() -> Iterator[list[float]]:
    """Draw E2's seconds, whether it moves, whether it turns, and three values for each."""
    draw = random.Random(4)
    while True:
        chances = [2.0 * draw.random(), draw.random() < 0.5, draw.random() < 0.5]
        yield chances + [draw.uniform(-1.0, 1.0) for _ in range(6)]


def rambling(flight: Episode, draws: Iterable[list[float]] | None = None) -> Bot:
    """E2: while near random inputs for random times; an axis that is not drawn is put to rest."""
    evader, awake = flight.target, False
    for seconds, moves, turns, *values in draws or drawn():
        while flight.distance() >= NEAR:  # the last inputs stay
            yield TICK
        if not awake:
            evader.control.sas = True
            evader.control.sas_mode = evader.control.sas_mode.prograde
            evader.control.rcs = True
            awake = True
        evader.control.forward = moves * values[0]
        evader.control.right = moves * values[1]
        evader.control.up = -moves * values[2]
        evader.control.pitch = turns * values[3]
        evader.control.yaw = turns * values[4]
        evader.control.roll = turns * values[5]
        yield seconds


def wary(flight: Episode, nearer_than: float = 200.0) -> Bot:
    """E3: burns along the orbit's normal while the pursuer is near."""
    evader, awake = flight.target, False
    while True:
        distance = flight.distance()
        if distance < NEAR:
            if not awake:
                evader.control.sas = True
                evader.control.sas_mode = evader.control.sas_mode.normal
                evader.control.rcs = True
                awake = True
            evader.control.forward = 1.0 if distance < nearer_than else 0.0
        yield TICK


def engage_prograde(vessel: Any) -> None:
    """Hand a craft to its autopilot, level in its orbital frame: prograde."""
    pilot = vessel.auto_pilot
    pilot.reference_frame = vessel.orbital_reference_frame
    pilot.target_pitch = pilot.target_heading = pilot.target_roll = 0.0
    pilot.engage()


def cruising(flight: Episode) -> Bot:
    """E4: the autopilot holds prograde, a fifth of the thrust all the time."""
    evader = flight.target
    engage_prograde(evader)
    yield 0.5
    evader.control.rcs = True
    evader.control.forward = 0.2
    while True:
        yield 0.5


def guarding(flight: Episode) -> Bot:
    """LG1: the guard brakes against the bandit, burns towards it, coasts, and again.

    It gives up braking, and burning, after 30 s, and a burn that leads astray after one.
    """
    guard, bandit = flight.guard, flight.agent

    def passed(since: float, seconds: float) -> bool:
        return bool(guard.met - since > seconds + 1e-6)

    pilot = guard.auto_pilot
    pilot.reference_frame = guard.orbital_reference_frame
    pilot.engage()
    yield 1.0
    guard.control.rcs = True
    while True:
        began = guard.met
        while norm(velocity := bandit.velocity(guard.orbital_reference_frame)) >= 0.2:
            if passed(began, 30.0):
                break
            pilot.target_direction = reverse(velocity)
            guard.control.forward = 0.0 if pilot.error > 30.0 else -1.0
            yield TICK
        guard.control.forward = 0.0
        pilot.target_direction = bandit.position(guard.orbital_reference_frame)
        yield 1.0
        began = guard.met
        while norm(bandit.velocity(guard.orbital_reference_frame)) <= 10.0:
            astray = _misaligned(bandit, guard) > math.radians(15.0)
            if passed(began, 30.0) or (astray and passed(began, 1.0)):
                break
            pilot.target_direction = bandit.position(guard.orbital_reference_frame)
            guard.control.forward = 1.0
            yield TICK
        guard.control.forward = 0.0
        while _misaligned(bandit, guard) <= math.radians(15.0):
            pilot.target_direction = reverse(bandit.velocity(guard.orbital_reference_frame))
            yield TICK


def _misaligned(bandit: Any, guard: Any) -> float:
    """Return the angle between the bandit's place and the way that the guard closes in, rad."""
    place = bandit.position(guard.orbital_reference_frame)
    way = reverse(bandit.velocity(guard.orbital_reference_frame))
    along = sum(a * b for a, b in zip(place, way, strict=True)) / norm(place) / norm(way)
    return math.acos(min(1.0, max(-1.0, along)))


def fleeing(flight: Episode, heading: float = 90.0) -> Bot:
    """LG2's lady: turns to the orbit's normal, or against it, and burns for half a second."""
    lady = flight.target
    engage_prograde(lady)
    yield 1.0
    lady.auto_pilot.target_heading = heading
    yield 9.0
    lady.parts.engines[0].active = True
    lady.control.throttle = 1.0
    yield 0.5
    lady.control.throttle = 0.0
    yield from guarding(flight)


BOTS: dict[str, Callable[..., Bot]] = {
    "E1": passive, "E2": rambling, "E3": wary, "E4": cruising, "LG1": guarding, "LG2": fleeing,
}  # fmt: skip


def load(ports: list[int], save: str) -> list[dict[str, Any]]:
    """What a save holds, before the world has moved."""
    flight = Episode(ports, save)
    frame = flight.inertial()
    vessels = [
        {
            "name": vessel.name,
            "met": vessel.met,
            "mass": vessel.mass,
            "monopropellant": vessel.resources.amount("MonoPropellant"),
            "engines": len(vessel.parts.engines),
            "position": swap(vessel.position(frame)),
            "velocity": swap(vessel.velocity(frame)),
        }
        for vessel in flight.vessels
    ]
    flight.close()
    return vessels


def reset(ports: list[int], save: str, pause: bool = False) -> dict[str, Any]:
    """A reset, and what there is to see after it. pause: the world stands when this has gone."""
    flight = Episode(ports, save)
    flight.reset()
    before = flight.conn.krpc.get_status().rpcs_executed
    observation = flight.observe()
    calls = flight.conn.krpc.get_status().rpcs_executed - before - 1
    control = flight.agent.control
    seen = {
        "observation": observation,
        "calls": calls,
        "sas": control.sas,
        "rcs": control.rcs,
        "targeting": control.sas_mode == flight.space.SASMode.target,
        "active": flight.space.active_vessel == flight.agent,
        "target": flight.space.target_vessel == flight.target,
        "towards": flight.target.position(flight.agent.reference_frame),
    }
    flight.conn.krpc.paused = pause
    flight.close()
    return seen


def burns(ports: list[int], save: str, burns: list[list[float]]) -> list[list[float]]:
    """Observations after a reset and after each burn (forward, right, down, seconds)."""
    flight = Episode(ports, save)
    flight.reset()
    seen = [flight.observe()]
    for burn in burns:
        flight.burn(*burn)
        seen.append(flight.observe())
    flight.close()
    return seen


def turned(ports: list[int], save: str, mode: str, burn: list[float], frame: int) -> dict[str, Any]:
    """A burn given in inertial or orbital axes, with the nose along an SAS mode, RCS off before."""
    flight = Episode(ports, save)
    flight.reset()
    flight.space.target_vessel = None
    flight.agent.control.rcs = False
    flight.agent.control.sas_mode = getattr(flight.agent.control.sas_mode, mode)
    flight.wait(2.0)
    flight.agent.control.rcs = True
    body = flight.to_body(burn, frame)
    before = flight.observe()
    flight.burn(*body, 1.0)
    flight.wait(1.0)
    seen = {"body": body, "before": before, "after": flight.observe()}
    flight.close()
    return seen


def pointed(ports: list[int], save: str, modes: list[str], seconds: float) -> list[Vector]:
    """The nose in the orbital frame, `seconds` after each choice of an SAS mode."""
    flight = Episode(ports, save)
    flight.reset()
    flight.space.target_vessel = None
    flight.agent.control.rcs = False
    flight.wait(0.5)
    noses = []
    for mode in modes:
        flight.agent.control.sas_mode = getattr(flight.agent.control.sas_mode, mode)
        flight.wait(seconds)
        noses.append(flight.agent.direction(flight.agent.orbital_reference_frame))
    flight.close()
    return noses


def bot(
    ports: list[int], save: str, name: str, seconds: float, options: dict[str, float]
) -> dict[str, Any]:
    """Fly against a bot with the agent's thrusters at rest."""
    flight = Episode(ports, save)
    flight.reset((0.5, 0.1, 0.5))
    seen, speeds, left = [flight.observe()], [], seconds
    for pause in BOTS[name](flight, **options):
        if save.startswith("lbg1"):
            frame = flight.guard.orbital_reference_frame
            speeds.append(norm(flight.agent.velocity(frame)))
        flight.wait(min(pause, left))
        left -= pause
        if left <= 0.0:
            break
    flight.wait(max(0.0, left))
    seen.append(flight.observe())
    masses = [vessel.mass for vessel in flight.vessels]
    flight.close()
    return {"observations": seen, "masses": masses, "speeds": speeds}


def evaded(
    ports: list[int], save: str, name: str, start: float, end: float, draws: list[list[float]]
) -> dict[str, Any]:
    """Leave the evader to a bot from mission time `start` to `end`; it is asked between ticks.

    The axes that are returned are its nose, right wing and belly in right-handed inertial axes.
    """
    flight = Episode(ports, save)
    flight.wait(start - flight.target.met)
    mind = rambling(flight, draws) if name == "E2" else BOTS[name](flight)
    left = round((end - start) / TICK)
    while left > 0:
        ticks = min(left, math.ceil(next(mind) / TICK - 1e-6))
        flight.wait(ticks * TICK)
        left -= ticks
    body = flight.target.reference_frame
    axes = [
        swap(flight.space.transform_direction(direction, body, flight.inertial()))
        for direction in ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    ]
    seen = {"observation": flight.observe(), "axes": axes}
    flight.close()
    return seen


def sun(ports: list[int], save: str) -> list[float]:
    """The sun's direction (right-handed) and the reward."""
    flight = Episode(ports, save)
    seen = flight.sun()
    flight.close()
    return seen


def race(ports: list[int], save: str, capture: float, timeout: float) -> dict[str, Any]:
    """An episode on the wall clock: main, bot and termination threads on one connection."""
    flight = Episode(ports, save, lockstep=False)
    flight.reset()
    over, why = threading.Event(), list[str]()

    def watch() -> None:
        while not why:
            if flight.distance() < capture:
                why.append("captured")
            elif flight.agent.met > timeout:
                why.append("timeout")
        over.set()

    def move() -> None:
        for pause in rambling(flight):
            if over.wait(pause / flight.conn.helmsight.rate):
                return

    threads = [threading.Thread(target=watch), threading.Thread(target=move)]
    for thread in threads:
        thread.start()
    steps = 0
    while not steps or not over.is_set():
        flight.burn(0.0, 0.0, 0.0, 1.0)
        flight.observe()
        steps += 1
    observation = flight.observe()  # that of a step may be from before the end
    for thread in threads:
        thread.join()
    distance = flight.distance()
    flight.close()
    return {"why": why[0], "met": observation[0], "steps": steps, "distance": distance}


class Thinker:
    """The agent's half of KSPDG's AgentEnvRunner: it asks for an observation, thinks, answers, and
    asks again at once. Its thinking takes `think` seconds of the world's time.

    Attributes:
        asks: whether it waits for an observation. answered: what it has sent, and nobody took yet.
    """

    def __init__(self, think: float, answers: list[list[float]]) -> None:
        self.think, self.answers = think, iter(answers)
        self.asks = True
        self.answered: list[list[float]] = []
        self._ready = math.inf

    def shown(self, now: float) -> None:
        """Take an observation at the world time `now`, s, and begin to think."""
        self.asks, self._ready = False, now + self.think

    def live(self, now: float) -> None:
        """Go on until `now`: an answer may be there, and the next question with it."""
        if now >= self._ready - 1e-6:
            self.asks, self._ready = True, math.inf
            self.answered.append(next(self.answers))


def runner(
    ports: list[int], scenario: str, think: float, answers: list[list[float]], steps: int
) -> dict[str, Any]:
    """The game's half of AgentEnvRunner: what was applied from when on, and what was shown.

    In every turn it first shows an observation if it is asked for one, then looks once for an
    answer, and then takes one whole step with the newest that there is. Before the first it turns
    idly, and the answer comes between the two looks (in the real one it mostly does). Answers are
    (x, y, z, seconds, number of their frame), steps are (world time, answer).
    """
    flight = Episode(ports, scenario.lower().replace("-e1-", "_") + "_init")
    flight.conn.helmsight.reset(scenario, 0)
    flight.vessels = flight.space.vessels
    flight.target, flight.agent = flight.vessels
    agent = Thinker(think, answers)
    action: list[float] | None = None
    began: list[tuple[float, list[float]]] = []
    seen: list[list[float]] = []
    while len(began) < steps:
        agent.live(flight.space.ut)
        if agent.asks:
            seen.append(flight.observe())
            agent.shown(flight.space.ut)
        if action is None:
            flight.wait(0.02)
            agent.live(flight.space.ut)
        if agent.answered:
            action = agent.answered.pop(0)
        if action is not None:
            began.append((flight.space.ut, action))
            *burn, seconds, frame = action
            body = burn if frame == 0 else flight.to_body(burn, int(frame))
            flight.burn(body[0], body[1], body[2], seconds)
    flight.close()
    return {"began": began, "seen": seen}


def again(ports: list[int], save: str) -> dict[str, Any]:
    """An agent's own connection, made before the episode, and a reset in mid-burn."""
    agent = krpc.connect(name="agent", rpc_port=ports[0], stream_port=ports[1])
    agent.space_center.load(save)
    vessel = agent.space_center.vessels[1]
    flight = Episode(ports, save)
    flight.reset()
    flight.agent.control.forward = 1.0
    flight.target.auto_pilot.engage()
    flight.wait(2.0)
    spent = vessel.mass
    flight.close()  # without a goodbye, its thrusters on
    flight = Episode(ports, save)
    control = flight.agent.control
    seen = {
        "spent": spent,
        "mass": vessel.mass,
        "forward": control.forward,
        "sas": control.sas,
        "rcs": control.rcs,
        "target": flight.space.target_vessel,
        "same": vessel._object_id == flight.agent._object_id,
    }
    flight.close()
    agent.close()
    return seen


def refused(ports: list[int], save: str) -> str:
    """What the client says of a save that there is not."""
    conn = krpc.connect(rpc_port=ports[0], stream_port=ports[1])
    try:
        conn.space_center.load(save)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        conn.close()
    return "loaded"


def version() -> str:
    return str(krpc.__version__)  # type: ignore[attr-defined]


TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        load, reset, burns, turned, pointed, bot, evaded, sun, race, runner, again, refused,
        version,
    )
}  # fmt: skip

if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"value": TASKS[asked["task"]](**asked["given"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
