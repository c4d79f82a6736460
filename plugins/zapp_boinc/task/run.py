"""One run: a client after the other in one directory, until the task is done or there is no point in going on."""

import time
from contextlib import suppress

from zapp_boinc.task import directory, project
from zapp_boinc.task.bell import Bell
from zapp_boinc.task.client import Client
from zapp_boinc.task.holding import Holding
from zapp_boinc.task.order import Order
from zapp_boinc.task.output import Output
from zapp_boinc.task.status import Status
from zapp_boinc.task.talk import Talk
from zapp_boinc.task.verdict import BROKEN, STOPPED, Verdict
from zapp_boinc.task.waiting import Waiting

LOOK_S = 1.0
"""Seconds between two looks: the client has no events but its words, and moves once a second itself."""
STANDSTILL_S = 10.0
"""Who wakes so late was not slow: the machine stood still, or all that runs here."""
SILENCE_S = 60.0
LEAVE_S = 4.0
"""Seconds for a client without a task to end."""
PARTING_S = 8.5
"""Seconds that the client has to take leave of the project; who stops us waits for ten."""
ONCE_MORE_S = 4.0
MOST_DEATHS = 2
_HOPELESS = {
    108: "another client works in its directory",
    192: "it could not write its state; the disk may be full",
}


class Run:
    """All that lasts longer than one client."""

    def __init__(self, order: Order, output: Output, bell: Bell, status: Status) -> None:
        self._order, self._output, self._bell, self._status = order, output, bell, status
        self._waiting = Waiting(order, output)
        self._holding = Holding(order, output, status)
        self._resumed = directory.has_task()
        self._deaths = 0

    def to_the_end(self) -> None:
        """Do it.

        Raises:
            Verdict: always.

        """
        if self._resumed:
            self._output.say("going on with the task that was kept")
        else:
            self._find_project()
        again = False
        while True:
            self._sleep(self._with_client(again=again))
            again = True

    def what_the_project_knows(self) -> str:
        """Say what a stop means to the project."""
        if self._holding.task is None:
            return "there was no task yet"
        name, url = self._holding.task.name, self._order.url
        if self._output.acknowledged:
            return f"{url} knows that task {name} does not come back"
        return f"{url} could not be told in time, and waits for task {name} until its deadline"

    def _find_project(self) -> None:
        while (trouble := self._trouble()) is not None:
            self._output.say(f"waiting for the project: {trouble}")
            self._status.tell("waiting for the project")
            self._sleep(self._waiting.without_page(trouble))

    def _trouble(self) -> str | None:
        self._bell.urgent = True
        self._bell.check()
        try:
            return project.trouble_with(self._order.url)
        finally:
            self._bell.urgent = False

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._wait(left)

    def _with_client(self, *, again: bool) -> float:
        """Run a client, and return after how many seconds another one is needed."""
        directory.permit_work()
        self._bell.check()
        client, talk = Client(self._order, self._output, self._bell.ring), Talk(self._order.url)
        try:
            return self._watch(client, talk, again=again)
        except Verdict as verdict:
            self._part(client, talk, verdict)
            raise
        finally:
            talk.close()
            client.kill()

    def _watch(self, client: Client, talk: Talk, *, again: bool) -> float:
        heard, replies, set_backs = time.monotonic(), self._output.replies, self._output.set_backs
        while (code := client.ended()) is None:
            heard += self._wait(LOOK_S)
            if self._output.set_backs > set_backs:
                # It answers us, and otherwise does nothing until its old time comes round.
                self._output.say("the clock was set back, which stalls the BOINC client; starting it again")
                return 0.0
            answered = self._output.replies
            try:
                if again:
                    talk.contact_project()
                    again = False
                pause = self._look(talk, replied=answered > replies)
            except OSError as error:
                if client.ended() is None and time.monotonic() - heard > SILENCE_S:
                    raise Verdict(BROKEN, f"The BOINC client does not answer: {error}.") from error
                continue
            heard, replies = time.monotonic(), answered
            if pause is not None:
                client.terminate()  # so that it writes down which host it is
                client.wait(LEAVE_S)
                return pause
        return self._mourn(code)

    def _wait(self, seconds: float) -> float:
        """Wait for a ring, so long; return the seconds for which everything stood still, which nobody is blamed for."""
        began = time.monotonic()
        self._bell.wait(seconds)
        late = time.monotonic() - began - seconds
        if late < STANDSTILL_S:
            return 0.0
        self._holding.stood_still(late)
        self._waiting.stood_still(late)
        return late

    def _look(self, talk: Talk, *, replied: bool) -> float | None:
        tasks = talk.tasks()
        if tasks:
            self._holding.look(talk, tasks)
            return None
        self._holding.judge(talk.acknowledged())
        if replied:
            return self._waiting.refused(project.read_reply(directory.last_reply()))
        self._status.tell("asking for a task")
        self._waiting.without_reply()
        return None

    def _mourn(self, code: int) -> float:
        """Return at once if another client can go on where this one was ended from outside."""
        self._deaths += 1
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        if code in _HOPELESS or self._deaths > MOST_DEATHS:
            why = _HOPELESS.get(code) or self._output.complaint or "it was not Zoe that ended it"
            raise Verdict(BROKEN, f"The BOINC client {how}: {why}.")
        self._output.say(f"the BOINC client {how}; starting it again")
        return 0.0

    def _part(self, client: Client, talk: Talk, verdict: Verdict) -> None:
        """Take leave: of the task for good, or until the next time."""
        if verdict.code == STOPPED:
            client.terminate()
            client.wait((self._bell.stopped_at or time.monotonic()) + PARTING_S - time.monotonic())
        elif self._holding.task is not None:
            with suppress(OSError):
                self._give_back(client, talk)

    def _give_back(self, client: Client, talk: Talk) -> None:
        tasks, until, contact_at = talk.tasks(), time.monotonic() + PARTING_S, 0.0
        for task in tasks:
            talk.abort(task.name)
        talk.abort_transfers()
        client.kill_programs([task.pid for task in tasks if task.pid])
        while tasks and (now := time.monotonic()) < until:
            if all(task.ready for task in tasks) and now > contact_at:
                contact_at = now + ONCE_MORE_S
                talk.contact_project()
            client.wait(LOOK_S)
            tasks = talk.tasks()
        if tasks:
            self._output.say(self.what_the_project_knows())
