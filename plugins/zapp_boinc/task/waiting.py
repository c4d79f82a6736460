"""Before there is a task: how long to go on asking, and when to give up."""

import time

from zapp_boinc.task.order import Order
from zapp_boinc.task.output import Output
from zapp_boinc.task.project import Reply
from zapp_boinc.task.verdict import NO_WORK, REFUSED, UNREACHABLE, Verdict

AGAIN_S = (5.0, 60.0)
"""Seconds before a page that cannot be had is looked at again: at first, and at most."""


class Waiting:
    """The patience of one run, over as many clients as it takes."""

    def __init__(self, order: Order, output: Output) -> None:
        self._order, self._output = order, output
        self._until = time.monotonic() + order.patience
        self._failures = self._refusals = 0
        self._last_word: tuple[int, str] | None = None

    def stood_still(self, seconds: float) -> None:
        """Take note that nobody could answer for so long."""
        self._until += seconds

    def without_page(self, trouble: str) -> float:
        """Return the seconds until the page is to be looked at again.

        Raises:
            Verdict: there is no time left.

        """
        self._failures += 1
        pause = min(AGAIN_S[1], AGAIN_S[0] * 2 ** min(self._failures - 1, 8))
        return self._pause(pause, UNREACHABLE, f"{self._order.url} cannot be reached: {trouble}")

    def without_reply(self) -> None:
        """Give up if the scheduler has not answered in all the time there was."""
        why = self._output.complaint or "its scheduler does not answer"
        self._pause(0, *(self._last_word or (UNREACHABLE, f"{self._order.url} cannot be reached: {why}")))

    def refused(self, reply: Reply) -> float:
        """Return the seconds until the project may be asked again, as it sent no task.

        Raises:
            Verdict: it never will, or not in the time there is.

        """
        self._refusals += 1
        said = f"; it says: {self._output.without_key(reply.words)}" if reply.words else ""
        if reply.key_refused:
            raise Verdict(REFUSED, f"{self._order.url} refused the account key{said}")
        if reply.wants_terms:
            raise Verdict(REFUSED, f"Accept the terms of {self._order.url} on its page first{said}")
        shortest, longest = self._order.retry
        delay = max(reply.delay, min(longest, shortest * 2 ** min(self._refusals - 1, 16)))
        if reply.down:
            self._last_word = UNREACHABLE, f"{self._order.url} is closed for the time being{said}"
        else:
            self._last_word = NO_WORK, f"{self._order.url} has no task for this machine{said}"
        return self._pause(delay, *self._last_word)

    def _pause(self, seconds: float, code: int, sentence: str) -> float:
        # It is not worth holding what was reserved to learn the same at the end of the wait.
        if time.monotonic() + seconds > self._until:
            raise Verdict(code, sentence.rstrip(".") + ".")
        return seconds
