"""Secret parameters of a ZApp type: typed without an echo or read from standard input, for arguments show in `ps`."""

import getpass
import sys
from collections.abc import Callable, Iterator, Mapping

from zoe.cli import zapp_options
from zoe.errors import ZoeError

FROM_STDIN = "-"


def secrets(schema: zapp_options.Schema) -> Iterator[str]:
    """Yield the names of the parameters that nobody may see."""
    for name, property_ in schema.get("properties", {}).items():
        if any(one.get("format") == "password" for one in (property_, *property_.get("anyOf", ()))):
            yield name


def filled_in(
    parameters: Mapping[str, object],
    schema: zapp_options.Schema,
    warn: Callable[[str], object] = sys.stderr.write,
) -> dict[str, object]:
    """Return the parameters with every secret that has to be there.

    One that is `-` is a line of standard input; a required one that is missing is asked for.

    Raises:
        ZoeError: there is nobody to ask, or nothing on standard input.

    """
    found = dict(parameters)
    for name in secrets(schema):
        if found.get(name) == FROM_STDIN:
            found[name] = _line(name)
        elif name in found:
            option = zapp_options.option(name)
            warn(f"warning: {option} shows in this machine's process list; leave it out, or say {option} -\n")
        elif name in schema.get("required", ()):
            found[name] = _asked(name)
    return found


def _line(name: str) -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise ZoeError(f"{zapp_options.option(name)} - reads a line of standard input, and there was none.")
    return line


def _asked(name: str) -> str:
    option = zapp_options.option(name)
    if not sys.stdin.isatty():
        raise ZoeError(f"{option} is needed, and there is no terminal to ask for it: say {option} - and pipe it in.")
    return getpass.getpass(f"{name.replace('_', ' ').capitalize()}: ")
