"""Finds the packages below the folders that pyproject.toml maps, and has C compiled where
cffi is there; all else is said there.
"""

import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

from setuptools import find_packages, setup

project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
# Windows' compiler knows no vectors, and OpenCV does that work there
names = ["step"] if sys.platform == "win32" else ["step", "area"]
modules = [f"contract/c_build.py:{name}" for name in names] if find_spec("cffi") else []
folders = project["tool"]["setuptools"]["package-dir"]
setup(
    packages=[
        name
        for package, folder in folders.items()
        for name in (package, *(f"{package}.{inner}" for inner in find_packages(folder)))
    ],
    **({"cffi_modules": modules} if modules else {}),
)
