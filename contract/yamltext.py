"""YAML that others may have written: bounded, no key twice, all mistakes one kind of error."""

from __future__ import annotations

import re
from typing import Any

import yaml

from helmsight.contract.keys import given_twice

MOST_TEXT = 1 << 20  # characters: the largest suite that is shipped has 900
MOST_NODES = 1 << 17  # with all that aliases repeat
DEEPEST = "lists or mappings are nested too deep"


def parse_yaml(text: str) -> Any:
    """Return the data of a YAML text: plain data only.

    Raises:
        yaml.YAMLError: it is none, has a key twice (one of its values would be lost without a
            word), or is one that nobody writes by hand: too long, nested too deep, aliases that
            hold themselves or multiply; whoever reads it names the file.
    """
    if len(text) > MOST_TEXT:
        raise yaml.YAMLError(f"{len(text)} characters, more than {MOST_TEXT}")
    loader = _Plain(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > MOST_NODES:
            raise yaml.YAMLError(f"more than {MOST_NODES} values: its aliases multiply")
        return loader.construct_document(node)
    except (RecursionError, MemoryError):
        raise yaml.YAMLError(DEEPEST) from None
    except ValueError as error:  # of numbers and dates that are none
        raise yaml.YAMLError(str(error)) from None
    finally:
        loader.dispose()


class _Plain(yaml.SafeLoader):  # type: ignore[misc]  # that package has no types
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        scalars = (key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if (twice := given_twice(scalars)) is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice!r} is there twice", node.start_mark
            )
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


_Plain.add_implicit_resolver(  # 7.5e5 is a number: in YAML 1.2, in JSON and to whoever writes it
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def _size(node: yaml.Node, known: dict[int, int | None]) -> int:
    """Return how many values a node comes to, each time that an alias repeats one counted."""
    if id(node) not in known:
        known[id(node)] = None  # under way
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in parts for part in pair]
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    size = known[id(node)]
    if size is None:
        raise yaml.YAMLError("an alias holds itself")
    return size
