"""Pilots by name: bundled, scripted, local folders and hub ids, providers, plug-ins."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from helmsight.agents.asking_style import Asked, AskingStyle, Views
from helmsight.agents.decide import ModelPilot
from helmsight.agents.errors import ModelUnavailable, UnknownPilot
from helmsight.agents.models.adapters import base_of, check_base, is_adapter
from helmsight.agents.models.prices import Price, price_of
from helmsight.agents.models.provider import NoSuchProvider, provider_model, unknown_option
from helmsight.agents.scripted import EXPERTS, make
from helmsight.contract.errors import InvalidOption, PluginBroken
from helmsight.contract.jsontext import parse_json
from helmsight.contract.observation import ObservationMode, observation_mode
from helmsight.contract.pilot import Pilot
from helmsight.contract.plugins import declared, load, nearest
from helmsight.contract.ranges import check
from helmsight.contract.secrets import NAMES, redacted
from helmsight.contract.textfiles import read_text

if TYPE_CHECKING:
    from helmsight.agents.models.local import LocalVLM

BUNDLED = Path(__file__).parent / "bundled"
WIDE = Path(__file__).parent / "wide"
RELATIONS = Path(__file__).parent / "relations"
INSPECTOR = Path(__file__).parent / "inspector"
SHIPPED = {
    "bundled": BUNDLED,
    "bundled-wide": WIDE,
    "bundled-relations": RELATIONS,
    "inspector": INSPECTOR,
}
GROUP = "helmsight.pilots"
PLAIN = "plain"  # a pilot without a model, or one of others: takes no options
FORMS = {
    "bundled": "the vision-language model trained in this repository to fly pursuits",
    "bundled-wide": "the same model, trained on for lady-bandit-guard and sun blocking",
    "bundled-relations": "the one trained here to tell where things are; for grounding",
    **EXPERTS,
    "inspector": "plans the inspection of a satellite around the model trained here to see defects",
    "inspector:NAME": "the same planner around any model below, by its name or folder",
    "coverage": "inspects from fixed views by the difference to a drawing; needs no model",
    "poses:NAME,NAME,...": "goes through named poses of a robot, and needs no model",
    "scripted:FILE": "a chat model that answers the lines of a file",
    "local:FOLDER_OR_HUB_ID": "a local vision-language model through transformers",
    "PROVIDER:MODEL": "any LangChain chat model, as openai:gpt-4o or ollama:qwen3-vl",
}
PROVIDERS = (
    "openai", "anthropic", "ollama", "google_genai", "mistralai", "groq", "openrouter", "deepseek",
    "azure_openai", "bedrock", "together", "fireworks", "xai", "local", "inspector", "scripted",
)  # fmt: skip
"""Names before a colon, for a hint to one that is misspelt."""
_HUB_ID = re.compile(r"[\w.\-]+/[\w.\-]+")
TRUST = "trust_remote_code"
"""Whether code in a model's folder may run: a person's word, which no record keeps."""
OF_PROVIDER = ("base_url", "api_key_env", "prices")
OF_LOCAL = ("device", "dtype", "engine", TRUST)
"""Where a model is served and what it runs on: each for one of the two kinds."""
LOCAL_OPTIONS = {"max_new_tokens", "max_tokens"}
FIND_S = 10.0  # seconds that the hub may take to answer


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
    kind, _, rest = spec.partition(":")
    where: dict[str, Any] = {"base_url": base_url, "api_key_env": api_key_env, "prices": prices}
    where |= {"device": device, "dtype": dtype, "engine": engine, TRUST: trust_remote_code or None}
    given = {key: value for key, value in {**where, **options}.items() if value is not None}
    if _kind(spec) == PLAIN and given:
        raise unknown_option(spec, next(iter(given)), ())
    if spec in EXPERTS:
        return make(spec)
    if plugin := _plugins().get(spec):
        return _from_plugin(plugin)
    if kind == "poses":
        from helmsight.agents.scripted.poses import Poses

        return Poses.named(spec)
    if spec == "coverage":
        from helmsight.agents.inspection.coverage import Coverage

        return Coverage()
    if kind == "inspector":
        return _inspector(spec, rest or spec, think_timeout_s, where, options)
    return _asked(spec, observation, think_timeout_s, options, where)


def _asked(
    spec: str, observation: str | None, think_timeout_s: float,
    options: dict[str, Any], where: Mapping[str, Any],
) -> ModelPilot:  # fmt: skip
    """Return the model that `spec` names as a pilot; raises as `load_pilot`."""
    kind, _, rest = spec.partition(":")
    asked, options = Asked.out_of(options)
    placed = {key: value for key, value in where.items() if value is not None}
    others = {"local": OF_PROVIDER, "scripted": (*OF_PROVIDER, *OF_LOCAL)}.get(
        _kind(spec), OF_LOCAL
    )
    if odd := [key for key in others if key in placed]:
        raise unknown_option(spec, odd[0], [key for key in where if key not in others])
    style = asked.on(_style(observation))
    if kind == "scripted" and rest:
        from helmsight.agents.models.scripted import ScriptedVLM

        if options:
            raise unknown_option(spec, next(iter(options)), Asked.model_fields)
        script = ScriptedVLM.from_file(Path(rest))
        return _model_pilot(script, spec, style, think_timeout_s, asked.kept())
    source = _local_source(spec, kind, rest)
    if source is not None:
        style = asked.on(_folder_style(source, observation))
        _check_local(spec, options)
        model_options = {"engine": "auto", **placed, **options}
        longest = options.get("max_new_tokens", options.get("max_tokens", style.max_new_tokens))
        model = _local(source, {**placed, "max_new_tokens": longest, "looks": style.looks})
        return _model_pilot(model, spec, style, think_timeout_s, model_options | asked.kept())
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


def fitting(spec: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some options of models that are for the pilot `spec`, none for a plain one.

    For several pilots at once: where a model is served is for one, what it runs on for another.
    """
    kind = _kind(spec)
    others = {"local": OF_PROVIDER, "provider": OF_LOCAL, "scripted": (*OF_PROVIDER, *OF_LOCAL)}
    if kind == PLAIN:
        return {}
    return {key: value for key, value in options.items() if key not in others.get(kind, ())}


