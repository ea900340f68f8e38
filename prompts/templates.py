"""The prompts as data: Jinja2 templates and few-shot examples shipped beside this file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2.loaders import split_template_path

from helmsight.contract.foreign import well_formed
from helmsight.contract.plugins import each
from helmsight.contract.textfiles import read_text
from helmsight.prompts.errors import UnknownPrompt

PROMPTS = "helmsight.prompts"


@cache
def _environment() -> Environment:
    """Return the templates: ours first, then those of packages declared as `helmsight.prompts`."""
    others = (loader for _, loader in each(PROMPTS, lambda package: _inside(package.__name__)))
    return Environment(
        loader=ChoiceLoader([_Templates(files("helmsight.prompts") / "templates"), *others]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text for a model, not HTML
    )


def _inside(package: str) -> BaseLoader:
    return _Templates(files(package))


class _Templates(BaseLoader):
    """The templates in a folder of a package, read as every file that a person may write."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        source = self._folder.joinpath(*split_template_path(template))
        if not source.is_file():
            raise TemplateNotFound(template)
        return read_text(source), str(source), None

    def list_templates(self) -> list[str]:
        return sorted(_below(self._folder))


def _below(folder: Traversable, path: str = "") -> Iterator[str]:
    """Yield the files in a folder and in those below it, by their paths from it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{path}{entry.name}/")
        else:
            yield path + entry.name


def names() -> list[str]:
    """Return the names of all templates."""
    return sorted(name[: -len(".j2")] for name in _environment().list_templates(extensions=["j2"]))


def render(name: str, **values: Any) -> str:
    """Return the text of template `name` filled with `values`, without outer white space.

    It is Unicode whatever the values hold, as `contract.foreign.well_formed` has it.

    Raises:
        UnknownPrompt: no template has this name; suggests the nearest one.
        jinja2.UndefinedError: the template asks for a value that was not given.
    """
    try:
        template = _environment().get_template(f"{name}.j2")
    except TemplateNotFound:
        near = get_close_matches(name, names(), n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise UnknownPrompt(
            f'no prompt is called "{name}".{hint} Known prompts: {", ".join(names())}'
        ) from None
    return well_formed(template.render(**values).strip())


def render_text(text: str, **values: Any) -> str:
    """Return `text`, a template of a world or of a person, filled with `values`, as `render` does.

    Raises:
        jinja2.TemplateError: it is not a template, or asks for a value that was not given.
    """
    return well_formed(_environment().from_string(text).render(**values).strip())


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema as compact text, without the titles in it."""

    def bare(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: bare(item)
                for key, item in value.items()
                if not (key == "title" and isinstance(item, str))
            }
        return value

    return json.dumps({k: v for k, v in bare(schema).items() if k != "description"})
