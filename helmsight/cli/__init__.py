"""The `helmsight` command: one application, one file per group of commands."""

from __future__ import annotations

import atexit
import os
import sys
import traceback
import warnings
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Annotated, Any, TextIO

import typer

from helmsight.cli.ranged import range_all
from helmsight.contract.printing import clean_streams
from helmsight.contract.signals import AsCtrlC, as_ctrl_c, interrupted
from helmsight.errors import FAILED, INTERRUPTED, USAGE, explain, one_line

COMMANDS = {
    "fly": ("fly", "command", "EXAMPLES"),
    "cockpit": ("cockpit", "command", "EXAMPLES"),
    "list": ("listing", "command", "EXAMPLES"),
    "ground": ("ground", "command", "EXAMPLES"),
    "evaluate": ("evaluate", "command", "EXAMPLES"),
    "query": ("query", "command", "EXAMPLES"),
    "latency": ("latency", "command", "EXAMPLES"),
    "report": ("report", "command", "EXAMPLES"),
    "console": ("console", "command", "EXAMPLES"),
    "mcp": ("mcp", "command", "EXAMPLES"),
    "replay": ("replay", "command", "EXAMPLES"),
    "export": ("export", "command", "EXAMPLES"),
    "resume": ("resume", "command", "EXAMPLES"),
    "devices": ("robots", "devices", "DEVICES"),
    "doctor": ("robots", "doctor", "DOCTOR"),
    "calibrate": ("calibrate", "command", "EXAMPLES"),
    "describe": ("describe", "command", "EXAMPLES"),
    "home": ("home", "command", "EXAMPLES"),
    "operate": ("operate", "command", "EXAMPLES"),
    "inspect": ("inspect", "command", "EXAMPLES"),
    "jog": ("jog", "command", "EXAMPLES"),
    "emulate": ("emulate", "command", "EXAMPLES"),
    "cell": ("cell", "command", "EXAMPLES"),
    "conformance": ("robots", "conformance", "CONFORMANCE"),
    "serve-krpc": ("serve", "command", "EXAMPLES"),
}
"""Every command: its file, its function there, and its examples."""
GROUPS = ("prompts", "spatial", "train")
"""Files with an application of their own, and the name of each."""


def application(only: str | None = None) -> typer.Typer:
    """Return the application; with `only` that one command, which saves the others' start."""
    app = typer.Typer(
        name="helmsight",
        help="Vision-language models that look at a screen, reason about what is where, and act.",
        epilog="Start with:\n\nhelmsight fly PE1-E1-I3\n\nhelmsight list\n\nhelmsight fly --help",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name, (file, function, examples) in COMMANDS.items():
        if only in (None, name):
            module = import_module(f"helmsight.cli.{file}")
            app.command(name, epilog=getattr(module, examples))(getattr(module, function))
    for name in GROUPS:
        if only in (None, name):
            app.add_typer(import_module(f"helmsight.cli.{name}").app, name=name)
    range_all(app)
    return app


@cache
def _built(only: str | None) -> Any:
    """Return the application, built once: who calls `main` again in one process need not wait."""
    return typer.main.get_command(application(only))


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"helmsight {version('helmsight')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line. Errors are one line on standard error: status 2 usage, 1 failed run.

    Ctrl-C, SIGTERM and SIGHUP end what runs in the same way, with status 130, 143 and 129.

    HELMSIGHT_TRACEBACK=1 shows where an error came from.
    """
    warnings.showwarning = _show_warning
    told: list[int] = []
    atexit.register(_end_at_once, told)  # first of all, so that it comes last of all
    with clean_streams(), as_ctrl_c() as ended:
        status = _run(ended)
        told.append(128 + ended.came[-1] if ended.came and status == INTERRUPTED else status)
        sys.exit(told[0])


def _end_at_once(told: list[int]) -> None:
    """End the process with the status in `told`, where a local model still computes for nobody:
    the interpreter would abort in it.
    """
    worker = sys.modules.get("helmsight.agents.worker")
    if told and worker is not None and not worker.all_over(0.0):
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(told[0])


def _run(ended: AsCtrlC) -> int:
    if empty := _empty(sys.argv[1:]):
        print(f"helmsight: {empty}. See: helmsight --help", file=sys.stderr)
        return USAGE
    try:
        first = sys.argv[1] if len(sys.argv) > 1 else None
        command = _built(first if first in {*COMMANDS, *GROUPS} else None)
        status = command(prog_name="helmsight", standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        # what a signal raises in a library written in C may come out as another exception
        if ended.came and (interrupted(error) or isinstance(error, ImportError | SystemError)):
            return INTERRUPTED
        return _report(error)
    return status if isinstance(status, int) else 0


def _empty(arguments: list[str]) -> str:
    """Return what is wrong with a command line that gives nothing for something; "" for one that
    does not: a path of no letters would be the folder that one is in.
    """
    for before, argument in zip(["", *arguments], arguments, strict=False):
        if not argument:
            return f'{before} "": an empty value; give one, or leave the option out'.strip()
        if argument.startswith("--") and argument.endswith("="):
            return f"{argument}: an empty value; give one, or leave the option out"
    return ""


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
