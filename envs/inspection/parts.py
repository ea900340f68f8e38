"""The satellite's parts by name, and what can be wrong with each."""

from __future__ import annotations

PARTS = {
    "bus": "bus",
    "panel A": "panel",
    "panel B": "panel",
    "dish": "dish",
    "mast": "mast",
    "star tracker": "star tracker",
    "foil": "foil",
    "connector": "connector",
    "thruster 1": "thruster",
    "thruster 2": "thruster",
    "thruster 3": "thruster",
    "thruster 4": "thruster",
}
"""The kind of every part."""

DEFECTS = {
    "bus": ("scorch",),
    "panel": ("cracked cell", "missing cell", "scorch"),
    "dish": ("dent", "scorch"),
    "mast": ("bend",),
    "star tracker": ("scorch",),
    "foil": ("tear", "scorch"),
    "connector": ("loose plug",),
    "thruster": ("missing cap",),
}
"""What may be wrong with a part of a kind, one defect a part at most."""

NONE = "none"
"""The defect of a part that is as it should be."""


def possible(part: str) -> tuple[str, ...]:
    """Return every defect that a part can have, `none` first."""
    return (NONE, *DEFECTS[PARTS[part]])
