"""The list of what is there of kRPC, in docs/kspdg.md, is up to date."""

from __future__ import annotations

from collections import Counter

import krpc_coverage
import pytest
from krpc_coverage import Answer, Entry

pytestmark = pytest.mark.skipif(
    not krpc_coverage.STUBS.is_dir(), reason="krpc 0.5.4 is not there (make install puts it there)"
)


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Every procedure of the client."""
    return krpc_coverage.entries()


@pytest.mark.slow
def test_the_page_says_what_the_server_has() -> None:
    page = krpc_coverage.PAGE.read_text(encoding="utf-8")
    assert page == krpc_coverage.page(), f"run `{krpc_coverage.COMMAND}`"


@pytest.mark.slow
def test_every_procedure_of_the_client_is_told_apart(entries: list[Entry]) -> None:
    count = Counter(entry.answer for entry in entries)
    assert sum(count.values()) == 1456
    assert count[Answer.SERVED] > 550
    assert count[Answer.NONE] > 100
    answers = {(entry.cls, entry.name): entry.answer for entry in entries}
    assert answers["Vessel", "mass"] is Answer.SERVED
    assert answers["Parts", "docking_ports"] is Answer.NONE
    assert answers["Part", "parachute"] is Answer.NONE
    assert answers["Parachute", "deploy()"] is Answer.NO_OBJECT
    assert answers["", "launch_vessel()"] is Answer.MISSING
