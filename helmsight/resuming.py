"""A recorded run again: its session, its world, and the run itself gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from helmsight.contract.ending import is_error
from helmsight.contract.errors import Error
from helmsight.contract.plugins import nearest
from helmsight.contract.ranges import RANGES, check
from helmsight.envs.registry import load_environments
from helmsight.errors import InvalidSetting, Unreproducible
from helmsight.session import Session, operator_config

if TYPE_CHECKING:
    import gymnasium

    from helmsight.agents.crew import Crew
    from helmsight.agents.memory import Episode
    from helmsight.contract.pilot import Pilot
    from helmsight.contract.record import Listener, RunSpec
    from helmsight.contract.task import Task
    from helmsight.session import Agree, Approve, Ready
    from helmsight.tools.player import Run


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
    if reason == "interrupted" or is_error(reason):
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
