"""Names: snake_case of Python to the CamelCase that kRPC has on the wire."""

from __future__ import annotations

# Words that kRPC writes in capitals; `@named` is for the rest.
CAPITALS = {
    word.lower(): word
    for word in ("AN", "DN", "EVA", "ID", "MET", "PID", "RCS", "SAS", "SOI", "UT")
}


def camel(name: str) -> str:
    """Return `sas_mode` as "SASMode"; leading and trailing underscores do not count."""
    words = name.strip("_").split("_")
    return "".join(CAPITALS.get(word, word[:1].upper() + word[1:]) for word in words)


def member(name: str) -> str:
    """Return `STABILITY_ASSIST`, a member of an enumeration, as "StabilityAssist"."""
    return camel(name.lower())


def parameter(name: str) -> str:
    """Return `reference_frame` as "referenceFrame", `from_` as "from"."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def version(text: str) -> tuple[int, ...]:
    """Return "0.5.4" as (0, 5, 4).

    Raises:
        ValueError: it is no version.
    """
    return tuple(int(part) for part in text.split("."))
