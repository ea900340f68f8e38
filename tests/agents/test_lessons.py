"""Lessons out of recorded runs: in the model's words or composed anew, answers flown or expert."""

from __future__ import annotations

from collections import Counter

import pytest

from helmsight.agents.asking_style import AskingStyle, Views
from helmsight.agents.config import OperatorConfig
from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import CannotResume, NotAsked
from helmsight.agents.lessons import Course, at_home, lessons, nearest
from helmsight.agents.models.scripted import ScriptedVLM
from helmsight.agents.operator import Operator
from helmsight.agents.retrace import retraced
from helmsight.contract.observation import ObservationMode
from helmsight.contract.pilot import Decision
from helmsight.contract.sent import View
from helmsight.envs.orbital.command import BurnCommand
from helmsight.envs.orbital.task import pursuit_task
from helmsight.tools.player import load_run
from helmsight.tools.recorder import Recorder

ANSWER = '{"forward": 0.4, "right": 0, "down": 0, "duration": 0.5}'


class Halving:
    """An expert that answers by the range alone; it keeps what it was shown."""

    name = "halving"
    needs: ObservationMode = "telemetry"

    def reset(self, task, seed):
        self.task, self.seen = task, []

    def decide(self, sighting):
        self.seen.append(sighting)
        away = float(sighting.observation["telemetry"][0])
        return Decision(self.task.command(forward=-1.0 if away < 980 else 0.9))


@pytest.fixture
def flown(world, tmp_path):
    """Return a function that records three steps, and returns the run, its task and its states."""

    def fly(pilot, observation="frame+telemetry"):
        recorder = Recorder(tmp_path / "run", video=False, page=False)
        env = world(observation)
        Operator(env, pilot, listeners=[recorder]).fly(max_steps=3, seed=5)
        run = load_run(tmp_path / "run")

        def states():
            return retraced(run, world("telemetry"), OperatorConfig())

        return run, env.task, states

    return fly


def model(answer=ANSWER, **style):
    return ModelPilot(ScriptedVLM(answers=[answer]), "scripted", AskingStyle(**style))


def test_a_run_teaches_what_its_model_was_sent_and_answered(flown):
    run, task, states = flown(model(needs="frame", think="none"), "frame")
    made = list(lessons(run, task, states, Course(rounded=False), Counter()))
    assert [lesson.step for lesson in made] == [0, 1, 2]
    assert made[0].answer == ANSWER
    views = [part.view for m in made[0].messages for part in m.parts if isinstance(part, View)]
    assert views == ["frame", "navball", "readouts"]
    assert [file.data[:4] for file in made[0].pictures] == [b"\x89PNG"] * 3
    assert [turn["role"] for turn in made[0].turns()] == ["system", "user", "assistant"]


def test_a_model_that_thinks_is_taught_its_own_words(flown):
    said = '{"reason": "it is far", "forward": 0.4, "right": 0, "down": 0, "duration": 0.5}'
    run, task, states = flown(model(said))
    made = list(lessons(run, task, states, Course(verbatim=True), Counter()))
    assert [lesson.answer for lesson in made] == [said] * 3


def test_an_expert_is_asked_at_the_states_that_the_model_came_to(flown):
    run, task, states = flown(model(needs="frame"), "frame")  # no telemetry was shown or recorded
    expert = Halving()
    made = list(lessons(run, task, states, Course(expert=expert), Counter()))
    assert [lesson.answer[:14] for lesson in made] == ['{"forward": 1,'] * 2 + ['{"forward": -1']
    assert [s.stamp for s in expert.seen] == [record.stamp for record in run.records]
    assert [len(s.history) for s in expert.seen] == [0, 1, 2]


def test_messages_are_composed_for_a_run_that_no_model_flew(flown):
    run, task, states = flown(Halving())
    course = Course(style=AskingStyle(views=Views(size=16, names=("navball",))))
    made = list(lessons(run, task, states, course, Counter()))
    live = model(views=Views(size=16, names=("navball",)))
    live.reset(task, 5)
    last = list(states())[-1][1]
    assert made[-1].messages[1].text == live.composer.asked(last)[0][1].content[-1]["text"]
    assert "propellant: plenty" in made[-1].messages[1].text  # which no record holds
    with pytest.raises(NotAsked, match="holds no messages"):
        next(lessons(run, task, states, Course(), Counter()))


def test_a_step_without_an_answer_is_left_out_and_counted(flown):
    run, task, states = flown(model("I do not know."))
    left_out: Counter[str] = Counter()
    assert list(lessons(run, task, states, Course(), left_out)) == []
    assert left_out == {"no answer": 3}


def test_a_world_that_goes_another_way_is_told_of(flown, world):
    run, task, _ = flown(model())
    run.records[1].measures["range"] += 1.0

    def states():
        return retraced(run, world("telemetry"), OperatorConfig())

    with pytest.raises(
        CannotResume, match="step 1 goes another way than it was recorded: measures"
    ):
        list(lessons(run, task, states, Course(expert=Halving()), Counter()))


def test_a_command_is_rounded_to_what_a_model_can_answer():
    command = BurnCommand(forward=0.41, right=-0.09, down=0.95, duration=1.0)
    assert nearest(command) == BurnCommand(forward=0.5, right=0, down=1, duration=0.5)


def test_a_command_in_other_axes_is_told_in_those_of_the_body(record_at):
    task = pursuit_task("PE1-E1-I3", {})
    given = {"forward": 1.0, "right": 0.0, "down": 0.0, "duration": 0.5, "frame": "inertial"}
    turned = at_home(record_at({"inertial": [[0, 0, 1], [-1, 0, 0], [0, 1, 0]]}), given, task)
    assert turned == BurnCommand(forward=0, right=-1, down=0)
    assert at_home(record_at({}), given, task) is None


@pytest.fixture
def record_at(flown):
    from dataclasses import replace

    run, _, _ = flown(model())
    return lambda rotations: replace(run.records[0], rotations=rotations)
