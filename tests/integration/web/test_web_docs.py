"""docs/web.md tells the truth."""

import re
from pathlib import Path

from zoe.web.mount import ROUTES
from zoe.web.shop.manifest import Manifest

DOC = (Path(__file__).parents[3] / "docs/web.md").read_text()


def test_the_manifest_that_is_shown_is_valid() -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    (entry,) = Manifest.model_validate_json(shown).zapps
    assert [one.kind for one in entry.parameters] == ["environment", "command", "service_count"]


def test_every_page_stands_in_the_table() -> None:
    told = {re.sub(r"<[^>]*>", "*", path) for path in re.findall(r"`(/[^`]*)`", DOC)}
    pages = {"/signin", "/shop", "/executions", "/executions/*", "/executions/*/opening", "/executions/all", "/cluster"}
    assert pages <= told
    served = {re.sub(r"{[^}]*}", "*", path) for path in ROUTES}
    assert pages <= served
