"""Where the files of a local model are: shipped with this package, in a folder, or in the hub."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path

from helmsight.agents.errors import ModelUnavailable
from helmsight.agents.models.adapters import is_adapter

BUNDLED = Path(__file__).parent / "bundled"
E3 = Path(__file__).parent / "e3"
E4 = Path(__file__).parent / "e4"
WIDE = Path(__file__).parent / "wide"
RELATIONS = Path(__file__).parent / "relations"
INSPECTOR = Path(__file__).parent / "inspector"
SHIPPED = {
    "bundled": BUNDLED,
    "bundled-e3": E3,
    "bundled-e4": E4,
    "bundled-wide": WIDE,
    "bundled-relations": RELATIONS,
    "inspector": INSPECTOR,
}
_HUB_ID = re.compile(r"[\w.\-]+/[\w.\-]+")
FIND_S = 10.0  # seconds that the hub may take to answer


def shipped(spec: str) -> Path | None:
    """Return the folder of the model in this repository that `spec` names, or None."""
    return SHIPPED.get(spec)


def model_source(name: str) -> Path | str:
    """Return the folder of the model that a shipped name, a folder or a hub id names.

    Raises:
        ModelUnavailable: there is none.
    """
    kind, _, rest = name.partition(":")
    return local_source(name, kind, rest) or _folder_or_hub_id(name)


def folder_here(name: str) -> Path:
    """Return the folder of the model that a shipped name or a folder names; the hub is not asked.

    Raises:
        ModelUnavailable: there is none.
    """
    folder = Path(name).expanduser()
    if shipped(name) is None and not folder.is_dir():
        raise _no_folder(folder)
    return Path(local_source(name, "", "") or _folder_or_hub_id(name))


def local_source(spec: str, kind: str, rest: str) -> Path | str | None:
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
    return _folder_or_hub_id(spec) if is_path(spec, rest) else None


def is_path(spec: str, rest: str) -> bool:
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
