"""What every test shares: no network, no window, one thread per model."""

from __future__ import annotations

import atexit
import gc
import os
import re
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "fair"))
pytest_plugins = ["hang_guard", "crashed_once", "commands"]
settings.register_profile("helmsight", deadline=None)  # other processes are at work, too
# for `make test-fast`; what failed is kept in files by the other profile
settings.register_profile("few", deadline=None, max_examples=20, database=None)
settings.load_profile("helmsight")

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# a shell starts its background jobs with Ctrl-C ignored, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _installed_once() -> Iterator[None]:
    """What other distributions declare is asked for with every robot and command, and read from
    their files each time: here, again only where the path or a folder on it has changed.
    """
    from helmsight.contract import plugins

    ask = entry_points
    known: dict[tuple[Any, ...], EntryPoints] = {}

    def asked(*, group: str) -> EntryPoints:
        folders = [(path, os.stat(path).st_mtime_ns) for path in sys.path if os.path.exists(path)]
        key = (group, *folders)
        if key not in known:
            known[key] = ask(group=group)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugins, "entry_points", asked)
        yield


@pytest.fixture(scope="module")
def fair() -> Iterator[None]:
    """Time stands still while the test, a thread or a process of it waits for a processor."""
    from fair_time import fair_time

    with fair_time():
        yield


@pytest.fixture(scope="session", autouse=True)
def _emulated_fairly() -> Iterator[None]:
    """No test may hang on who gets a processor: emulated devices are served by the fair clock."""
    from fair_time import CLOCK

    from helmsight.hardware.emulators.serve import Emulation

    begin = Emulation.__init__

    def begun(self: Emulation, *args: Any, **options: Any) -> None:
        if sys.platform == "linux" and not CLOCK.followed:
            raise AssertionError("an emulated device: the test has to ask for the fixture `fair`")
        begin(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Emulation, "__init__", begun)
        yield


@pytest.fixture(scope="session")
def virtual_screen() -> Iterator[str]:
    """A screen of 1400x900 that no monitor shows; skips where Xvfb is not installed."""
    from helmsight.hardware.errors import WindowUnavailable
    from helmsight.hardware.screen.virtual import virtual_screen

    screen = virtual_screen()
    try:
        name = screen.__enter__()
    except WindowUnavailable as error:
        pytest.skip(str(error))
    yield name
    screen.__exit__(None, None, None)


@pytest.fixture
def display(virtual_screen: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The virtual screen, as what programs started by the test draw on."""
    monkeypatch.setenv("DISPLAY", virtual_screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    return virtual_screen


KNOWN = "helmsight/seconds"  # by file, in pytest's cache
SECONDS: defaultdict[str, float] = defaultdict(float)


def file_of(test: str) -> str:
    return test.partition("::")[0]


@pytest.hookimpl(trylast=True)  # after pytest-randomly
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that no worker waits for one at the end: as long as
    in earlier runs here, else as long as their slow tests and what they are allowed lets expect.
    """
    cache = getattr(config, "cache", None)  # none with -p no:cacheprovider
    known = {} if cache is None else cache.get(KNOWN, {})
    expected: Counter[str] = Counter()
    for item in items:
        file = file_of(item.nodeid)
        expected[file] += 2 if item.get_closest_marker("slow") else 0
        if marker := item.get_closest_marker("timeout"):
            expected[file] = max(expected[file], int(marker.args[0]) // 10)
    items.sort(key=lambda item: -known.get(file_of(item.nodeid), expected[file_of(item.nodeid)]))


CASES = 10  # of a corpus one in so many is quick
SEEN: Counter[str] = Counter()  # how many cases of a corpus, by test


def pytest_itemcollected(item: pytest.Item) -> None:
    """Count all but one in CASES of a corpus as slow: the quick tests take a sample."""
    if item.get_closest_marker("corpus"):
        test = item.nodeid.partition("[")[0]
        if SEEN[test] % CASES:
            item.add_marker(pytest.mark.slow)
        SEEN[test] += 1


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what a file takes; where tests run side by side, of all workers."""
    SECONDS[file_of(report.nodeid)] += report.duration


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what files took for the next run: the most, since not every run has all their tests."""
    config = session.config
    if not hasattr(config, "cache") or hasattr(config, "workerinput"):
        return
    known = config.cache.get(KNOWN, {})
    for file, seconds in SECONDS.items():
        known[file] = max(round(seconds, 1), known.get(file, 0.0))
    config.cache.set(KNOWN, known)


def pytest_unconfigure() -> None:
    """Let the tests end with their own status: a command that was run in this process would give
    it that of the command, where a thread of a model is left over.
    """
    if (cli := sys.modules.get("helmsight.cli")) is not None:
        atexit.unregister(cli._end_at_once)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files that are slow as a whole where slow tests are, and folders of nothing else
    with their conftest: their imports take seconds.
    """
    if "not slow" not in config.option.markexpr:
        return None
    if collection_path.is_dir():
        files = sorted(collection_path.rglob("test_*.py"))
        return True if files and all(map(_slow_as_a_whole, files)) else None
    return True if _slow_as_a_whole(collection_path) else None


@cache
def _slow_as_a_whole(file: Path) -> bool:
    marked = r"^pytestmark = \[?pytest\.mark\.slow\b"
    return file.suffix == ".py" and bool(re.search(marked, file.read_text("utf-8"), re.MULTILINE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines while a test marked `uncounted` runs, nor in its processes."""
    coverage = sys.modules.get("coverage")
    marked = item.get_closest_marker("uncounted")
    counted = coverage.Coverage.current() if coverage and marked else None
    if counted is None:
        return (yield)
    counted.stop()
    told = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    try:
        return (yield)
    finally:
        os.environ |= {} if told is None else {"COVERAGE_PROCESS_CONFIG": told}
        counted.start()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is imported alone: the garbage collector would walk it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is there for good: a tenth of the quick tests' time."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "beside(work=..., using=()): work(folder, **parameters of the test and fixtures in using), "
        "which mostly waits, is done beside that of the module's other tests, AT_ONCE of them, "
        "else 4; see the fixture `done`",
    )


@pytest.fixture(scope="module")
def _beside(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Any]]]:
    """The work of this module's tests that are asked for, by their names."""
    works = {}
    with ThreadPoolExecutor(getattr(request.module, "AT_ONCE", 4)) as pool:
        for item in request.session.items:
            mark = item.get_closest_marker("beside")
            if mark and isinstance(item, pytest.Function) and item.module is request.module:
                given = item.callspec.params if hasattr(item, "callspec") else {}
                used = mark.kwargs.get("using", ())
                given = given | {name: request.getfixturevalue(name) for name in used}
                folder = tmp_path_factory.mktemp("beside")
                works[item.nodeid] = pool.submit(mark.kwargs["work"], folder, **given)
        yield works
        pool.shutdown(cancel_futures=True)  # after the first failure, when no more is asked for


@pytest.fixture
def done(request: pytest.FixtureRequest, _beside: dict[str, Future[Any]]) -> Any:
    """What the work of this test returned; an error of it is the test's."""
    return _beside[request.node.nodeid].result()


@pytest.fixture(scope="session")
def drawing() -> None:
    """Skip what looks at an inspection cell on a machine that cannot draw one, with the reason."""
    from helmsight.envs.inspection.cell import Cell
    from helmsight.envs.inspection.plan import CellPlan
    from helmsight.hardware.errors import CameraUnavailable

    with Cell(CellPlan.draw(0, defects=()), shadows=False) as cell:
        try:
            cell.look(size=(64, 64))
        except CameraUnavailable as error:
            pytest.skip(str(error))