def check_meant(specs: Sequence[str], options: Mapping[str, Any]) -> None:
    """Raise UnknownOption for an option that is for none of several pilots."""
    meant = {key for spec in specs for key in fitting(spec, options)}
    if odd := [key for key in options if key not in meant]:
        raise unknown_option(", ".join(specs), odd[0], ())


def _kind(spec: str) -> str:
    """Return what a name stands for: inspector, scripted, local, provider, or a plain pilot."""
    kind, _, rest = spec.partition(":")
    if spec in EXPERTS or spec in _plugins() or kind == "poses" or spec == "coverage":
        return PLAIN
    if kind in ("inspector", "scripted"):
        return kind
    folder = shipped(spec) or kind == "local" or _is_path(spec, rest)
    return "local" if folder else "provider"


def is_local(spec: str) -> bool:
    """Return whether a name is that of a model whose weights are loaded here; of an inspector,
    whether that of its eyes is.
    """
    kind, _, rest = spec.partition(":")
    eyes = rest if kind == "inspector" and rest else spec
    return eyes == "inspector" or _kind(eyes) == "local"


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
        spec = rest or spec
        kind, _, rest = spec.partition(":")
    light = _kind(spec) in (PLAIN, "scripted") or _local_source(spec, kind, rest) is None
    if light:
        load_pilot(spec, **given)
        return
    apart = (*OF_LOCAL, "observation", "think_timeout_s")
    others = Asked.out_of(given)[1].items()
    _check_local(spec, {k: v for k, v in others if k not in apart and v is not None})


def has_model(spec: str) -> bool:
    """Return whether a pilot asks a model, so that it can be asked about pictures."""
    return _kind(spec) != PLAIN


def needs_of(spec: str, observation: str | None = None) -> str | None:
    """Return what a model will be shown, without loading it; None where only the pilot can tell."""
    if spec in EXPERTS or spec in _plugins() or spec.startswith("poses:"):
        return None
    if spec == "coverage" or spec.partition(":")[0] == "inspector":
        return "frame+telemetry"
    folder = shipped(spec) or Path(spec.removeprefix("local:")).expanduser()
    return _folder_style(folder, observation).needs


def style_of(spec: str | None, observation: str | None = None) -> AskingStyle:
    """Return how the model that `spec` names wants to be asked, as any model for None.

    Raises:
        UnknownPilot: it names no model's folder. ModelUnavailable: there is none in it.
    """
    if spec is None:
        return _style(observation)
    kind, _, rest = spec.partition(":")
    source = _local_source(spec, kind, rest)
    if source is None:
        raise unknown(spec)
    return _folder_style(source, observation)


def shipped(spec: str) -> Path | None:
    """Return the folder of the model in this repository that `spec` names, or None."""
    return SHIPPED.get(spec)


def pilots() -> dict[str, str]:
    """Return what `load_pilot` understands, with a line about each; plug-ins included."""
    return FORMS | {name: f"plug-in of {point.value}" for name, point in _plugins().items()}


def unknown(spec: str) -> UnknownPilot:
    """Return the error for a name that nothing answers to."""
    kind, colon, rest = spec.partition(":")
    near = get_close_matches(spec, [n for n in pilots() if ":" not in n], n=1)
    if colon and rest:
        near = [
            f"{n}:{rest}" for n in get_close_matches(kind, PROVIDERS, n=1, cutoff=0.75) if n != kind
        ]
    hint = f' Did you mean "{near[0]}"?' if near else ""
    return UnknownPilot(f'no pilot is called "{spec}".{hint} See: helmsight list pilots')


def _model_pilot(
    model: Any, spec: str, style: AskingStyle, think_timeout_s: float, options: dict[str, Any],
    price: Price | None = None,
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
        model, spec, style, think_timeout_s=think_timeout_s, options=kept, price=price
    )


