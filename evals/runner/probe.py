"""Whether the models of an evaluation answer at all: asked before any world is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from helmsight.agents.models.names import is_local
from helmsight.evals.episode import Episode
from helmsight.evals.errors import InvalidPlan
from helmsight.evals.runner.endpoint import paid_model, price_for
from helmsight.evals.runner.work import load_kept, made_of


def probe(
    episodes: Sequence[Episode], prices: Mapping[str, Any], cost: float | None = None
) -> list[str]:
    """Ask every model that is not this machine's own for one word; return what is to be known.

    A local model is not loaded for that: whoever runs the first episode does, and says what is
    wrong with it. With `cost`, a budget in the currency of `prices` (by pattern of pilots), a line
    names each model whose answers do not count into it because no price is known.

    Raises:
        AgentsError: a model will not answer (`ModelRefused`), or did not (`ModelSilent`).
        InvalidPlan: there is a budget of costs, and no model has a price.
    """
    made = {
        (episode.pilot, made_of(episode)) for episode in episodes if not is_local(episode.pilot)
    }
    priced: dict[str, bool] = {}
    for spec, options in sorted(made):
        pilot = load_kept(spec, options)
        if paid_model(pilot) is not None:
            priced[spec] = price_for(pilot, spec, prices) is not None
        if ask := getattr(pilot, "probe", None):
            ask()
    if cost is None:
        return []
    free = [spec for spec, known in priced.items() if not known]
    if len(free) == len(priced):
        raise InvalidPlan(
            f"a budget of costs ({cost:g}) would never be used up: no price is known for "
            f"{', '.join(free) or 'any pilot'}; give a file with one (--prices FILE), "
            "budgets.prices in the suite, or limit the tokens (--max-tokens-total N)"
        )
    return [f"no price is known for {spec}: its answers do not count as costs" for spec in free]
