"""A pytest plug-in for `--dist loadfile`: a test in which a worker crashed is not run again.

xdist 3.8 reports it and then gives it to the next worker, which crashes, too, until so many have
crashed that the run is given up (pytest-xdist #1371); and a worker may be given no test at all, or
one, and then wait for ever (#1378, #1327); and one that still collects ends the run by a KeyError.
Delete this with the release that mends them.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class CrashedOnce(LoadFileScheduling):
        def remove_node(self, node: Any) -> str | None:
            """Take the worker's files away; return the test in which it crashed, done with that."""
            files = self.assigned_work[node]
            left = [(tests, test) for tests in files.values() for test in tests if not tests[test]]
            for tests, test in left[:1]:
                tests[test] = True
            for file in [file for file, tests in files.items() if all(tests.values())]:
                del files[file]
            super().remove_node(node)
            return left[0][1] if left else None

        def schedule(self) -> None:
            """Give out files, two to a new worker: it runs a test when it has the next one."""
            super().schedule()
            for node in self.nodes:
                self._reschedule(node)

        def add_node_collection(self, node: Any, collection: Any) -> None:
            super().add_node_collection(node, collection)
            assert node in self.registered_collections, f"{node} has collected other tests"

        def _reschedule(self, node: Any) -> None:
            if node in self.registered_collections:  # else it collects yet
                super()._reschedule(node)

    return CrashedOnce(config, log)
