"""`helmsight inspect`: a satellite looked at part by part, and a report that one can act on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from helmsight.cli import completion
from helmsight.cli.asked import MaxCost, MaxTokens, with_model_options
from helmsight.cli.fly import PERSON_S, with_live_line
from helmsight.cli.operate import at_the_controls, given, tell
from helmsight.cli.robots import Json, Yes
from helmsight.cli.running import (
    Approve,
    Console,
    NoVideo,
    Out,
    Rerun,
    Spans,
    Steps,
    attended,
    crew_of,
    told,
)
from helmsight.consent import agreed
from helmsight.errors import InvalidSetting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from helmsight.contract.record import RunSpec, StepRecord

EXAMPLES = """Examples:

helmsight inspect --seed 7

helmsight inspect --seed 7 --parts "dish,panel A" --pilot coverage --json

helmsight inspect --robot so101 --port /dev/ttyACM0 --turntable-port /dev/ttyACM1 --camera 0
--cell 7 --approve

helmsight inspect --report runs/inspect_inspector_seed7
"""
ENVIRONMENT = "helmsight/Inspection-v0"
INSPECTOR = "inspector"
RELATING = "combined+verified"  # what an inspector is asked of relations, unless told otherwise


@with_model_options
def command(
    context: typer.Context,
    pilot: Annotated[
        str,
        typer.Option(
            help="Who inspects: inspector, inspector:NAME with any model as its eyes, coverage, or "
            "a model that commands itself (helmsight list pilots).",
            autocompletion=completion.pilots,
        ),
    ] = INSPECTOR,
    parts: Annotated[
        str | None, typer.Option(help='Parts to inspect, as "dish,panel A"; default: all.')
    ] = None,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Of the emulated cell.")] = 0,
    budget_views: Annotated[
        int | None, typer.Option(min=1, help="Looks that may be taken; default 24.")
    ] = None,
    budget_seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Seconds after which no look is taken any more.")
    ] = None,
    look: Annotated[
        str | None,
        typer.Option(help="adaptive: more pixels and looks only where unsure (default); fixed."),
    ] = None,
    knowledge: Annotated[
        Path | None, typer.Option(help="Markdown about the satellite, searched and cited.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(help='A crop or sketch of the one part to inspect: "this one".')
    ] = None,
    grounding: Annotated[
        str | None,
        typer.Option(
            help=f"Relations that are asked for in each picture; default {RELATING} with an "
            "inspector, else direct (none). As in fly."
        ),
    ] = None,
    robot: Annotated[
        str | None,
        typer.Option(
            "--robot",
            "-r",
            help="A name or a .toml file; default so101.",
            autocompletion=completion.robots,
        ),
    ] = None,
    port: Annotated[
        str | None,
        typer.Option("--port", "-p", help="Of a real arm; default: an emulated cell, no hardware."),
    ] = None,
    turntable_port: Annotated[str | None, typer.Option(help="Of the real turntable.")] = None,
    camera: Annotated[
        str | None, typer.Option("--camera", "-c", help="The real wrist camera: 0, an address.")
    ] = None,
    cell: Annotated[
        int | None, typer.Option(min=0, help="Seed of the drawing of the satellite.")
    ] = None,
    faults: Annotated[
        str | None, typer.Option(help='Of the emulated line: "drop=0.01,flip=0.005".')
    ] = None,
    approve: Approve = False,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Write run and report down, or not.")
    ] = True,
    out: Out = None,
    no_video: NoVideo = False,
    steps: Steps = None,
    report: Annotated[
        Path | None, typer.Option(help="Only make the report of this run folder again.")
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    console: Console = False,
    rerun: Rerun = None,
    spans: Spans = None,
    *,
    model: dict[str, Any],
) -> None:
    """Inspect a satellite through a robot's camera and report part by part.

    Without --port the cell is emulated: nothing real moves. With it the arm and the turntable
    MOVE; SPACE stops them. The report is written whatever ends the run (docs/inspect.md).
    """
    if report is not None:
        alone(context, "report", "as_json")
        show_report(report, as_json=as_json)
        return
    from helmsight.session import fly, run_folder

    eyes = pilot.partition(":")[0] == INSPECTOR
    settings = given({"look": look, "knowledge": knowledge})
    check(pilot, settings, eyes=eyes)
    asked = None if parts is None else asked_for(parts)
    if like is not None:
        asked = [shown_by(like, seed if cell is None else cell, asked)]
    world = {
        "robot": robot, "port": port, "turntable_port": turntable_port, "camera": camera,
        "cell": cell, "parts": asked, "budget_views": budget_views,
        "budget_seconds": budget_seconds, "faults": faults,
    }  # fmt: skip
    operator = {
        "approve": "all" if approve else None,
        "grounding": grounding or (RELATING if eyes and (not asked or len(asked) > 1) else None),
        "max_tokens_total": max_tokens,
        "max_cost": max_cost,
        "max_age_s": PERSON_S,  # nothing moves while a pilot thinks: its picture stays true
    }
    if port or turntable_port:
        at = " and ".join(filter(None, (port, turntable_port)))
        agreed(yes, f"{robot or 'so101'} and its turntable at {at} will move as {pilot} says")
    folder = (out if out is not None else run_folder("inspect", pilot, seed)) if record else None
    heard, desk = Heard(), attended(folder, wanted=console)
    with at_the_controls(
        pilot, Path("poses.toml"), "pose", approve=approve and not desk, wanted=approve and not desk
    ) as person:
        person.pop("pilot")  # nobody inspects by hand
        with_live_line(
            lambda live: fly(
                ENVIRONMENT,
                pilot,
                seed,
                steps=steps,
                out=folder,
                video=not no_video,
                listeners=[*told(desk, live, rerun, spans), heard],
                observation="frame+telemetry",
                world_options=given(world),
                operator=given(operator),
                **person,
                **crew_of(desk),
                **settings,
                **model,
            ),
            folder,
            as_json=as_json,
            afterwards=None if folder is not None else heard.afterword,
        )


def alone(context: typer.Context, *names: str) -> None:
    """Raise InvalidSetting for options on the command line besides `names`, of which the first is
    given: they would change nothing.
    """
    flags = {option.name: option.opts[0] for option in context.command.params}
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in names and source is not None and source.name == "COMMANDLINE":
            raise InvalidSetting(
                f"{flags[name]} changes nothing with {flags[names[0]]}: leave it out"
            )


def check(pilot: str, settings: dict[str, Any], *, eyes: bool) -> None:
    """Raise InvalidSetting for settings of an inspector given to another pilot."""
    if settings and not eyes:
        options = ", ".join(f"--{name}" for name in settings)
        raise InvalidSetting(
            f"{options}: only an inspector has such a setting, and --pilot is {pilot!r}; give "
            "--pilot inspector, or inspector:NAME"
        )


def asked_for(parts: str) -> list[str]:
    """Return the parts that a list with commas names, each once.

    Raises:
        InvalidSetting: it names nothing; to inspect all of them is nobody's wish then.
        InvalidOption: a name that is none, with what there is.
    """
    from helmsight.envs.inspection.options import checked_parts
    from helmsight.evals.naming import names

    listed = names(parts)
    if not listed:
        raise InvalidSetting(f"--parts {parts!r} names no part; leave it out to inspect all")
    return list(checked_parts(listed))


def shown_by(picture: Path, drawing: int, asked: list[str] | None) -> str:
    """Return the part that a picture shows, and say so.

    Raises:
        InvalidOption: that cannot be told. InvalidSetting: it is none of those that are asked for.
    """
    from helmsight.agents.inspection.likeness import part_like

    likeness = part_like(picture, drawing)
    part = likeness.part
    said = f"{picture} shows {part} ({likeness.sure[part]:.0%})"
    if asked is not None and part not in asked:
        raise InvalidSetting(f"{said}, and --parts asks for {', '.join(asked)}; give one of both")
    tell(said)
    return part


def show_report(folder: Path, *, as_json: bool) -> None:
    """Make the report of a recorded inspection again and say what it comes to.

    Raises:
        RunUnreadable, NoInspection: there is none in the folder.
    """
    from helmsight.afterwards import inspected
    from helmsight.output import json_line

    said = inspected(folder)
    print(json_line(said.data) if as_json else "\n".join(said.lines))


class Heard:
    """A listener that keeps an inspection nobody writes down, for its verdict."""

    def __init__(self) -> None:
        self._spec: RunSpec | None = None
        self._records: list[StepRecord] = []
        self._summary: dict[str, Any] | None = None

    def start(self, spec: RunSpec) -> None:
        """Keep what the run is."""
        self._spec, self._records = spec, []

    def step(self, record: StepRecord, frame: NDArray[Any] | None) -> None:
        """Keep a decision, without its picture."""
        self._records.append(record)

    def finish(self, reason: str, summary: dict[str, Any]) -> None:
        """Keep how it ended."""
        self._summary = {**summary, "reason": reason}

    def afterword(self) -> Any:
        """Return what it comes to, None before it began."""
        from helmsight.afterwards import in_words
        from helmsight.evals.inspection.findings import findings_of
        from helmsight.tools.player import Run

        if self._spec is None:
            return None
        return in_words(findings_of(Run(Path(), self._spec, self._records, self._summary), ()))
