"""A flight from names: environment, pilot and operator."""

from __future__ import annotations

import inspect
import re
import time as wall
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.contract.ranges import RANGES, check
from helmsight.errors import InvalidSetting
from helmsight.places import TWIN
from helmsight.worlds import check_world, make_world, shown, try_world

if TYPE_CHECKING:
    import gymnasium

    from helmsight.agents.config import OperatorConfig
    from helmsight.agents.crew import Crew
    from helmsight.agents.loop import Answer, Request
    from helmsight.agents.memory import Episode
    from helmsight.contract.pilot import Pilot
    from helmsight.contract.record import Frame, Listener, StepRecord

    Agree = Callable[[str], None]
    Approve = Callable[[Request], Answer]
    Ready = Callable[[Any], None]

RUNS = Path("runs")


@dataclass(frozen=True)
class Session:
    """Everything that one flight needs, ready to fly.

    `approve` is asked for each command that waits for a person; `ready` is given the world before
    anything of it is opened. `crew` are people who may hold the run up and take it over.
    """

    env: gymnasium.Env[Any, Any]
    pilot: Pilot
    config: OperatorConfig
    approve: Approve | None = None
    ready: Ready | None = None
    crew: Crew | None = None

    def fly(
        self,
        seed: int = 0,
        steps: int | None = None,
        listeners: Sequence[Listener] = (),
        past: Sequence[StepRecord] = (),
        pictures: Iterable[Frame] = (),
        begun: StepRecord | None = None,
    ) -> Episode:
        """Fly one episode, from where the steps of `past` end, and close the environment.

        `pictures` are the recorded frames of `past`, and `begun` the step that was under way after
        them, for a world that cannot be brought back.
        """
        from helmsight.agents.operator import Operator

        try:
            if self.ready is not None:
                self.ready(self.env.unwrapped)
            operator = Operator(
                self.env, self.pilot, self.config, listeners, self.approve, self.crew
            )
            flight = operator.fly(
                seed=seed, max_steps=steps, past=past, pictures=pictures, begun=begun
            )
        except BaseException as error:
            try:
                self.env.close()
            except Exception as failure:  # what ended the flight says more than what followed
                error.add_note(f"{type(failure).__name__}: {failure}")
            raise
        self.env.close()
        return flight

    def agree(self, agree: Agree | None) -> None:
        """Have a person agree to what the world's task says may happen, if it says anything.

        `agree` is given these words and raises where the answer is no.

        Raises:
            InvalidSetting: nobody can be asked.
        """
        consent: str = self.env.unwrapped.task.consent  # type: ignore[attr-defined]
        if not consent:
            return
        if agree is None:
            raise InvalidSetting(
                f"{consent}: use helmsight operate, which asks first; a program gives agree="
            )
        agree(consent)


def prepare(
    scenario: str,
    pilot: str | Pilot = "bundled",
    *,
    observation: str | None = None,
    time: str | None = None,
    hold: str | None = None,
    start_met: float | None = None,
    watched: bool = False,
    world: str = TWIN,
    world_options: Mapping[str, Any] | None = None,
    operator: Mapping[str, Any] | None = None,
    agree: Agree | None = None,
    approve: Approve | None = None,
    ready: Ready | None = None,
    crew: Crew | None = None,
    **pilot_options: Any,
) -> Session:
    """Return the session that flies `scenario` with `pilot`.

    Without `observation` the environment shows what the pilot needs, and the frame as well when
    the run is `watched` (filmed); a pilot never sees more than it needs. `world` is one of
    `places.WORLDS`, with `world_options`; those of a plug-in's environment go to it as they are.
    `start_met` is an option of the twin: the mission time of the first observation, s.
    Without `time` the twin is run as `measured`, worlds that run by themselves as `realtime`.
    `operator` are fields of `OperatorConfig`, `pilot_options` keywords of `load_pilot`; a pilot
    that is made already has none. `agree` is asked before anything that moves is opened, `approve`
    for each command that waits for a person; `ready` is given the world before it is opened; `crew`
    are people who may hold the run up and take it over.

    Raises:
        EnvsError: unknown scenario, observation mode or time rule.
        AgentsError: unknown pilot, or one that cannot be loaded, lacks its input, or does not
            answer when it is asked for the first time.
        InvalidSetting: an operator field or an option of the world that does not exist or has a
            value it cannot have.
    """
    from helmsight.agents.errors import UnknownOption
    from helmsight.agents.ground import grounder
    from helmsight.agents.models.load import load_pilot, needs_of

    def mode(needs: str | None) -> str | None:
        return observation or (needs and shown(world, needs, options, watched=watched))

    config = operator_config(operator or {})
    if not isinstance(pilot, str) and pilot_options:
        raise _no_option(next(iter(pilot_options)), ())
    for name in RANGES.keys() & pilot_options.keys():
        check(name, pilot_options[name])
    options = dict(world_options or {})
    if start_met is not None:
        check("start_met", start_met)
        options["start_met"] = start_met
    # whatever can be refused is refused before a model is loaded, which takes seconds
    grounder(config.grounding)
    check_world(world, scenario, options)
    foreseen = mode(needs_of(pilot, observation) if isinstance(pilot, str) else pilot.needs)
    try_world(world, scenario, options, observation=foreseen, time=time, hold=hold)
    try:
        flyer = (
            load_pilot(pilot, observation=observation, **pilot_options)
            if isinstance(pilot, str)
            else pilot
        )
    except UnknownOption as error:
        raise _no_option(error.name, error.known) from error
    if probe := getattr(flyer, "probe", None):
        probe()
    env = make_world(world, scenario, options, observation=mode(flyer.needs), time=time, hold=hold)
    session = Session(env, flyer, config, approve, ready, crew)
    session.agree(agree)
    return session


