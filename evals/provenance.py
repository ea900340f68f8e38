"""Where results come from: code, packages, weights, prompts, machine."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from helmsight.envs.orbital.stepping import step_code
from helmsight.evals.machine import Machine

PACKAGES = (
    "helmsight", "numpy", "scipy", "gymnasium", "mujoco", "opencv-python-headless", "torch",
    "transformers", "tokenizers", "langchain-core", "langchain-openai", "langchain-ollama",
    "langchain-anthropic", "ray",
)  # fmt: skip


def provenance(pilots: Iterable[tuple[str, str]], command: str) -> dict[str, Any]:
    """Return what results are made with, as JSON data: no names of hosts, people or folders.

    pilots: each with the digest of its code and weights.
    """
    return {
        "command": command,
        "commit": commit(),
        "packages": _versions(),
        "twin_step": step_code(),
        "made_with": dict(pilots),
        "prompts": prompts_digest(),
        "machine": Machine.here().to_dict(),
    }


def commit() -> str:
    """Return the commit of the checkout that runs, with "+" where files differ from it; "" where
    there is no checkout.
    """
    here = Path(__file__).resolve().parent
    try:
        made = _git(here, "rev-parse", "HEAD")
        return f"{made}+" if _git(here, "status", "--porcelain", "-uno") else made
    except (OSError, subprocess.SubprocessError):
        return ""


def prompts_digest() -> str:
    """Return a digest of every template that models are asked with."""
    digest = hashlib.sha256()
    folder = Path(str(files("helmsight.prompts") / "templates"))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=True
    )
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    there = {}
    for name in PACKAGES:
        try:
            there[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return there
