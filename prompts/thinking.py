"""Whether a model thinks before it answers, and where its answer begins then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

Think = Literal["none", "brief", "free"]
"""none: a command alone; brief: the command's first field is the reason; free: text before it."""
REASON = "reason"
LONGEST_REASON = 200  # characters; two short sentences
_MARK = re.compile(r"^\W*(?:my |your )?command\W*:", re.IGNORECASE | re.MULTILINE)


def with_reason(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a command whose first field is the reason for it."""
    reason = {
        "type": "string",
        "maxLength": LONGEST_REASON,
        "description": "what you see and what follows from it, in one or two short sentences",
    }
    required = [REASON, *schema["required"]] if "required" in schema else [REASON]
    properties = {REASON: reason, **schema["properties"]}
    return {**schema, "properties": properties, "required": required}


def after_thinking(text: str, think: Think) -> str:
    """Return the part of an answer that holds the command: behind the last line "Command:".

    All of it where no such line is there, or none was asked for.
    """
    if think != "free":
        return text
    marks = list(_MARK.finditer(text))
    return text[marks[-1].end() :] if marks else text
