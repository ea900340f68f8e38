"""Text of others: what a terminal, a file and a name may be given of it.

A model, a device, a world, a run folder and a data set hold what somebody else wrote. It is kept
exactly as it came, and shown so that nothing in it is obeyed: a terminal takes some characters for
orders (ECMA-48, section 5), editors and browsers others for the direction of the text (Unicode
Standard Annex 9), and half of a surrogate pair is no character at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from helmsight.contract.errors import NameUnusable

# C0 but tab and line feed, DEL and C1; separators of lines and paragraphs; marks, embeddings,
# overrides and isolates of direction; invisible operators and tags; half surrogate pairs
_ORDERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
MOST_NAME = 200  # characters; a name becomes part of the name of a file, which may have 255 bytes


def printable(text: str) -> str:
    r"""Return `text` with what a terminal would obey in Python's escapes: ESC becomes `\x1b`.

    Tabs and line feeds stay, and so does all that is only shown.
    """
    return escaped(text.replace("\r\n", "\n"), _escape)


def well_formed(text: str) -> str:
    r"""Return `text` as Unicode: each half of a surrogate pair becomes U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def escaped(text: str, escape: Callable[[str], str]) -> str:
    """Return `text` with each character that a terminal would obey replaced by its `escape`."""
    return _ORDERS.sub(lambda found: escape(found.group()), text)


def check_name(name: str, what: str) -> str:
    """Return `name`, which people read, type and find in the names of files.

    Raises:
        NameUnusable: it is empty, longer than `MOST_NAME`, or has characters that cannot be seen.
    """
    if not name or len(name) > MOST_NAME or not name.isprintable():
        problem = (
            "is empty"
            if not name
            else f"has {len(name)} characters"
            if len(name) > MOST_NAME
            else "has characters that cannot be seen"
        )
        raise NameUnusable(
            f"{what} {name[:40]!r} {problem}; give 1 to {MOST_NAME} characters that can be seen"
        )
    return name


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
