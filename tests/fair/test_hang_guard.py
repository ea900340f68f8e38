"""A run of pytest in which tests hang comes to its end, and says where each of them hung."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

FAIR = Path(__file__).parent
CONFTEST = f"""
    import sys
    sys.path.insert(0, {str(FAIR)!r})
    pytest_plugins = ["hang_guard", "crashed_once"]

    def pytest_configure():
        import hang_guard
        hang_guard.GRACE_S, hang_guard.END_S = 1.0, {{end_s}}
"""
STUBBORN = """
    import time, pytest

    def hang():
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass
"""
HANGING = {
    "stubborn": f"""
    {STUBBORN}
    @pytest.mark.timeout(1)
    def test_hangs_and_swallows_what_is_raised(): hang()
    def test_after_it(): pass
    """,
    "teardown": f"""
    {STUBBORN}
    @pytest.fixture
    def held():
        yield
        hang()

    @pytest.mark.timeout(1)
    def test_fails_and_hangs_in_its_teardown(held): assert False
    def test_after_it(): pass
    """,
    "patient": """
    import time

    def test_takes_long_as_it_is_allowed_to(): time.sleep(4)
    """,
}
if sys.platform == "linux":  # where sixty-four zeros are an open mutex
    HANGING["in_c"] = """
    import ctypes, pytest

    @pytest.mark.timeout(1)
    def test_hangs_in_c_and_keeps_the_interpreter_to_itself():
        mutex = ctypes.create_string_buffer(64)
        for _ in range(2):
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)

    def test_after_it(): pass
    """
AT_THE_END = """
    import threading

    def test_leaves_a_thread_that_never_ends():
        threading.Thread(target=threading.Event().wait).start()
"""


def run_tests(
    folder: Path, files: dict[str, str], *options: str, end_s: float = 300.0
) -> subprocess.CompletedProcess[str]:
    """Run pytest; only what is to hang has a limit that a busy machine could reach."""
    for name, text in {"conftest": CONFTEST.format(end_s=end_s), **files}.items():
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "pytest_timeout", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "--timeout=250", f"--rootdir={folder}", *options, str(folder)],
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def _passed(ended: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(line for line in ended.stdout.splitlines() if line.startswith("PASSED"))


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """A run of all that hangs, with fewer workers than files."""
    beside = ("-p", "xdist", "-n", "2", "--dist", "loadfile", "-rA")
    files = {f"test_{name}": text for name, text in HANGING.items()}
    return run_tests(tmp_path_factory.mktemp("hung"), files, *beside)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HANGING.keys() - {"patient"}))
def test_a_test_that_hangs_ends_its_worker_and_the_next_one_is_run_in_another(name, hung):
    assert f"/test_{name}.py::test_after_it" in _passed(hung)
    crashed = [line for line in hung.stdout.splitlines() if line.startswith("worker 'gw")]
    assert sum(f"crashed while running 'test_{name}.py::" in line for line in crashed) == 1
    stacks = hung.stderr.split("Timeout (")[1:]
    assert sum(f'test_{name}.py", line' in stack for stack in stacks) == 1


@pytest.mark.slow
def test_a_test_that_may_take_long_is_left_alone(hung):
    assert "/test_patient.py::test_takes_long_as_it_is_allowed_to" in _passed(hung)


@pytest.mark.slow
def test_a_process_that_does_not_end_after_its_tests_is_ended(tmp_path):
    ended = run_tests(tmp_path, {"test_end": AT_THE_END}, end_s=1.0)
    assert "1 passed" in ended.stdout
    assert ended.returncode == 1
    assert "Timeout (" in ended.stderr
    assert "in _shutdown" in ended.stderr
