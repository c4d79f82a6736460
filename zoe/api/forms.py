"""What a browser sends with a form."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

import falcon

from zoe.api.bodies import storable
from zoe.api.errors import TooLargeError
from zoe.errors import Fault, RequestInvalidError

MOST_FIELDS = 2000


class Form(Mapping[str, str]):
    """The fields by name; of one that came several times the last counts, `every` has all."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._last = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def every(self, name: str) -> list[str]:
        """Return all that came under this name."""
        return [content for key, content in self._pairs if key == name]


def read_form(req: falcon.Request, limit: int) -> Form:
    """Return the fields of a request's body, of at most `limit` bytes; none for a GET.

    Raises:
        TooLargeError: it is longer.
        RequestInvalidError: it is not what a form sends.

    """
    if req.method != "POST":
        return Form([])
    if (req.content_length or 0) > limit:
        raise TooLargeError(limit=limit)
    body: bytes = req.bounded_stream.read(limit)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise RequestInvalidError([Fault("", "this is not what a form sends")]) from error
    unfit = [name for name, text in pairs if not storable(name) or not storable(text)]
    if faults := [Fault(ascii(name[:80]), "the text holds a NUL or half a character") for name in unfit]:
        raise RequestInvalidError(faults)
    return Form(pairs)
