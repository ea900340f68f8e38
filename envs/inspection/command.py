"""What can be asked of an inspection: a look, a report of a part, and the end of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
from gymnasium import spaces
from pydantic import Field, model_validator

from helmsight.contract.command import Command
from helmsight.envs.inspection.looks import VIEWS
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.states import reportable
from helmsight.envs.robot.words import cut, packed, unpacked, words_space

Kind = Literal["look", "report", "hold", "done"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WHY_BYTES, VERDICT_BYTES = 300, 600
MOST_LOOKS = 999  # that can be numbered
USES: Mapping[Kind, tuple[str, ...]] = {
    "look": ("view",),
    "report": ("part", "state", "confidence", "view", "why"),
    "hold": (),
    "done": ("verdict",),
}
"""The fields that each kind of command has besides `do`."""
FINDINGS: tuple[tuple[str, str], ...] = tuple(
    (part, state) for part in PARTS for state in reportable(part)
)
"""Every part with every state that it can be reported in."""
STATES: tuple[str, ...] = tuple(dict.fromkeys(state for _, state in FINDINGS))
SURE = 0.9  # the confidence of a report among the choices of constrained decoding

if TYPE_CHECKING:
    View = str
    Part = str
    State = str
else:  # names that only a program can list
    View, Part, State = Literal[VIEWS], Literal[tuple(PARTS)], Literal[STATES]
Number = Annotated[int, Field(ge=1, le=MOST_LOOKS)]


class InspectionCommand(Command):
    """One command to an inspection.

    look: the camera goes to a view, by its name, and the next picture is from there. report: a
    part is in a state; the last report of a part counts. hold: nothing moves. done: the inspection
    is over, in the words of `verdict`.

    view: of a look its name, of a report the number of the look that shows it best, from 1. Words
    that are too long are cut: `why` after 300 bytes, `verdict` after 600.
    """

    whole: ClassVar[bool] = True

    do: Annotated[Kind, Field(description="what kind of command this is")]
    view: Annotated[
        View | Number | None,
        Field(description="look: the name of a view; report: the number of the look that shows it"),
    ] = None
    part: Annotated[Part | None, Field(description="a part's name (report)")] = None
    state: Annotated[State | None, Field(description="what was found (report)")] = None
    confidence: Annotated[
        Annotated[float, Field(ge=0.0, le=1.0)] | None, Field(description="0 to 1 (report)")
    ] = None
    why: Annotated[str | None, Field(description="what shows it, in words (report)")] = None
    verdict: Annotated[str | None, Field(description="what was found out, in words (done)")] = None

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, data: Any) -> Any:
        """Cut words to their length; what a model has to answer and says nothing is nothing."""
        if not isinstance(data, Mapping):
            return data
        whole = dict(data)
        for name, most in (("why", WHY_BYTES), ("verdict", VERDICT_BYTES)):
            if isinstance(whole.get(name), str):
                whole[name] = cut(whole[name], most) or None
        if whole.get("do") != "report" and whole.get("confidence") == 0.0:
            whole["confidence"] = None
        return whole

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        for name in ("view", "part", "state", "confidence", "why", "verdict"):
            if name not in USES[self.do] and getattr(self, name) is not None:
                raise ValueError(
                    f"do is {self.do}, which has no {name}; give one command at a time"
                )
        if self.do == "look" and not isinstance(self.view, str):
            raise ValueError(f'do is look and view is {self.view!r}; give a name as "{VIEWS[0]}"')
        if self.do == "report":
            self._reports()
        return self

    def _reports(self) -> None:
        for name in ("part", "state", "confidence"):
            if getattr(self, name) is None:
                raise ValueError(f"do is report and {name} is missing")
        if isinstance(self.view, str):
            raise ValueError(f'view is "{self.view}"; a report has the number of a look, from 1')
        assert self.part is not None
        if self.state not in reportable(self.part):
            raise ValueError(
                f'"{self.part}" cannot be "{self.state}"; it is one of '
                f"{', '.join(reportable(self.part))}"
            )

    @classmethod
    def null(cls) -> Self:
        """Return the command that moves nothing."""
        return cls(do="hold")

    @classmethod
    def choices(cls) -> Iterator[Self]:
        """Yield the commands of constrained decoding; reports are made without words."""
        yield cls.null()
        yield from (cls(do="look", view=view) for view in VIEWS)
        for part, state in FINDINGS:
            yield cls(do="report", part=part, state=state, confidence=SURE)
        yield cls(do="done")

    def text(self) -> str:
        """Return canonical JSON: what the command says."""
        said = {name: getattr(self, name) for name in ("do", *USES[self.do])}
        return json.dumps({name: value for name, value in said.items() if value is not None})

    @classmethod
    def space(cls) -> spaces.Dict:
        """Return the gymnasium action space.

        do: number in KINDS. view: in VIEWS. finding: in FINDINGS. confidence (1,). look: number of
        the look that shows it, 0 for none. why, verdict: UTF-8.
        """
        return spaces.Dict(
            {
                "do": spaces.Discrete(len(KINDS)),
                "view": spaces.Discrete(len(VIEWS)),
                "finding": spaces.Discrete(len(FINDINGS)),
                "confidence": spaces.Box(0.0, 1.0, (1,), np.float64),
                "look": spaces.Discrete(MOST_LOOKS + 1),
                "why": words_space(WHY_BYTES),
                "verdict": words_space(VERDICT_BYTES),
            }
        )

    def action(self) -> dict[str, Any]:
        """Return the gymnasium action that encodes this command."""
        looks, reports = self.do == "look", self.do == "report"
        return {
            "do": KINDS.index(self.do),
            "view": VIEWS.index(str(self.view)) if looks else 0,
            "finding": FINDINGS.index((str(self.part), str(self.state))) if reports else 0,
            "confidence": np.array([self.confidence or 0.0], np.float64),
            "look": self.view if isinstance(self.view, int) else 0,
            "why": packed(self.why, WHY_BYTES),
            "verdict": packed(self.verdict, VERDICT_BYTES),
        }

    @classmethod
    def from_action(cls, action: Mapping[str, Any]) -> Self:
        """Return the command that a gymnasium action stands for; what its kind lacks is ignored.

        Raises:
            pydantic.ValidationError: for NaN, and for what is out of range.
        """
        kind = KINDS[int(action["do"])]
        part, state = FINDINGS[int(action["finding"])]
        values: dict[str, Any] = {
            "view": VIEWS[int(action["view"])] if kind == "look" else int(action["look"]) or None,
            "part": part,
            "state": state,
            "confidence": float(np.asarray(action["confidence"])[0]),
            "why": unpacked(action["why"]) or None,
            "verdict": unpacked(action["verdict"]) or None,
        }
        return cls.model_validate({"do": kind} | {name: values[name] for name in USES[kind]})
