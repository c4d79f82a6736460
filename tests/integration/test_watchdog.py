"""What ends a pass that a plugin never comes back from, and what it leaves behind: nothing."""

import subprocess
import sys
from textwrap import dedent

import pytest

_WATCHED = """
    import sys, time
    from contextlib import suppress
    from zoe.master.watchdog import Watchdog
    from zoe.scheduling.guard import TakesTooLongError

    def loop():
        while True:
            pass

    watchdog = Watchdog(0.2)
    for work in ({work}):
        with suppress(TakesTooLongError), watchdog.watching():
            work()
    sys.settrace(lambda *_: None)
    (lambda: None)()
    sys.settrace(None)
    print("traced")
"""


@pytest.mark.parametrize("work", ["int,", "loop,", "loop, int,", "loop, loop,", "lambda: time.sleep(0.4),"])
def test_python_has_nothing_to_attend_to_once_a_pass_is_over(work: str) -> None:
    """An exception that is said to be on its way and never comes slows every step down; one that is traced never ends.

    CPython 3.11: PyThreadState_SetAsyncExc(thread, None) says so, and nothing takes it back.
    """
    ended = subprocess.run(
        [sys.executable, "-c", dedent(_WATCHED).format(work=work)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("traced\n", "", 0)
