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
