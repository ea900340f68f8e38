"""What every environment shares: observation modes, and errors with an exit status."""

from __future__ import annotations

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.contract.observation import observation_mode
from helmsight.envs.errors import EnvsError, EpisodeOver, UnknownScenario


@pytest.mark.parametrize("mode", ["frame", "telemetry", "frame+telemetry"])
def test_the_three_modes_are_known(mode):
    assert observation_mode(mode) == mode


@pytest.mark.parametrize("mode", ["", "frames", "telemetry+frame", "all"])
def test_another_mode_is_refused_with_the_choices(mode):
    with pytest.raises(InvalidOption, match=r"frame, frame\+telemetry, telemetry"):
        observation_mode(mode)


def test_errors_say_what_a_command_line_should_return():
    assert [e.exit_status for e in (EnvsError, EpisodeOver)] == [1, 1]
    assert [e.exit_status for e in (InvalidOption, UnknownScenario)] == [2, 2]
