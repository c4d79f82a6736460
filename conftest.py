"""Where every test has to run, one that is skipped has failed: `ZOE_TESTS_REQUIRE_ALL=1`, as in CI."""

import os
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that says why it was one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("ZOE_TESTS_REQUIRE_ALL") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped where every test is required: {report.longrepr}"
    return report
