"""Models of other designs load where only ours are needed, fly, and answer in a batch as alone."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from helmsight.agents.messages import message, png
from helmsight.agents.models.load import load_pilot
from helmsight.agents.operator import Operator
from tests.agents.models.architectures import PICTURES, make

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("design", PICTURES, ids=lambda design: design.__name__)
def test_a_model_loads_without_more_packages_flies_and_answers_in_a_batch_as_alone(
    design, tmp_path, world
):
    pilot: Any = load_pilot(str(make(design, tmp_path)), think="none", max_new_tokens=400)
    (record,) = Operator(world("frame"), pilot).fly(max_steps=1).records
    assert record.repairs == {"constrained": 1}, record.raw
    rng = np.random.default_rng(0)
    batch = [
        [message([png(rng.integers(0, 255, (56, 84, 3)).astype(np.uint8))], text, sha256())]
        for text in ("Where?", "And where is it now?")
    ]
    alone = [pilot.model.answer_batch([one], longest=6)[0] for one in batch]
    assert pilot.model.answer_batch(batch, longest=6) == alone