def _style(observation: str | None, base: AskingStyle | None = None) -> AskingStyle:
    style = base or AskingStyle()
    if observation is None:
        return style
    needs: ObservationMode = observation_mode(observation)
    return style.model_copy(update={"needs": needs})


def _folder_style(source: Path | str, observation: str | None) -> AskingStyle:
    """Return how the model in a folder wants to be asked: its helmsight.json, then the options."""
    card = Path(source) / "helmsight.json"
    if not card.is_file():
        return _style(observation)
    try:
        card_style = AskingStyle.model_validate(parse_json(read_text(card)))
    except ValidationError as error:
        raise ModelUnavailable(f'"{card}": {_wrong(error)}') from None
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f'"{card}" cannot be read: {error}') from None
    return _style(observation, card_style)


def _wrong(error: ValidationError) -> str:
    """Return what is wrong with a model's card, in one line; names the nearest key."""
    said = []
    for entry in error.errors():
        *within, key = map(str, entry["loc"] or ("all",))
        keys = Views.model_fields if within == ["views"] else AskingStyle.model_fields
        if entry["type"] == "extra_forbidden":
            said.append(f"there is no key {key}: {nearest(key, keys)}")
        else:
            said.append(f"{'.'.join([*within, key])}={entry['input']!r}: {entry['msg']}")
    return "; ".join(said)


def _local_source(spec: str, kind: str, rest: str) -> Path | str | None:
    """Return the folder or hub id that `spec` names, or None when it names neither."""
    if folder := shipped(spec):
        if not (folder / "config.json").is_file():
            recipe = {"bundled-relations": "relations", "inspector": "inspector"}.get(spec, "pilot")
            raise ModelUnavailable(
                f'the model "{spec}" is not in "{folder}"; make it with: helmsight train {recipe}'
            )
        return folder
    if kind == "local" and rest:
        return _folder_or_hub_id(rest)
    return _folder_or_hub_id(spec) if _is_path(spec, rest) else None


def _is_path(spec: str, rest: str) -> bool:
    """Whether a name is that of a folder or of a model of the hub."""
    looks_like_path = spec.startswith((".", "~", "/", "\\")) or Path(spec).is_absolute()
    return looks_like_path or Path(spec).is_dir() or ("/" in spec and not rest)


def _folder_or_hub_id(name: str) -> Path | str:
    """Return an existing model folder, or a hub id whose files are in the local cache."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file() and not is_adapter(folder):
            raise ModelUnavailable(f'"{folder}" holds no model: there is no config.json in it')
        return folder
    if not _HUB_ID.fullmatch(name) or name.startswith("."):
        raise _no_folder(folder)
    return _from_hub(name)


def _no_folder(folder: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f'there is no model folder "{folder}"{_near(folder) or "; check the path"}'
    )


def _near(folder: Path) -> str:
    """Return a hint at the nearest model that there is, for a folder that there is not; or ""."""
    beside = [path.parent.name for path in folder.parent.glob("*/config.json")]
    near = get_close_matches(folder.name, beside, n=1, cutoff=0.7)
    near = [str(folder.parent / name) for name in near]
    near = near or get_close_matches(str(folder), SHIPPED, n=1, cutoff=0.7)
    return f'; did you mean "{near[0]}"?' if near else ""


def _from_hub(hub_id: str) -> str:
    """Return the cached folder of a hub id, downloading it once if the hub answers at once."""
    from huggingface_hub import HfApi, snapshot_download

    try:
        return str(snapshot_download(hub_id, local_files_only=True))
    except Exception as error:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise ModelUnavailable(
                f'there is no model folder "{hub_id}", nor is it in the hub cache, and '
                f"HF_HUB_OFFLINE is set; unset it to download a model of that name"
                f"{_near(Path(hub_id))}"
            ) from error
    try:
        HfApi().model_info(hub_id, timeout=FIND_S)  # asks once, before anything that retries
        return str(snapshot_download(hub_id))
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelUnavailable(
            f'there is no model folder "{hub_id}", nor is it in the hub cache, and the hub does '
            f"not give it ({first}){_near(Path(hub_id))}"
        ) from error


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


def model_source(name: str) -> Path | str:
    """Return the folder of the model that a shipped name, a folder or a hub id names.

    Raises:
        ModelUnavailable: there is none.
    """
    kind, _, rest = name.partition(":")
    return _local_source(name, kind, rest) or _folder_or_hub_id(name)


def folder_here(name: str) -> Path:
    """Return the folder of the model that a shipped name or a folder names; the hub is not asked.

    Raises:
        ModelUnavailable: there is none.
    """
    folder = Path(name).expanduser()
    if shipped(name) is None and not folder.is_dir():
        raise _no_folder(folder)
    return Path(_local_source(name, "", "") or _folder_or_hub_id(name))


def _plugins() -> dict[str, EntryPoint]:
    return declared(GROUP)


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
