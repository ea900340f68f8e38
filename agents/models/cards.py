"""The card in a model's folder, `helmsight.json`: how it is asked, and for which tasks others are.

Reading it loads no weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from helmsight.agents.asking_style import WORDS, AskingStyle, Views
from helmsight.agents.errors import ModelUnavailable, Untaught
from helmsight.contract.jsontext import parse_json
from helmsight.contract.observation import ObservationMode, observation_mode
from helmsight.contract.plugins import nearest
from helmsight.contract.textfiles import read_text

Beside = Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=100)]
"""The name of a folder beside a model's own."""


class Card(AskingStyle):
    """What `helmsight.json` tells. `specialists` are folders beside this one, whose models are
    asked in the tasks whose names begin with a word of the mapping: PE1-E3 is PE1-E3-I2, too.
    """

    specialists: Mapping[str, Beside] = {}


def card_in(folder: Path | str) -> Card:
    """Return the card of the model in a folder, or of a hub id's; without one that of any model.

    Raises:
        ModelUnavailable: it cannot be read, or says what it cannot say.
    """
    file = Path(folder) / "helmsight.json"
    if not file.is_file():
        return Card()
    try:
        return Card.model_validate(parse_json(read_text(file)))
    except ValidationError as error:
        raise ModelUnavailable(f'"{file}": {_wrong(error)}') from None
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f'"{file}" cannot be read: {error}') from None


def style_in(folder: Path | str, observation: str | None = None) -> AskingStyle:
    """Return how the model in a folder wants to be asked, being shown `observation`.

    Raises:
        ModelUnavailable: as `card_in`. Untaught: it was taught to be shown something else.
    """
    told = card_in(folder).model_dump(exclude={"specialists"})
    return showing(AskingStyle.model_validate(told), observation)


def specialists_in(folder: Path | str) -> dict[str, Path]:
    """Return the folders of a model's specialists, by how the names of their tasks begin.

    Raises:
        ModelUnavailable: as `card_in`, or there is no such model.
    """
    named = card_in(folder).specialists
    folders = {task: Path(folder).parent / name for task, name in named.items()}
    for task, beside in folders.items():
        if not (beside / "config.json").is_file():
            raise ModelUnavailable(
                f'"{Path(folder) / "helmsight.json"}" names the model "{beside.name}" for '
                f'{task}, and there is none in "{beside}"'
            )
    return folders


def showing(style: AskingStyle, observation: str | None) -> AskingStyle:
    """Return a style with another `observation`, if one is given.

    Raises:
        Untaught: the model was taught to be shown something else.
    """
    if observation is None:
        return style
    needs: ObservationMode = observation_mode(observation)
    if style.prompt != WORDS and {*style.needs.split("+")} - {*needs.split("+")}:
        raise Untaught(
            f"observation={observation!r}: this model was trained on the {style.needs} alone, and "
            "is asked in words that tell no more; a general model can be shown that"
        )
    return style.model_copy(update={"needs": needs})


def _wrong(error: ValidationError) -> str:
    """Return what is wrong with a card, in one line; names the nearest key."""
    said = []
    for entry in error.errors():
        *within, key = map(str, entry["loc"] or ("all",))
        keys = Views.model_fields if within == ["views"] else Card.model_fields
        if entry["type"] == "extra_forbidden":
            said.append(f"there is no key {key}: {nearest(key, keys)}")
        else:
            said.append(f"{'.'.join([*within, key])}={entry['input']!r}: {entry['msg']}")
    return "; ".join(said)
