"""Finds the packages below the folders that pyproject.toml maps, and has the step compiled where
cffi is there; all else is said there.
"""

import tomllib
from importlib.util import find_spec
from pathlib import Path

from setuptools import find_packages, setup

project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
folders = project["tool"]["setuptools"]["package-dir"]
setup(
    packages=[
        name
        for package, folder in folders.items()
        for name in (package, *(f"{package}.{inner}" for inner in find_packages(folder)))
    ],
    **({"cffi_modules": ["envs/orbital/step_build.py:ffibuilder"]} if find_spec("cffi") else {}),
)
