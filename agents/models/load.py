"""Makes pilots by name: bundled, scripted, local folders and hub ids, providers, plug-ins."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helmsight.agents.asking_style import Asked, AskingStyle
from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.models.adapters import base_of, check_base, is_adapter
from helmsight.agents.models.cards import showing, specialists_in, style_in
from helmsight.agents.models.names import (
    OF_LOCAL,
    PLAIN,
    TRUST,
    eyes_of,
    kind_of,
    of_others,
    plugins,
    unknown,
)
from helmsight.agents.models.prices import Price, price_of
from helmsight.agents.models.provider import NoSuchProvider, provider_model, unknown_option
from helmsight.agents.models.sources import local_source, model_source, shipped
from helmsight.agents.models.specialists import Specialist
from helmsight.agents.scripted import EXPERTS, make
from helmsight.contract.errors import InvalidOption, PluginBroken
from helmsight.contract.pilot import Pilot
from helmsight.contract.plugins import load
from helmsight.contract.ranges import check
from helmsight.contract.secrets import NAMES, redacted

if TYPE_CHECKING:
    from helmsight.agents.models.local import LocalVLM

LOCAL_OPTIONS = {"max_new_tokens", "max_tokens"}


def load_pilot(
    spec: str,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    prices: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    engine: str | None = None,
    trust_remote_code: bool | None = None,
    observation: str | None = None,
    think_timeout_s: float = 60.0,
    **options: Any,
) -> Pilot:
    """Return the pilot that `spec` names (see `pilots` for the forms it can take).

    `observation` is what a model is shown ("frame" unless its folder says otherwise). `options` are
    those of `agents.asking_style.Asked` (few_shot, views, ...), those of
    `agents.inspection.making.Settings` for the inspector, and else the chat model's (temperature,
    ...). `api_key_env` names the environment variable that holds a provider's key, `prices` a file
    of what its tokens cost (`agents.models.prices`). `trust_remote_code` lets code run that lies in
    a local model's folder.

    Raises:
        UnknownPilot: nothing answers to `spec`; suggests the nearest name.
        ModelUnavailable: the model, its server package or a package it needs is missing.
        UnknownOption: an option that this pilot does not have.
        InvalidOption: one with a value that it cannot have.
    """
    kind = spec.partition(":")[0]
    where: dict[str, Any] = {"base_url": base_url, "api_key_env": api_key_env, "prices": prices}
    where |= {"device": device, "dtype": dtype, "engine": engine, TRUST: trust_remote_code or None}
    given = {key: value for key, value in {**where, **options}.items() if value is not None}
    if kind_of(spec) == PLAIN and given:
        raise unknown_option(spec, next(iter(given)), ())
    if spec in EXPERTS:
        return make(spec)
    if plugin := plugins().get(spec):
        return _from_plugin(plugin)
    if kind == "poses":
        from helmsight.agents.scripted.poses import Poses

        return Poses.named(spec)
    if spec == "coverage":
        from helmsight.agents.inspection.coverage import Coverage

        return Coverage()
    if kind == "inspector":
        return _inspector(spec, eyes_of(spec), think_timeout_s, where, options)
    return _asked(spec, observation, think_timeout_s, options, where)


def _asked(
    spec: str, observation: str | None, think_timeout_s: float,
    options: dict[str, Any], where: Mapping[str, Any],
) -> ModelPilot:  # fmt: skip
    """Return the model that `spec` names as a pilot; raises as `load_pilot`."""
    kind, _, rest = spec.partition(":")
    asked, options = Asked.out_of(options)
    placed = {key: value for key, value in where.items() if value is not None}
    others = of_others(spec)
    if odd := [key for key in others if key in placed]:
        raise unknown_option(spec, odd[0], [key for key in where if key not in others])
    style = asked.on(showing(AskingStyle(), observation))
    if kind == "scripted" and rest:
        from helmsight.agents.models.scripted import ScriptedVLM

        if options:
            raise unknown_option(spec, next(iter(options)), Asked.model_fields)
        script = ScriptedVLM.from_file(Path(rest))
        return _model_pilot(script, spec, style, think_timeout_s, asked.kept())
    source = local_source(spec, kind, rest)
    if source is not None:
        style = asked.on(style_in(source, observation))
        _check_local(spec, options)
        model_options = {"engine": "auto", **placed, **options}

        def made(where: Path | str, style: AskingStyle) -> LocalVLM:
            longest = options.get("max_new_tokens", options.get("max_tokens", style.max_new_tokens))
            return _local(where, {**placed, "max_new_tokens": longest, "looks": style.looks})

        return _model_pilot(
            made(source, style), spec, style, think_timeout_s, model_options | asked.kept(),
            specialists=_specialists(source, style.needs, asked, observation, made),
        )  # fmt: skip
    if kind and rest:
        given = {**placed, **options}
        price = price_of(spec, given.pop("prices", None), served_elsewhere="base_url" in given)
        try:
            model = provider_model(spec, kind, rest, _with_key(given), think_timeout_s)
        except NoSuchProvider:
            raise unknown(spec) from None
        shown = style.model_copy(update={"few_shot": 2}) if asked.few_shot is None else style
        kept = {**placed, **options, **asked.kept()}
        return _model_pilot(model, spec, shown, think_timeout_s, kept, price)
    raise unknown(spec)


def _check_local(spec: str, options: Mapping[str, Any]) -> None:
    """Raise UnknownOption for one of the last options, those of no other part, that a model of
    this machine does not have, InvalidOption for a value that it cannot take.
    """
    if odd := [key for key in options if key not in LOCAL_OPTIONS]:
        raise unknown_option(spec, odd[0], (*LOCAL_OPTIONS, *OF_LOCAL, *Asked.model_fields))
    for key in LOCAL_OPTIONS & options.keys():
        check("max_new_tokens", options[key], key)


def _inspector(
    spec: str, eyes: str, think_timeout_s: float, where: Mapping[str, Any],
    options: dict[str, Any],
) -> Pilot:  # fmt: skip
    """Return the inspector whose eyes are the model that `eyes` names; raises as `load_pilot`."""
    from helmsight.agents.inspection.making import OWN, Settings, make_inspector

    settings, rest = Settings.out_of(options)
    model = _asked(eyes, None, think_timeout_s, rest, where)
    relations = settings.relations
    return make_inspector(
        model, spec, settings, lambda: model if relations == OWN else load_pilot(relations)
    )


def _with_key(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a provider's model with the key that the environment holds.

    Raises:
        InvalidOption: there is no such variable.
    """
    options = dict(given)
    name = options.pop("api_key_env", None)
    if name is not None:
        options["api_key"] = os.environ.get(name)
        if not options["api_key"]:
            raise InvalidOption(
                f"api_key_env={name!r}: no such variable is set; give the name of the one that "
                "holds the key"
            )
    return options


