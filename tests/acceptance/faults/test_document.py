"""`docs/faults.md` names tests that there are, and all that prove a fault here."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
DOCUMENT = TESTS.parent / "docs" / "faults.md"


def test_every_test_that_the_table_of_faults_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT.read_text(encoding="utf-8")))
    found = re.findall(
        r"^def (test_\w+)",
        "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")),
        re.MULTILINE,
    )
    assert named
    assert named - set(found) == set()
