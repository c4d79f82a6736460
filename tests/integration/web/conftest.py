"""Visitors of the pages."""

from typing import Any

import pytest

from tests.integration.web.visitor import Visitor


@pytest.fixture
def visitor(world: Any) -> Visitor:
    made = Visitor(world)
    made.sign_in()
    return made
