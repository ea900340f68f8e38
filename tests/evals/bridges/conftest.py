"""Other frameworks drive our worlds, emulated arms among them."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def _fair(fair: None) -> None:
    """Drivers, emulators and what waits for them go by the tests' own clock."""
