"""The `helmsight` command: one application, one file per group of commands."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from typing import Annotated, TextIO

import typer

from helmsight.cli import (
    calibrate,
    cockpit,
    emulate,
    fly,
    ground,
    jog,
    latency,
    listing,
    prompts,
    replay,
    resume,
    robots,
    serve,
    spatial,
    train,
)
from helmsight.cli.options import with_world_options
from helmsight.errors import FAILED, INTERRUPTED, USAGE, explain, one_line

app = typer.Typer(
    name="helmsight",
    help="Vision-language models that look at a screen, reason about what is where, and act.",
    epilog="Start with:\n\nhelmsight fly PE1-E1-I3\n\nhelmsight list\n\nhelmsight fly --help",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("fly", epilog=fly.EXAMPLES)(with_world_options(fly.command))
app.command("cockpit", epilog=cockpit.EXAMPLES)(cockpit.command)
app.command("list", epilog=listing.EXAMPLES)(listing.command)
app.command("ground", epilog=ground.EXAMPLES)(ground.command)
app.command("latency", epilog=latency.EXAMPLES)(latency.command)
app.command("replay", epilog=replay.EXAMPLES)(replay.command)
app.command("resume", epilog=resume.EXAMPLES)(resume.command)
app.command("devices", epilog=robots.DEVICES)(robots.devices)
app.command("doctor", epilog=robots.DOCTOR)(robots.doctor)
app.command("calibrate", epilog=calibrate.EXAMPLES)(calibrate.command)
app.command("jog", epilog=jog.EXAMPLES)(jog.command)
app.command("emulate", epilog=emulate.EXAMPLES)(emulate.command)
app.command("conformance", epilog=robots.CONFORMANCE)(robots.conformance)
app.command("serve-krpc", epilog=serve.EXAMPLES)(serve.command)
app.add_typer(prompts.app, name="prompts")
app.add_typer(spatial.app, name="spatial")
app.add_typer(train.app, name="train")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"helmsight {version('helmsight')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Errors are one line on standard error: status 2 usage, 1 failed run.

    HELMSIGHT_TRACEBACK=1 shows where an error came from.
    """
    warnings.showwarning = _show_warning
    try:
        status = app(prog_name="helmsight", standalone_mode=False)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(_report(error))
    sys.exit(status if isinstance(status, int) else 0)


def _report(error: Exception) -> int:
    """Print one line about `error` and return the exit status."""
    if type(error).__name__ == "NoArgsIsHelpError":  # the help is on the screen already
        return USAGE
    if os.environ.get("HELMSIGHT_TRACEBACK"):
        traceback.print_exc()
    line, status = (
        _misuse(error)
        or explain(error)
        or (
            f"{type(error).__name__}: {one_line(str(error))} (HELMSIGHT_TRACEBACK=1 shows where)",
            FAILED,
        )
    )
    print(f"helmsight: {line}", file=sys.stderr)
    return status


def _misuse(error: Exception) -> tuple[str, int] | None:
    """Return (one line, status) for a wrong command line, None for any other error.

    Told by its methods: Typer carries its own click from 0.27 on and the installed one before.
    """
    if not hasattr(error, "format_message"):
        return None
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "helmsight"
    return f"{one_line(error.format_message()).rstrip('.')}. See: {command} --help", USAGE


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print the warnings that are meant for people as one line; leave the libraries' own out."""
    if not issubclass(category, DeprecationWarning | PendingDeprecationWarning | FutureWarning):
        print(f"helmsight: warning: {one_line(str(message))}", file=file or sys.stderr)
