"""Words that people put on a run: `tags.json` in its folder, for whoever reads that."""

from __future__ import annotations

from pathlib import Path

from helmsight.contract.foreign import check_name
from helmsight.contract.jsontext import exact_json, parse_json
from helmsight.contract.textfiles import read_text
from helmsight.contract.writing import write_whole
from helmsight.tools.errors import TagRefused

TAGS = "tags.json"
MOST, LONGEST = 20, 40  # tags of one run; characters of one
MOST_BYTES = 64 << 10
SCHEMA = 1


def read_tags(folder: Path) -> tuple[str, ...]:
    """Return the tags of the run in `folder`, in their order; none where the file holds none.

    What is no tag in a file of others is left out.
    """
    try:
        data = parse_json(read_text(folder / TAGS, MOST_BYTES, follow=False))
        listed = data["tags"]
        kept = [tag for tag in listed if isinstance(tag, str) and _is_tag(tag)]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(dict.fromkeys(kept))[:MOST]


def change_tags(folder: Path, add: str = "", remove: str = "") -> tuple[str, ...]:
    """Put a tag on the run in `folder`, or take one off, and return what it has now.

    Raises:
        TagRefused: no tag, one too many, or a folder that cannot be written.
    """
    tags = [tag for tag in read_tags(folder) if tag != remove]
    if add and not _is_tag(add):
        raise TagRefused(
            f"{add[:60]!r} is no tag; give 1 to {LONGEST} characters that can be seen, without "
            "spaces, commas and #"
        )
    if add and add not in tags:
        tags.append(add)
    if len(tags) > MOST:
        raise TagRefused(f"a run has {MOST} tags at most; take one off first")
    try:
        write_whole(folder / TAGS, exact_json({"schema": SCHEMA, "tags": tags}) + "\n")
    except OSError as error:
        raise TagRefused(f"{folder / TAGS} cannot be written: {error}") from error
    return tuple(tags)


def _is_tag(word: str) -> bool:
    try:
        check_name(word, "the tag")
    except ValueError:
        return False
    return len(word) <= LONGEST and not any(letter in word for letter in " ,#")
