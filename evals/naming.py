"""Names in what people write."""

from __future__ import annotations


def names(text: str) -> list[str]:
    """Return the parts of a comma-separated list, without empty ones."""
    return [part.strip() for part in text.split(",") if part.strip()]
