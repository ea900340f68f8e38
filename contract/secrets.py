"""Keys and passwords in texts that are shown or kept: taken out."""

from __future__ import annotations

import re

HIDDEN = "***"
NAMES = re.compile(r"key$|_token$|secret|password|auth", re.IGNORECASE)
"""Names of options that hold a secret."""
_USER = re.compile(r"(?<=://)[^/@\s\"']+@")
_QUERY = re.compile(r"([?&][\w\-]*(?:key|token|secret|password|auth|sig)[\w\-]*=)[^&\s\"']+", re.I)
_KEY = re.compile(r"\b(?:sk|pk|gsk|hf|xai|AIza)[-_][\w\-*]{6,}|(?<=[Bb]earer )[\w.\-~+/]{6,}=*")


def redacted(text: str) -> str:
    """Return `text` without what reads as a secret: users in URLs, keys in queries, API keys."""
    text = _USER.sub(f"{HIDDEN}@", text)
    return _KEY.sub(HIDDEN, _QUERY.sub(rf"\g<1>{HIDDEN}", text))
