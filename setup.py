"""Finds the packages below the folders that pyproject.toml maps; all else is said there."""

import tomllib
from pathlib import Path

from setuptools import find_packages, setup

project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
folders = project["tool"]["setuptools"]["package-dir"]
setup(
    packages=[
        name
        for package, folder in folders.items()
        for name in (package, *(f"{package}.{inner}" for inner in find_packages(folder)))
    ]
)