def _no_option(name: str, of_pilot: Sequence[str]) -> InvalidSetting:
    """Return the error for a keyword that is neither a flight's nor one of its pilot."""
    from helmsight.agents.config import OperatorConfig

    own = [key for function in (fly, prepare) for key in inspect.signature(function).parameters]
    own = [key for key in own if key not in ("settings", "pilot_options")]
    own.append("think_timeout_s")  # every pilot takes it
    near = get_close_matches(name, own, 1, 0.7) or get_close_matches(name, of_pilot, 1)
    loops = get_close_matches(name, OperatorConfig.model_fields, 1, 0.8)
    listed = ", ".join(of_pilot) or "none"
    hint = f'did you mean "{near[0]}"?' if near else f"those of the pilot are: {listed}"
    if loops and (not near or loops[0] == name):
        hint = f'did you mean operator={{"{loops[0]}": ...}}?'
    return InvalidSetting(f"no option {name}: {hint}")


def operator_config(fields: Mapping[str, Any]) -> OperatorConfig:
    """Return the operator's configuration; raises InvalidSetting naming every wrong field."""
    from pydantic import ValidationError

    from helmsight.agents.config import OperatorConfig
    from helmsight.contract.validation import wrong

    try:
        return OperatorConfig.model_validate(dict(fields))
    except ValidationError as error:
        raise InvalidSetting(f"the operator cannot be set up so: {wrong(error)}") from error


def fly(
    scenario: str,
    pilot: str | Pilot = "bundled",
    seed: int = 0,
    *,
    steps: int | None = None,
    out: str | Path | None = None,
    video: bool = True,
    listeners: Sequence[Listener] = (),
    **settings: Any,
) -> Episode:
    """Fly one episode and return it: `flight.summary`, `flight.records`, `flight.reason`.

    With `out`, a folder, the run is recorded there, filmed unless `video` is False. `settings`
    are those of `prepare`: observation, time, hold, start_met, world, operator, agree, approve,
    ready, crew, and the pilot's own.

    Raises:
        EnvsError, AgentsError, InvalidSetting: as `prepare`.
        RunFolderUnusable: `out` already holds a run or cannot be written.
    """
    if out is not None:
        from helmsight.tools.folder import check_unused

        check_unused(out)
    check("seed", seed)
    if steps is not None:
        check("steps", steps)
    session = prepare(scenario, pilot, watched=video and out is not None, **settings)
    heard = list(listeners)
    if out is not None:
        from helmsight.tools.recorder import Recorder

        heard.insert(0, Recorder(out, video=video))
    flight = session.fly(seed, steps, heard)
    if out is not None:
        flight.summary["out"] = str(out)
    return flight


def run_folder(scenario: str, pilot: str, seed: int, root: Path = RUNS) -> Path:
    """Return a folder under `root` that does not exist yet, named for the run and the moment."""
    parts = (scenario, pilot, f"seed{seed}", wall.strftime("%Y%m%d-%H%M%S"))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(parts)).strip("-.")
    folder, number = root / name, 2
    while folder.exists():
        folder, number = root / f"{name}-{number}", number + 1
    return folder
