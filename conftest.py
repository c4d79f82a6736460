"""Where every engine has to be there, a test of one that is skipped has failed: `ZOE_TESTS_REQUIRE_ALL=1`, as in CI."""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of an engine's test into a failure that says why it was skipped."""
    report = yield
    required = os.environ.get("ZOE_TESTS_REQUIRE_ALL") == "1" and item.get_closest_marker("engine") is not None
    if required and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where every engine is required: {report.longrepr}"
    return report


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on where tests of one group would land on several workers: each engine is there once."""
    if not session.config.getoption("loadgroup", default=False):
        return
    lost = [one.nodeid for one in session.items if one.get_closest_marker("xdist_group") and "@" not in one.nodeid]
    if lost:
        raise pytest.UsageError(f"this pytest and this pytest-xdist do not keep groups together: {lost[0]}")
