"""The inspector: a planner in code around a model's eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from helmsight.agents.inspection.belief import Belief, Seen
from helmsight.agents.inspection.differences import DifferenceEyes
from helmsight.agents.inspection.drawing import Drawing
from helmsight.agents.inspection.eyes import Asked, Eyes, Spent
from helmsight.agents.inspection.itinerary import ASIDE, CLOSER, USUAL
from helmsight.agents.inspection.knowledge import Knowledge, Passage
from helmsight.agents.inspection.survey import Finding, Pixels, Place, Survey, cell_of, part_of
from helmsight.agents.inspection.trust import TRUST, Trust
from helmsight.contract.calls import Call
from helmsight.contract.observation import Box
from helmsight.contract.task import Task
from helmsight.envs.inspection.parts import PARTS
from helmsight.envs.inspection.states import ABSENT, NOT_SEEN, SOUND, UNSURE

LookStyle = Literal["adaptive", "fixed"]
DRAWING = "drawing"
NOTES = 2  # passages that are shown and cited


class Inspector(Survey):
    """Asks its eyes about crops, believes by `Belief`, and looks where that is not sure yet.

    eyes: a model's; None: there is none. drawing: of the task's cell; compare: whether crops are
    compared with it in figures, too.
    look: "adaptive" asks about crops of what is not settled, small ones first where the eyes have
    two sizes, and takes further views of what is in doubt; "fixed" takes the same views always and
    asks about every crop at full size. relating: makes
    who answers questions about relations, when one is asked; None: nobody does.
    """

    def __init__(
        self, eyes: Eyes | None, name: str = "inspector", *, look: LookStyle = "adaptive",
        knowledge: Knowledge | None = None, trust: Trust = TRUST,
        drawing: Drawing | None = None, compare: bool = True,
        relating: Callable[[], Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.name = self.spec = name
        self.options = dict(options or {})
        self.spent = Spent()
        self.beliefs: dict[str, Belief] = {}
        self._eyes, self._look, self._trust = eyes, look, trust
        self._drawing = drawing
        self._drawn = DifferenceEyes(drawing) if drawing is not None and compare else None
        self._knowledge = knowledge
        self.texts = {} if knowledge is None else {"knowledge": knowledge.text}
        self._relating, self._answers = relating, dict[tuple[bytes, str, int | None], str]()

    # -- inspecting ---------------------------------------------------------------------------

    def reset(self, task: Task, seed: int) -> None:
        """Begin, with the drawing of the task's cell; raises as `Drawing.draw`."""
        if self._drawing is not None:
            self._drawing.draw(cell_of(task, seed))
        super().reset(task, seed)

    def begin(self) -> None:
        """Forget what was believed and spent."""
        self.spent = Spent()
        sites = self.itinerary.sites
        self.beliefs = {
            part: Belief(part, [s for s in sites if part_of(s) == part], self._trust)
            for part in self.parts
        }

    def see(
        self, frame: Pixels, telemetry: NDArray[np.float64], look: int, places: Sequence[Place],
        digest: Any,
    ) -> tuple[Any, Counter[str]]:  # fmt: skip
        """Compare the crops of a frame, and ask about them as far as that can change anything."""
        before, told = self.spent.repairs.copy(), list[dict[str, Any]]()
        if self._drawing is not None:
            self._drawing.stand(telemetry)
        if self._drawn is not None:
            self._drawn.stand(frame)
            self._ask(self._drawn, frame, look, places, self._drawn.sizes[1], digest, told)
        eyes = self._eyes
        if eyes is None:
            return told, Counter()
        small, full = eyes.sizes
        if self._look == "fixed":
            self._ask(eyes, frame, look, places, full, digest, told)
        else:
            open_ones = [place for place in places if self._open(place)]
            self._ask(eyes, frame, look, open_ones, small, digest, told)
            if full > small:
                again = [place for place in open_ones if not self.beliefs[place.part].settled]
                self._ask(eyes, frame, look, again, full, digest, told)
        return told, self.spent.repairs - before

    def taken(self) -> tuple[Call, ...]:
        """Return the requests to the model that looks, where it tells of them."""
        taken: Callable[[], tuple[Call, ...]] = getattr(self._eyes, "taken", tuple)
        return taken()

    def pictures(self) -> Mapping[str, bytes]:
        """Return the pictures that these requests name by their digest."""
        pictures: Callable[[], Mapping[str, bytes]] = getattr(self._eyes, "pictures", dict)
        return pictures()

    def wanted(self) -> str | None:
        """Return a view of what was not seen yet, then one of what is most in doubt."""
        if self._look == "fixed":
            return self.itinerary.new(self.itinerary.fixed()) or self.uncovered()
        return self.uncovered() or self._doubted()

    def finding(self, part: str) -> Finding:
        """Return what a part was found to be, and what shows it."""
        belief = self.beliefs[part]
        state, confidence = belief.state()
        best = belief.best(belief.top()[0] if state == UNSURE else state)
        view = None if best is None or state == NOT_SEEN else best.look
        return Finding(state, confidence, view, self._why(belief, state))

    def costs(self) -> Mapping[str, Any]:
        """Return what the model cost so far."""
        return self.spent.to_dict()

    def cited(self, part: str, state: str) -> list[Passage]:
        """Return the passages of the knowledge file that speak of a part, those of a state first.

        A passage is about a part that it names, or about its kind.
        """
        if self._knowledge is None:
            return []
        query = f"{part} {PARTS[part]} {state}"
        named = self._knowledge.search(query, NOTES, about=part)
        return named or self._knowledge.search(query, NOTES, about=PARTS[part])

    def _open(self, place: Place) -> bool:
        return place.site not in self.covered or not self.beliefs[place.part].settled

    def _ask(
        self, eyes: Eyes, frame: Pixels, look: int, places: Sequence[Place], size: int,
        digest: Any, told: list[dict[str, Any]],
    ) -> None:  # fmt: skip
        """Ask about some places and believe the answers; tell of them in `told`."""
        if not places:
            return
        model = eyes is self._eyes
        eye, spent = ("", self.spent) if model else (DRAWING, Spent())
        asked = [Asked(p.part, p.site, p.square, self._notes(eyes, p.part)) for p in places]
        for place, fits in zip(places, eyes.look(frame, asked, size, spent, digest), strict=True):
            entry: dict[str, Any] = {"site": place.site, "px": size, "share": round(place.share, 3)}
            told.append(entry | ({"by": eye} if eye else {}))
            if fits is None:
                told[-1]["fits"] = None
                continue
            seen = Seen(place.site, look, place.share, place.near, fits, eye)
            self.beliefs[place.part].add(seen)
            told[-1]["fits"] = {state: round(share, 3) for state, share in seen.shares().items()}
            if place.good and (model or self._eyes is None):
                self.covered.add(place.site)

    def _notes(self, eyes: Eyes, part: str) -> tuple[Passage, ...]:
        return tuple(self.cited(part, "")) if eyes.reads else ()

    def _doubted(self) -> str | None:
        """Return a closer view, or one from another side, of the part that is most in doubt."""
        doubted = [belief for belief in self.beliefs.values() if not belief.settled]
        for belief in sorted(doubted, key=lambda belief: belief.top()[1]):
            first = belief.site_in_doubt()
            for site in (first, *(site for site in belief.sites if site != first)):
                if view := self.itinerary.untried(site, (CLOSER, ASIDE, USUAL)):
                    return view
        return None

    def _why(self, belief: Belief, state: str) -> str:
        """Return the reason in words: the crops that count most, and what the notes say of it."""
        shown = NOT_SEEN if state == ABSENT else state
        if state == NOT_SEEN:
            text = "no view showed it"
        else:
            top = belief.top()[0] if state == UNSURE else shown
            crops = sorted(belief.seen, key=lambda s: -s.shares().get(top, 0.0))[:3]
            views = ", ".join(
                f"look {s.look} {s.site.partition(': ')[2]} {s.shares().get(top, 0.0):.0%}"
                + f" by the {s.eye}" * bool(s.eye)
                for s in crops
            )
            text = f"{'most likely ' if state == UNSURE else ''}{top}: {views}"
            if state == SOUND and (unseen := self._unseen(belief)):
                text += f"; not seen: {', '.join(unseen)}"
        notes = self.cited(belief.part, state)
        return text + ("; notes " + " ".join(f"[{n.number}]" for n in notes) if notes else "")

    def _unseen(self, belief: Belief) -> list[str]:
        seen = {each.site for each in belief.looks()}
        return [site.partition(": ")[2] for site in belief.sites if site not in seen]

    # -- relations, for whoever grounds ---------------------------------------------------------

    @property
    def relates(self) -> bool:
        """Whether it can be asked where things are; makes who answers ready."""
        return self._relator() is not None

    def answer_free(
        self, text: str, image: Pixels, regions: Mapping[str, Box], *, draw: int | None = None
    ) -> str:
        """Return the answer to a free question; the same one for the same picture again.

        Reports are made over one picture: it is not asked about at each of them anew.
        """
        who = self._relator()
        assert who is not None, "PilotAsker looks at `relates` first"
        key = (image.tobytes(), text, draw)
        if key not in self._answers:
            if not any(old[0] == key[0] for old in self._answers):
                self._answers.clear()
            self._answers[key] = who.answer_free(text, image, regions, draw=draw)
        return self._answers[key]

    def _relator(self) -> Any:
        if self._relating is not None and not hasattr(self, "_who"):
            self._who = self._relating()
        return getattr(self, "_who", None)
