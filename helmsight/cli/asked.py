"""Options of every command that asks a model: where it is served, with what key and options, what
it runs on, how long it may take. `with_model_options` adds them to a command and parses them.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any

import typer

from helmsight.cli.options import named_values
from helmsight.contract.ranges import MOST_EARLIER
from helmsight.contract.secrets import NAMES
from helmsight.errors import InvalidSetting

BaseUrl = Annotated[
    str | None, typer.Option(help="Address of the model's server, as http://localhost:8000/v1.")
]
KeyEnv = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Environment variable that holds the provider's key."),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="An option of the model or of how it is asked, as temperature=0.2, max_tokens=200, "
        "few_shot=0, views=frame; repeatable (docs/models.md).",
    ),
]
PricesFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Prices of tokens instead of the shipped ones (docs/models.md)."
    ),
]
Device = Annotated[
    str | None, typer.Option(help="Device of a local model; default: the best there is.")
]
Dtype = Annotated[
    str | None, typer.Option(help="Number type of a local model; default: fits the device.")
]
Engine = Annotated[
    str | None,
    typer.Option(help="What runs a local model: torch, onnx or auto (onnx where it fits)."),
]
TrustCode = Annotated[
    bool | None,
    typer.Option(
        "--trust-remote-code", help="Run code that lies in a local model's folder. Read it first."
    ),
]
Thinks = Annotated[
    str | None,
    typer.Option(
        help="How a general model thinks first: none, brief (a reason in its answer) or free (text "
        "before it)."
    ),
]
HistoryFrames = Annotated[
    int | None,
    typer.Option(min=0, max=MOST_EARLIER, help="Show so many earlier frames to the model, too."),
]
ThinkTimeout = Annotated[
    float | None, typer.Option(help="Give up on an answer after this, wall seconds.")
]
OPTIONS: dict[str, Any] = {
    "base_url": BaseUrl,
    "api_key_env": KeyEnv,
    "model_option": ModelOption,
    "prices": PricesFile,
    "device": Device,
    "dtype": Dtype,
    "engine": Engine,
    "trust_remote_code": TrustCode,
    "think": Thinks,
    "history_frames": HistoryFrames,
    "think_timeout": ThinkTimeout,
}
Hold = Annotated[
    str | None, typer.Option(help="The last command while the pilot thinks: repeat or coast.")
]
MaxTokens = Annotated[
    int | None,
    typer.Option("--max-tokens-total", min=1, help="End when models have counted so many tokens."),
]
MaxCost = Annotated[float | None, typer.Option(help="End when models have cost so many dollars.")]
MaxAge = Annotated[float | None, typer.Option(help="Drop answers older than this, world seconds.")]


def with_model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with the options of a model; it is given them as `model`, a dict of keywords
    of `load_pilot`.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [entry for entry in signature.parameters.values() if entry.name != "model"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in OPTIONS.items()
    ]
    last = [entry for entry in own if entry.kind is inspect.Parameter.KEYWORD_ONLY]
    shown = inspect.Signature([*(entry for entry in own if entry not in last), *added, *last])

    def with_model(**given: Any) -> None:
        options = {name: given.pop(name) for name in OPTIONS}
        command(**given, model=model_options(**options))

    with_model.__doc__, with_model.__name__ = command.__doc__, command.__name__
    with_model.__signature__ = shown  # type: ignore[attr-defined]
    with_model.__annotations__ = {name: p.annotation for name, p in shown.parameters.items()}
    return with_model


def model_options(
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    model_option: list[str] | None = None,
    prices: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    engine: str | None = None,
    trust_remote_code: bool | None = None,
    think: str | None = None,
    history_frames: int | None = None,
    think_timeout: float | None = None,
) -> dict[str, Any]:
    """Return the keywords of `load_pilot` that a command line gives.

    Raises:
        InvalidSetting: an option that is no NAME=VALUE or holds a key, or a variable that is not
            set.
    """
    options = named_values("--model-option", model_option or ())
    if secrets := [name for name in options if NAMES.search(name)]:
        raise InvalidSetting(
            f"--model-option {secrets[0]}=...: what is given so is kept with the run; put the key "
            "into an environment variable and give its name: --api-key-env NAME"
        )
    if api_key_env is not None and not os.environ.get(api_key_env):
        raise InvalidSetting(
            f"--api-key-env {api_key_env}: no such variable is set; give the name of the one that "
            "holds the key, not the key"
        )
    named = {
        "base_url": base_url,
        "api_key_env": api_key_env,
        "prices": prices,
        "device": device,
        "dtype": dtype,
        "engine": engine,
        "trust_remote_code": trust_remote_code,
        "think": think,
        "history_frames": history_frames,
        "think_timeout_s": think_timeout,
    }
    return {**{name: value for name, value in named.items() if value is not None}, **options}