def check_known(spec: str, **options: Any) -> None:
    """Raise as `load_pilot` for a pilot that cannot be had, without loading any weights.

    The folder of a local model is looked for and its options' names are checked; a scripted pilot
    and a provider's model are made.
    """
    given = dict(options)
    kind, _, rest = spec.partition(":")
    if kind == "inspector":
        from helmsight.agents.inspection.making import Settings

        given = Settings.out_of(given)[1]
        spec = eyes_of(spec)
        kind, _, rest = spec.partition(":")
    light = kind_of(spec) in (PLAIN, "scripted") or local_source(spec, kind, rest) is None
    if light:
        load_pilot(spec, **given)
        return
    apart = (*OF_LOCAL, "observation", "think_timeout_s")
    others = Asked.out_of(given)[1].items()
    _check_local(spec, {k: v for k, v in others if k not in apart and v is not None})


def needs_of(spec: str, observation: str | None = None) -> str | None:
    """Return what a model will be shown, without loading it; None where only the pilot can tell."""
    if spec in EXPERTS or spec in plugins() or spec.startswith("poses:"):
        return None
    if spec == "coverage" or spec.partition(":")[0] == "inspector":
        return "frame+telemetry"
    folder = shipped(spec) or Path(spec.removeprefix("local:")).expanduser()
    return style_in(folder, observation).needs


def style_of(spec: str | None, observation: str | None = None) -> AskingStyle:
    """Return how the model that `spec` names wants to be asked, as any model for None.

    Raises:
        UnknownPilot: it names no model's folder. ModelUnavailable: there is none in it.
    """
    if spec is None:
        return showing(AskingStyle(), observation)
    kind, _, rest = spec.partition(":")
    source = local_source(spec, kind, rest)
    if source is None:
        raise unknown(spec)
    return style_in(source, observation)


def _model_pilot(
    model: Any, spec: str, style: AskingStyle, think_timeout_s: float, options: dict[str, Any],
    price: Price | None = None, specialists: Mapping[str, Specialist] | None = None,
) -> ModelPilot:  # fmt: skip
    """Return the model as a pilot; its options, less secrets, go into the record of the run."""
    kept = {
        key: redacted(value) if isinstance(value, str) else value
        for key, value in options.items()
        if not NAMES.search(key) and key != TRUST
    }
    kept |= {"observation": style.needs, "few_shot": style.few_shot}
    kept["think_timeout_s"] = think_timeout_s
    return ModelPilot(
        model, spec, style, think_timeout_s=think_timeout_s, options=kept, price=price,
        specialists=specialists,
    )  # fmt: skip


def _specialists(
    source: Path | str, needs: str, asked: Asked, observation: str | None,
    made: Callable[[Path | str, AskingStyle], LocalVLM],
) -> dict[str, Specialist]:  # fmt: skip
    """Return the models for some tasks that a folder's card names, none of them loaded: `made`
    does that. `needs` is what the folder's own model is shown.

    Raises:
        ModelUnavailable: there is no such model, or it is to be shown something else.
    """
    found: dict[str, Specialist] = {}
    if asked.specialists is False:
        return found
    for task, folder in specialists_in(source).items():
        style = asked.on(style_in(folder, observation))
        if style.needs != needs:
            raise ModelUnavailable(
                f'"{folder}" is shown the {style.needs} and "{source}" the {needs}: it cannot be '
                f"asked in its place for {task}"
            )
        found[task] = Specialist(style, partial(made, folder, style))
    return found


def _local(source: Path | str, asked: dict[str, Any]) -> LocalVLM:
    try:
        from helmsight.agents.models.local import LocalVLM
    except ImportError as error:
        raise ModelUnavailable(
            f"local models need torch and transformers ({error}); install them with: "
            "pip install torch==2.13.0 transformers"
        ) from error
    folder = Path(source)
    if not is_adapter(folder):
        return LocalVLM.load(source, **asked)
    base = model_source(base_of(folder))
    check_base(folder, Path(base))
    return LocalVLM.load(base, adapter=folder, **asked)


def _from_plugin(point: EntryPoint) -> Pilot:
    """Return the pilot that a plug-in makes: a class or function without arguments."""
    make: Callable[[], Any] = load(point, callable)
    try:
        pilot = make()
    except Exception as error:
        raise PluginBroken(
            f'the plug-in pilot "{point.name}" ({point.value}) cannot be made: {error}'
        ) from error
    if not isinstance(pilot, Pilot):
        raise PluginBroken(
            f'the plug-in pilot "{point.name}" ({point.value}) lacks name, needs, reset or decide'
        )
    return pilot
