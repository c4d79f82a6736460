"""Holding the client to one task, and judging its end from what the client and the project said."""

import time
from collections.abc import Sequence

from zapp_boinc.task.order import Order
from zapp_boinc.task.output import Output
from zapp_boinc.task.status import Status
from zapp_boinc.task.talk import ABORTED, DOWNLOADING, FAILED, UPLOADED, UPLOADING, Talk, Task
from zapp_boinc.task.verdict import BROKEN, OK, TIMED_OUT, UNREACHABLE, Verdict
from zapp_boinc.task.verdict import FAILED as TASK_FAILED

SOON_S = 3.0
"""What is left to report is reported after so long: the client itself would wait for minutes when a task has failed."""
AGAIN_S = 60.0
_STEPS = {DOWNLOADING: "downloading", UPLOADING: "uploading", UPLOADED: "reporting", FAILED: "reporting"}
_KNOWN = {
    197: "it took longer than the project allows",
    196: "it needed more disk than the project allows",
    198: "it needed more memory than the project allows",
    203: "it was aborted",
    -186: "a file could not be downloaded",
    -119: "a file is not what the project signed",
}


class Holding:
    """The one task of this run, over as many clients as it takes."""

    def __init__(self, order: Order, output: Output, status: Status) -> None:
        self._order, self._output, self._status = order, output, status
        self.task: Task | None = None
        self._since = self._moved = time.monotonic()
        self._ready_since: float | None = None

    def look(self, talk: Talk, tasks: Sequence[Task]) -> None:
        """Go on with one of the tasks that the client has, and give up all others.

        Raises:
            Verdict: it has taken too long.

        """
        now = time.monotonic()
        if self.task is None:
            talk.ask_for_no_more()
            self._take(_chosen(tasks), now)
        surplus = [task.name for task in tasks if self.task and task.name != self.task.name and task.state != ABORTED]
        for name in surplus:
            self._output.say(f"giving back {name}: one task is enough")
            talk.abort(name)
        if surplus:
            talk.contact_project()
        for task in tasks:
            if self.task and task.name == self.task.name:
                self._follow(task, now)
        self._report(talk, all(task.ready for task in tasks), now)
        self._check_times(now)

    def stood_still(self, seconds: float) -> None:
        """Take note that nothing could move for so long."""
        self._moved += seconds

    def judge(self, acknowledged: dict[str, int]) -> None:
        """Tell how the task ended, once the project has acknowledged it.

        Raises:
            Verdict: always, but while nothing is acknowledged.

        """
        name = self.task.name if self.task else next(iter(acknowledged), None)
        if name is None:
            return
        code = acknowledged.get(name, self._last_known())
        if code is None:
            raise Verdict(BROKEN, f"The BOINC client has lost task {name}, so nobody knows how it ended.")
        good = self.task is None or self.task.state not in {FAILED, ABORTED}
        if code == 0 and good and not self._output.lost_upload:
            raise Verdict(OK, f"Task {name} is done; {self._order.url} has acknowledged it.")
        why = self._output.gave_up or _KNOWN.get(code) or f"its program ended with exit code {code}"
        raise Verdict(TASK_FAILED, f"Task {name} failed: {why}. {self._order.url} knows.")

    def _last_known(self) -> int | None:
        """Return the exit status of a task that had only to be reported: a killed client forgets its reports."""
        return self.task.exit_status if self.task and self.task.ready else None

    def _take(self, task: Task, now: float) -> None:
        self.task, self._since, self._moved = task, now, now
        self._output.say(f"the task is {task.name}")

    def _follow(self, task: Task, now: float) -> None:
        before, self.task = self.task, task
        # While it computes there is nothing to wait for; a result is worth as long a wait as it took to make.
        if task.executing or (before and before.state != task.state):
            self._moved = now
        step = _STEPS.get(task.state, "computing" if task.executing else "waiting")
        self._status.tell(f"{step} task {task.name}", 1.0 if task.state in {UPLOADING, UPLOADED} else task.fraction)

    def _report(self, talk: Talk, ready: bool, now: float) -> None:
        if not ready:
            self._ready_since = None
        elif self._ready_since is None:
            self._ready_since = now - AGAIN_S + SOON_S
        elif now - self._ready_since > AGAIN_S:
            self._ready_since = now
            talk.contact_project()

    def _check_times(self, now: float) -> None:
        if self.task is None:
            return
        if self._order.timeout and now - self._since > self._order.timeout:
            text = f"Task {self.task.name} was given back: it was not done after {self._order.timeout:g} s."
            raise Verdict(TIMED_OUT, text)
        if now - self._moved > max(self._order.patience, self.task.elapsed):
            step = _STEPS.get(self.task.state, "waiting for room to run in")
            why = f" ({self._output.complaint})" if self._output.complaint else ""
            raise Verdict(UNREACHABLE, f"Task {self.task.name} was given back: it got no further than {step}{why}.")


def _chosen(tasks: Sequence[Task]) -> Task:
    """Return the task to keep: the one that computes, else the one that is furthest."""
    return max(tasks, key=lambda task: (task.executing, task.state not in {FAILED, ABORTED}, task.state))
