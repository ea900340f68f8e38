"""The watchdog believes the loop itself, once a step, and nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from helmsight.contract.errors import InvalidOption
from helmsight.hardware.errors import WrongThread
from helmsight.hardware.supervision.watchdog import Watchdog


class Dog:
    """A watchdog on the test's clock that counts its bites."""

    def __init__(self, clock: Callable[[], float], timeout_s: float = 0.5) -> None:
        self.bites = 0
        self.bitten = threading.Event()
        self.watchdog = Watchdog(timeout_s, self.bite, clock)

    def bite(self) -> None:
        self.bites += 1
        self.bitten.set()

    def wait(self) -> bool:
        return self.bitten.wait(600.0)


@pytest.fixture
def dog(clock):
    dog = Dog(clock)
    dog.watchdog.start()
    yield dog
    dog.watchdog.close()


def test_it_bites_once_after_half_a_second_of_silence(dog, clock) -> None:
    dog.watchdog.fed()
    clock.now += 0.49
    time.sleep(0.1)
    assert dog.bites == 0
    clock.now += 0.02
    assert dog.wait()
    clock.now += 10.0
    time.sleep(0.1)
    assert dog.bites == 1
    assert dog.watchdog.silence_s is None


def test_it_rests_until_the_first_sign_of_life_and_wakes_after_a_bite(dog, clock) -> None:
    clock.now += 10.0
    time.sleep(0.1)
    assert dog.bites == 0
    dog.watchdog.fed()
    clock.now += 0.6
    assert dog.wait()
    dog.bitten.clear()
    dog.watchdog.fed()
    assert dog.watchdog.silence_s == 0.0
    clock.now += 0.6
    assert dog.wait()


def test_steps_must_go_up_to_count(dog, clock) -> None:
    assert dog.watchdog.feed(1)
    clock.now += 0.3
    assert not dog.watchdog.feed(1)
    assert not dog.watchdog.feed(0)
    assert dog.watchdog.silence_s == pytest.approx(0.3)
    assert dog.watchdog.feed(2)
    assert dog.watchdog.silence_s == 0.0


def test_a_loop_that_hangs_in_one_step_is_bitten_however_often_it_says_so(dog, clock) -> None:
    dog.watchdog.feed(7)
    for _ in range(6):
        clock.now += 0.1
        dog.watchdog.feed(7)
    assert dog.wait()


def test_no_other_thread_can_feed_it(dog) -> None:
    dog.watchdog.feed(1)
    caught: list[BaseException] = []

    def feed() -> None:
        for work in (lambda: dog.watchdog.feed(2), dog.watchdog.fed, dog.watchdog.claim):
            try:
                work()
            except WrongThread as error:
                caught.append(error)

    thread = threading.Thread(target=feed, name="helpful")
    thread.start()
    thread.join()
    assert len(caught) == 3
    assert "'helpful' is not the loop's, which is 'MainThread'" in str(caught[0])


def test_another_thread_may_take_over_after_release_or_the_death_of_the_first(dog) -> None:
    def in_a_thread(work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    in_a_thread(lambda: dog.watchdog.feed(5))
    assert dog.watchdog.feed(1), "the first thread is dead; the new one counts from anew"
    dog.watchdog.release()
    fed: list[bool] = []
    in_a_thread(lambda: fed.append(dog.watchdog.feed(1)))
    assert fed == [True]


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, 0.51, float("nan"), float("inf")])
def test_it_can_be_made_stricter_only(timeout_s: float) -> None:
    with pytest.raises(InvalidOption, match="cannot be switched off"):
        Watchdog(timeout_s, lambda: None, time.monotonic)


def test_its_thread_ends_at_close_and_it_starts_again(clock) -> None:
    before = set(threading.enumerate())

    def new() -> int:
        return len(set(threading.enumerate()) - before)  # those of others may end meanwhile

    dog = Dog(clock, 0.1)
    dog.watchdog.start()
    dog.watchdog.start()
    assert new() == 1
    dog.watchdog.close()
    dog.watchdog.close()
    assert new() == 0
    dog.watchdog.start()
    dog.watchdog.fed()
    clock.now += 0.2
    assert dog.wait()
    dog.watchdog.close()
    assert new() == 0


def test_it_keeps_real_time() -> None:
    dog = Dog(time.monotonic, 0.05)
    dog.watchdog.start()
    dog.watchdog.fed()
    assert dog.wait()
    dog.watchdog.close()
