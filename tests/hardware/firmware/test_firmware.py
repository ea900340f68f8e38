"""The firmware itself, on an emulated ATmega328P: what really comes out of its pins."""

from __future__ import annotations

import struct
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest

from helmsight.hardware.emulators.simavr import SimavrBench
from helmsight.hardware.wire.helm import (
    CHANNELS,
    BoardMode,
    Config,
    Flag,
    Hello,
    HelmCommand,
    HelmFrame,
    Move,
    Status,
)

if TYPE_CHECKING:
    from conftest import Talk

US = 1.0  # how exact a pulse is: half a tick of rounding, the rest for the timer interrupt
BEAT_S = 0.02
WATCHDOG_S = 0.5


def test_it_says_who_it_is(host: Talk) -> None:
    hello = Hello.decode(host.ask(HelmCommand.HELLO)[2:])
    assert (hello.name, hello.protocol, hello.channels) == (b"helm", 1, CHANNELS)
    assert hello.build != 0


def test_nothing_moves_at_the_start(host: Talk) -> None:
    host.wait(1.0)
    report = host.state()
    assert report.mode == BoardMode.RELEASED
    assert report.armed == report.configured == 0
    assert not [event for event in host.events if event.kind == "pulse"]


def test_without_limits_nothing_is_driven(host: Talk) -> None:
    targets = Move(1, 100, (3000,) * CHANNELS).encode()
    assert host.ask(HelmCommand.ARM, b"\x01")[:2] == bytes((Status.UNCONFIGURED, 0))
    assert host.ask(HelmCommand.MOVE, targets)[:2] == bytes((Status.UNCONFIGURED, 0))
    host.configure()
    assert host.do(HelmCommand.MOVE, targets) == Status.NOT_ARMED
    host.wait(0.2)
    assert host.pulses() == []


@pytest.mark.parametrize(
    "config",
    [
        Config(6, 1200, 4800, 3000, 4000),  # no such channel
        Config(0, 999, 4800, 3000, 4000),
        Config(0, 1200, 5001, 3000, 4000),
        Config(0, 3000, 3000, 3000, 4000),
        Config(0, 4800, 1200, 3000, 4000),
        Config(0, 1200, 4800, 1199, 4000),
        Config(0, 1200, 4800, 4801, 4000),
        Config(0, 1200, 4800, 3000, 199),
        Config(0, 1200, 4800, 3000, 32001),
    ],
)
def test_limits_that_are_none_are_refused(host: Talk, config: Config) -> None:
    assert host.do(HelmCommand.CONFIG, config.encode()) == Status.BAD_VALUE
    assert host.state().configured == 0


def test_pulses_on_the_pins_are_as_long_as_asked(host: Talk) -> None:
    host.arm()
    targets = (1200, 1801, 2500, 3333, 4001, 4800)
    host.move(*targets)
    host.wait(1.5)
    assert host.state().driven == targets
    for channel, ticks in enumerate(targets):
        ends, widths = zip(*host.pulses(channel)[-20:], strict=True)
        assert all(abs(width - ticks / 2) <= US for width in widths), (channel, widths)
        gaps = [b - a for a, b in pairwise(ends)]
        assert all(abs(gap - BEAT_S) < 2e-6 for gap in gaps)


