"""A stored ZApp comes back as it was, and an application that runs a thousand times is kept once."""

import json

import pytest

from zoe.errors import ZAppInvalidError
from zoe.zapp import EXAMPLE, read, restore


def stored(document: object) -> str:
    return json.dumps(read(document).model_dump(mode="json"))


def test_a_stored_zapp_comes_back_as_it_was() -> None:
    assert restore(stored(EXAMPLE)) == read(EXAMPLE)


def test_equal_documents_share_one_zapp() -> None:
    assert restore(stored(EXAMPLE)) is restore(stored(EXAMPLE))


def test_what_cannot_be_read_any_more_is_told_with_its_faults() -> None:
    with pytest.raises(ZAppInvalidError, match="services"):
        restore('{"name": "old-one", "version": 3, "will_end": true}')
