"""How a password reaches us: typed without an echo or on standard input, never among the arguments."""

import getpass
import sys

from zoe.errors import ZoeError


def read(*, from_stdin: bool, prompt: str = "Password: ", twice: bool = False) -> str:
    """Return a password; `twice` has a new one confirmed."""
    if from_stdin:
        return _not_empty(sys.stdin.readline().rstrip("\r\n"))
    if not sys.stdin.isatty():
        raise ZoeError("There is no terminal to ask for the password: give it on standard input with --password-stdin.")
    password = _not_empty(getpass.getpass(prompt))
    if twice and getpass.getpass("Once more: ") != password:
        raise ZoeError("The two passwords differ.")
    return password


def _not_empty(password: str) -> str:
    if not password:
        raise ZoeError("The password is empty.")
    return password