def test_a_motion_keeps_the_speed_of_every_channel(host: Talk) -> None:
    """4000 ticks a second are 40 us a beat. A motion asked to be faster takes longer."""
    host.arm()
    assert host.move(4800, 2900, 3000, 3000, 3000, 3000, ms=20) == 20 * -(-1800 // 80)
    host.wait(0.45)
    host.move(3000)
    host.wait(0.4)
    for channel in range(CHANNELS):
        widths = [width for _, width in host.pulses(channel)]
        assert all(abs(b - a) <= 40 + 2 * US for a, b in pairwise(widths))


def test_channels_arrive_together_and_in_the_time_asked(host: Talk) -> None:
    host.arm()
    start = host.events[-1].at_s
    assert host.move(3400, 2990, 2700, 3000, 3100, 3001, ms=400) == 400
    host.wait(0.45)
    changes = [
        at
        for channel in range(CHANNELS)
        for (_, before), (at, width) in pairwise(host.pulses(channel))
        if at > start and abs(width - before) > US
    ]
    assert max(changes) - start <= 0.4 + 3 * BEAT_S
    assert host.state().driven == (3400, 2990, 2700, 3000, 3100, 3001)


@pytest.mark.parametrize("target", [1199, 4801, 0, 65535])
def test_targets_outside_the_limits_are_refused_whole(host: Talk, target: int) -> None:
    host.arm()
    before = host.state().driven
    payload = Move(0x3F, 100, (3100, 3100, target, 3100, 3100, 3100)).encode()
    assert host.ask(HelmCommand.MOVE, payload)[:2] == bytes((Status.OUT_OF_LIMITS, 2))
    host.wait(0.2)
    assert host.state().driven == before


def test_limits_do_not_change_under_a_driven_servo(host: Talk) -> None:
    host.arm()
    other = Config(1, 1300, 4800, 3000, 4000).encode()
    same = Config(1, 1200, 4800, 4000, 4000).encode()
    assert host.ask(HelmCommand.CONFIG, other)[:2] == bytes((Status.ENERGISED, 1))
    assert host.do(HelmCommand.CONFIG, same) == Status.OK
    assert host.state().driven[1] == 3000
    assert host.do(HelmCommand.RELEASE, b"\x02") == Status.OK
    assert host.do(HelmCommand.CONFIG, other) == Status.OK


@pytest.mark.parametrize("offset", range(0, 20, 4))
def test_a_silent_host_ends_the_motion_within_a_beat_of_the_watchdog(
    host: Talk, offset: int
) -> None:
    """From the last byte of the last frame to the last change on a pin, wherever in a beat."""
    host.arm()
    host.wait(0.001 * offset)
    host.move(4700, ms=2000)
    heard = max(event.at_s for event in host.events if event.kind == "rx")
    host.wait(1.0)
    pulses = host.pulses()
    moved = [
        at - 1e-6 * width
        for (_, before), (at, width) in pairwise(pulses)
        if abs(width - before) > US
    ]
    assert 0.9 * WATCHDOG_S < max(moved) - heard <= WATCHDOG_S + BEAT_S + 0.001
    report = host.state()
    assert report.mode == BoardMode.HELD
    assert report.flags == Flag.WATCHDOG
    assert report.trips == 1
    assert 3000 < report.driven[0] < 4700
    assert pulses[-1][0] > moved[-1] + 0.3, "the servo is held, not dropped"
    host.move(3000)  # a host that is back goes on
    assert host.state().flags == 0


def test_a_host_that_talks_keeps_a_motion_alive(host: Talk) -> None:
    host.arm()
    host.move(4700, ms=1500)
    for _ in range(8):
        host.wait(0.2)
        assert host.state().trips == 0
    assert host.state().driven[0] == 4700


def test_damaged_frames_and_noise_do_not_keep_it_alive(host: Talk) -> None:
    host.arm()
    host.move(4700, ms=2000)
    damaged = bytearray(HelmFrame(9, HelmCommand.STATE).encode())
    damaged[-1] ^= 1
    random = Random(3)
    for _ in range(10):
        assert host.send(bytes(damaged) + random.randbytes(5), 0.1) == []
    report = host.state()
    assert report.trips == 1
    assert report.bad_frames >= 10
    assert report.driven[0] < 4700


@pytest.mark.parametrize("ms", [0, 99, 1001, 65535])
def test_the_watchdog_cannot_be_switched_off(host: Talk, ms: int) -> None:
    assert host.do(HelmCommand.WATCHDOG, struct.pack("<H", ms)) == Status.BAD_VALUE
    assert host.state().watchdog_ms == 500


def test_a_shorter_watchdog_is_kept(host: Talk) -> None:
    host.arm()
    assert host.do(HelmCommand.WATCHDOG, struct.pack("<H", 100)) == Status.OK
    host.move(4700, ms=2000)
    host.wait(0.3)
    assert host.state().driven[0] < 3000 + 0.15 * 1700


def test_a_stop_latches_until_reset(host: Talk) -> None:
    host.arm()
    host.move(4700, ms=1000)
    host.wait(0.2)
    assert host.do(HelmCommand.STOP) == Status.OK
    stopped = host.state()
    assert stopped.mode == BoardMode.STOPPED
    assert not any(stopped.velocity)
    targets = Move(0x3F, 100, (3100,) * CHANNELS).encode()
    assert host.do(HelmCommand.MOVE, targets) == Status.STOPPED
    assert host.do(HelmCommand.ARM, b"\x3f") == Status.STOPPED
    host.wait(0.2)
    assert host.state().driven == stopped.driven
    assert host.do(HelmCommand.RESET) == Status.OK
    host.wait(0.2)
    assert host.state().driven == stopped.driven
    assert host.do(HelmCommand.MOVE, targets) == Status.OK


def test_a_stop_is_carried_out_whatever_its_number(host: Talk) -> None:
    host.arm()
    host.do(HelmCommand.HOLD, number=77)
    assert host.do(HelmCommand.STOP, number=77) == Status.OK
    assert host.state().mode == BoardMode.STOPPED


def test_the_same_command_again_is_acknowledged_and_not_executed(host: Talk) -> None:
    host.arm()
    taken = host.move(3800, ms=400, number=100)
    host.wait(0.1)
    assert host.do(HelmCommand.HOLD) == Status.OK
    held = host.state()
    assert host.move(3800, ms=400, number=100) == taken
    host.wait(0.3)
    after = host.state()
    assert after.driven == held.driven
    assert after.mode == BoardMode.HELD
    assert after.duplicates == held.duplicates + 1


def test_another_command_under_the_same_number_is_refused(host: Talk) -> None:
    host.arm()
    host.move(3100, number=100)
    assert host.do(HelmCommand.HOLD, number=100) == Status.SEQUENCE_REUSED


def test_a_number_is_free_again_after_a_second_and_after_a_hello(host: Talk) -> None:
    host.arm()
    host.move(3100, number=100)
    host.wait(1.1)
    assert host.do(HelmCommand.HOLD, number=100) == Status.OK
    assert host.do(HelmCommand.HELLO) == Status.OK
    assert host.do(HelmCommand.RELEASE, b"\x3f", number=100) == Status.OK


def test_a_release_ends_the_pulses_and_cuts_none_short(host: Talk) -> None:
    for offset in range(20):
        host.arm()
        host.wait(0.1 + 0.001 * offset)
        assert host.do(HelmCommand.RELEASE, b"\x3f") == Status.OK
        host.wait(0.05)
        last = host.events[-1].at_s
        host.wait(0.1)
        assert host.events[-1].at_s == last, "pulses go on"
    for channel in range(CHANNELS):
        assert all(abs(width - 1500) <= US for _, width in host.pulses(channel))


def test_one_channel_moves_while_the_others_go_on(host: Talk) -> None:
    host.arm()
    host.move(3800, ms=600)
    host.wait(0.1)
    host.move(0, 2500, 0, 0, 0, 0, ms=300, mask=0b10)
    host.wait(0.6)
    assert host.state().driven == (3800, 2500, 3800, 3800, 3800, 3800)


def test_a_main_program_that_hangs_is_restarted_released(host: Talk) -> None:
    host.arm()
    host.move(4700, ms=2000)
    host.wait(0.1)
    assert isinstance(host.board, SimavrBench)
    host.board.wedge()
    wedged = host.events[-1].at_s
    host.wait(0.5)
    assert host.pulses()[-1][0] - wedged < 0.3
    report = host.state()
    assert report.mode == BoardMode.RELEASED
    assert report.flags == Flag.WATCHDOG_RESET
    assert report.configured == 0
    host.do(HelmCommand.RESET)
    assert host.state().flags == 0


def test_the_reset_button_releases(host: Talk) -> None:
    host.arm()
    assert isinstance(host.board, SimavrBench)
    host.board.restart()
    host.wait(0.1)
    pulses = len(host.pulses())
    host.wait(0.2)
    assert len(host.pulses()) == pulses
    assert host.state().mode == BoardMode.RELEASED


def test_half_a_frame_is_given_up_and_the_next_one_read(host: Talk) -> None:
    host.send(HelmFrame(1, HelmCommand.STATE).encode()[:4], 0.1)
    report = host.state()
    assert (report.bad_frames, report.dropped_bytes) == (1, 4)


def test_commands_in_one_piece_are_answered_in_order(host: Talk) -> None:
    sent = b"".join(HelmFrame(number, HelmCommand.HOLD).encode() for number in range(1, 9))
    assert [frame.sequence for frame in host.send(sent, 0.05)] == list(range(1, 9))


def test_pulses_stay_exact_while_the_line_is_flooded(host: Talk) -> None:
    host.arm()
    flood = b"".join(HelmFrame(1, HelmCommand.STATE).encode() for _ in range(150))
    host.send(flood, 0.2)
    for channel in range(CHANNELS):
        assert all(abs(width - 1500) <= US for _, width in host.pulses(channel)[:-1])
    assert host.state().mode == BoardMode.READY


def test_a_hundred_thousand_random_bytes_change_nothing(host: Talk) -> None:
    """Nine seconds of a full line, on the board's clock."""
    random = Random(11)
    for _ in range(25):
        host.send(random.randbytes(4000), 0.4)
    report = host.state()
    assert report.mode == BoardMode.RELEASED
    assert report.flags == 0
    assert report.uptime_ms > 9000
    assert report.dropped_bytes == 65535
    assert report.overruns == 0
