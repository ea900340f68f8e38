"""A flight from names: environment, pilot and operator, built anew or again from a record."""

from __future__ import annotations

import inspect
import re
import time as wall
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from helmsight.contract.errors import Error
from helmsight.contract.plugins import nearest
from helmsight.contract.ranges import RANGES, check
from helmsight.envs.registry import load_environments
from helmsight.errors import InvalidSetting, Unreproducible
from helmsight.places import TWIN
from helmsight.worlds import check_world, make_world, shown, try_world

if TYPE_CHECKING:
    import gymnasium

    from helmsight.agents.config import OperatorConfig
    from helmsight.agents.crew import Crew
    from helmsight.agents.loop import Answer, Request
    from helmsight.agents.memory import Episode
    from helmsight.contract.pilot import Pilot
    from helmsight.contract.record import Frame, Listener, RunSpec, StepRecord
    from helmsight.contract.task import Task
    from helmsight.tools.player import Run

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


def rebuild(
    spec: RunSpec, pilot: Pilot | None = None, *, trust_remote_code: bool = False
) -> Session:
    """Return the session of a recorded run; by `pilot` where a name is not enough to make it.

    Raises:
        Unreproducible: the environment's or the pilot's options are not understood here.
        InvalidOption: a number among them that cannot be.
        EnvsError, AgentsError: as `prepare`.
    """
    from helmsight.agents.models.load import load_pilot
    from helmsight.agents.models.names import TRUST

    options = {**spec.pilot_options, TRUST: trust_remote_code or None}
    for name in RANGES.keys() & options.keys():
        if options[name] is not None:
            check(name, options[name])
    try:
        config = operator_config(spec.operator)
        flyer = pilot or load_pilot(spec.pilot, **options)
    except (InvalidSetting, TypeError) as error:
        raise _unreproducible(spec, error) from error
    return Session(rebuild_env(spec), flyer, config)


def rebuild_env(spec: RunSpec) -> gymnasium.Env[Any, Any]:
    """Return the environment of a recorded run; raises Unreproducible when it is not known here."""
    import gymnasium

    # gymnasium imports the module that an id names before a colon: any module, of anybody's choice
    if spec.environment not in (known := load_environments()):
        raise _unreproducible(spec, f"it is not known here: {nearest(spec.environment, known)}")
    try:
        return gymnasium.make(spec.environment, disable_env_checker=True, **spec.options)
    except Error:
        raise
    except Exception as error:  # whatever a world raises at options that somebody else wrote
        raise _unreproducible(spec, error) from error


def _unreproducible(spec: RunSpec, error: Exception | str) -> Unreproducible:
    made_with = ", ".join(f"{name} {number}" for name, number in spec.versions.items())
    return Unreproducible(
        f"the run of {spec.environment} by {spec.pilot!r} cannot be built again: {error}; "
        f"it was recorded with {made_with or 'unknown versions'}"
    )


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


