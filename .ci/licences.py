"""Writes docs/licences.md: the licence of every package that Helmsight asks for, or that these do.

`make licences`. What is installed says so itself (its metadata); the rest is marked.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "licences.md"
COPYLEFT = ("GPL", "MPL", "General Public")
ELSEWHERE = {  # extras that are not installed everywhere; read at PyPI in November 2026
    "accelerate": "Apache-2.0", "peft": "Apache-2.0", "ray": "Apache-2.0",
    "langchain-openai": "MIT", "langchain-ollama": "MIT", "langchain-anthropic": "MIT",
    "rerun-sdk": "MIT OR Apache-2.0",
}  # fmt: skip
HEAD = """# Licences of what Helmsight uses

Helmsight is under Apache-2.0. This table is made by `make licences` out of what the packages say of
themselves. It is no legal advice.

What it means for a product of yours:

- Installed with pip, every package stands beside yours under its own licence, and nothing has to be
  done.
- **krpc**, **fpdf2** and **pygame** are under the LGPL: you may use them from closed code. Where
  you ship them, ship their licence, and let your users replace them by another version (no frozen
  binary without that).
- **mouseinfo**, **pymsgbox** and **python3-xlib** are under the GPL. They come with pyautogui, and
  so only with the extra `screen`. A product that ships them has to be under the GPL itself: leave
  `screen` out of it. Nothing else needs it.
- **certifi**, **orjson** and **tqdm** are under the MPL 2.0: only changes of their own files have
  to be published.
- **av** is BSD, but its wheels hold FFmpeg with x264 and x265, which are under the GPL 2. Helmsight
  films with x264. A closed product that ships av builds it on an FFmpeg of its own, or buys a
  licence of x264.
- **torch**'s CUDA builds bring NVIDIA's libraries under NVIDIA's terms; they are not in this table.

"""


def asked_for() -> Iterator[tuple[Requirement, str]]:
    """Yield what pyproject.toml asks for, with the extra that does ("" for always)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra, lines in {"": project["dependencies"], **project["optional-dependencies"]}.items():
        for line in lines:
            requirement = Requirement(line)
            if requirement.name != project["name"]:
                yield requirement, extra


def licence(found: Distribution | None, name: str) -> str:
    """Return the licence of a package in its own words."""
    if found is None:
        known = ELSEWHERE.get(name)
        return f"{known} (not installed here)" if known else "not installed here"
    said = found.metadata
    named = [c.split(" :: ")[-1] for c in said.get_all("Classifier", []) if "License ::" in c]
    text = (said.get("License") or "").strip().splitlines() or [""]
    return said.get("License-Expression") or "; ".join(named) or text[0][:60] or "not said"


def rows() -> dict[str, tuple[str, set[str], bool]]:
    """Return by name: licence, the extras that bring the package, whether we ask for it."""
    table: dict[str, tuple[str, set[str], bool]] = {}
    left = [(requirement, extra, True) for requirement, extra in asked_for() if extra != "test"]
    while left:
        requirement, extra, direct = left.pop(0)
        name = canonicalize_name(requirement.name)
        if name.startswith("nvidia-") or (name in table and extra in table[name][1] and not direct):
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:
            found = None
        _, extras, ours = table.get(name, ("", set(), False))
        table[name] = (licence(found, name), {*extras, extra}, ours or direct)
        for line in (found.requires if found else None) or []:
            inner = Requirement(line)
            if inner.marker is None or any(
                inner.marker.evaluate({"extra": wanted}) for wanted in {"", *requirement.extras}
            ):
                left.append((inner, extra, False))
    return table


def table() -> str:
    """Return the whole page as Markdown."""
    lines = ["| package | licence | comes with | asked for by us |", "|---|---|---|---|"]
    for name, (said, extras, ours) in sorted(rows().items()):
        bold = "**" if any(word in said for word in COPYLEFT) else ""
        always = "always" if "" in extras else ", ".join(f"`{extra}`" for extra in sorted(extras))
        lines.append(f"| {bold}{name}{bold} | {said} | {always} | {'yes' if ours else ''} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8", newline="\n")