def resume(
    folder: str | Path,
    *,
    steps: int | None = None,
    listeners: Sequence[Listener] = (),
    agree: Agree | None = None,
    approve: Approve | None = None,
    ready: Ready | None = None,
    crew: Crew | None = None,
    pilot: Pilot | None = None,
    base_url: str | None = None,
    trust_remote_code: bool = False,
) -> Episode:
    """Go on with an interrupted run where its step log ends, in its own folder, and return it.

    The world is built anew and given every recorded command again; what happens has to be what
    was recorded. A world that stands where it was left is given none of them again. `steps` is a
    new limit; without it the run keeps its own. `pilot` is the run's, where that is a person.
    `base_url` says that its model may be asked there again: a folder of somebody else's would
    otherwise have your key sent to an address of theirs. `trust_remote_code` lets code in its
    model's folder run, which no record can ask for.

    Raises:
        RunUnreadable, SchemaTooNew: there is no run in the folder, or a newer version wrote it.
        CannotResume: the run has ended and is whole, or its world or pilot cannot be brought to
            where it was.
        RunFolderUnusable: it is another run: of other weights, say.
        Unreproducible, EnvsError, AgentsError: as `rebuild`.
    """
    from helmsight.tools.folder import FRAMES, VIDEO, read_begun
    from helmsight.tools.player import load_run
    from helmsight.tools.recorder import Recorder

    run = load_run(folder)
    limit = steps if steps is not None else run.spec.max_steps
    if not goes_on(run, steps):
        return _ended(run)
    if pilot is None:
        _check_address(run.spec, base_url)
    begun = read_begun(run.folder)
    session = rebuild(run.spec, pilot, trust_remote_code=trust_remote_code)
    session = replace(session, approve=approve, ready=ready, crew=crew)
    session.agree(agree)
    filmed = {
        "frames": (run.folder / FRAMES).is_file() or not run.records,
        "video": (run.folder / VIDEO).is_file() or not run.records,
    }
    recorder = Recorder.resume(run.folder, **filmed)
    flight = session.fly(
        run.spec.seed, limit, [recorder, *listeners],
        past=run.records, pictures=run.frames(), begun=begun,
    )  # fmt: skip
    flight.summary["out"] = str(run.folder)
    return flight


def goes_on(run: Run, steps: int | None = None) -> bool:
    """Return whether a recorded run has steps left; else at most what its end lacks is written.

    `steps` is a new limit. A world that can be built again is, where pictures of it are missing.

    Raises:
        CannotResume: it has ended and is whole. Unreproducible: as `rebuild`.
    """
    from helmsight.agents.errors import CannotResume
    from helmsight.tools.folder import PAGE

    limit = steps if steps is not None else run.spec.max_steps
    reason = str((run.summary or {}).get("reason", "interrupted"))
    if reason == "interrupted" or reason.startswith("error: "):
        return True
    if reason in ("steps", "budget") and (limit is None or limit > len(run.records)):
        return True
    if not run.unfinished:
        raise CannotResume(
            f"the run in {run.folder} has ended ({reason}); one that was stopped by its limit of "
            "steps goes on with a higher one (--steps)"
        )
    return set(run.unfinished) != {PAGE} and _task_of(run.spec).clock.rebuilt


def _ended(run: Run) -> Episode:
    """Write what the end of a run lacks, which was killed then, and return the run."""
    from helmsight.agents.memory import Episode
    from helmsight.tools.ending import finish

    whole = finish(run.folder)
    summary = {**(whole.summary or {}), "out": str(run.folder)}
    return Episode(whole.reason, summary, whole.records)


def _check_address(spec: RunSpec, agreed: str | None) -> None:
    """Raise CannotResume where a record names a server elsewhere that nobody has agreed to."""
    from helmsight.agents.errors import CannotResume

    recorded = spec.pilot_options.get("base_url")
    if recorded is None or recorded == agreed or here(str(recorded)):
        return
    raise CannotResume(
        f"the run asked its model at {recorded}, and would send your key there; if you trust it, "
        f"say so with --base-url {recorded}"
    )


def here(address: str) -> bool:
    """Return whether the address of a server is on this machine."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def consent_of(spec: RunSpec) -> str:
    """Return what a person has to agree to before a recorded run goes on; "" for nothing.

    Raises:
        Unreproducible: as `resume`.
    """
    return _task_of(spec).consent


def _task_of(spec: RunSpec) -> Task:
    env = rebuild_env(spec)
    try:
        task: Task = env.unwrapped.task  # type: ignore[attr-defined]
        return task
    finally:
        env.close()


def run_folder(scenario: str, pilot: str, seed: int, root: Path = RUNS) -> Path:
    """Return a folder under `root` that does not exist yet, named for the run and the moment."""
    parts = (scenario, pilot, f"seed{seed}", wall.strftime("%Y%m%d-%H%M%S"))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(parts)).strip("-.")
    folder, number = root / name, 2
    while folder.exists():
        folder, number = root / f"{name}-{number}", number + 1
    return folder
