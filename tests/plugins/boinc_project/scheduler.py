"""The scheduler: takes reports, hands out tasks."""

import re
import time
from collections.abc import Iterator

from tests.plugins.boinc_project import apps, replies
from tests.plugins.boinc_project.books import Books
from tests.plugins.boinc_project.faults import Faults
from tests.plugins.boinc_project.keys import make_key

CLOSED = """<scheduler_reply>
<message priority="low">Project is temporarily shut down for maintenance</message>
<request_delay>3600</request_delay>
<project_is_down/>
</scheduler_reply>
"""
DEADLINE_S = 7 * 24 * 3600
_REPORT = re.compile(r"<result>\s*<name>(.*?)</name>(.*?)</result>", re.DOTALL)


class Scheduler:
    """Answers requests for `url`; only `account_key` is let in."""

    def __init__(self, url: str, account_key: str, books: Books, faults: Faults) -> None:
        self._url, self._account_key = url, account_key
        self._books, self._faults = books, faults
        self._key = make_key()
        self.last_request = ""

    def answer(self, request: str) -> str:
        """Return the reply to a request."""
        self.last_request = request
        self._books.rpcs += 1
        if self._faults.happens("maintenance"):
            return CLOSED
        known = int(_field(request, "hostid") or 0)
        if _field(request, "authenticator") != self._account_key:
            return self._refused(request)
        host = self._books.host(known, _field(request, "host_cpid"))
        acknowledgements = list(self._reports(request))
        delay, work = self._work(request, host)
        parts = [*acknowledgements, *work]
        if self._key_is_missing(request):
            parts.append(replies.code_sign_key(self._key))
        return replies.scheduler_reply(self._url, host, new_host=not known, parts=parts, delay=delay)

    def _refused(self, request: str) -> str:
        words = "Invalid or missing account key.  To fix, remove and add this project ."
        if self._faults.echo_key:
            words += f" The key was {_field(request, 'authenticator')}"
        return replies.scheduler_reply(self._url, 0, new_host=False, parts=[replies.message(words)], delay=3600)

    def _reports(self, request: str) -> Iterator[str]:
        for name, said in _REPORT.findall(request):
            self._books.report(name, int(_field(said, "state")), int(_field(said, "exit_status")))
            yield replies.acknowledged(name)

    def _work(self, request: str, host: int) -> tuple[float, list[str]]:
        if float(_field(request, "work_req_seconds") or 0) <= 0:
            return 0.0, []
        self._books.work_requests += 1
        if self._faults.terms:
            return 3600, [replies.message("You must first accept the terms of use on the project's web site", "notice")]
        if self._faults.happens("no_work"):
            return self._nothing()
        tasks = self._books.hand_out(host, self._faults.per_request)
        if not tasks:
            return self._nothing()
        content = apps.PROGRAM.encode() + (b"tampered" if self._faults.bad_signature else b"")
        program = replies.program(self._url, self._key.signature(content))
        deadline = int(time.time()) + DEADLINE_S
        return 0.0, [program, *(replies.work(self._url, task, deadline) for task in tasks)]

    def _nothing(self) -> tuple[float, list[str]]:
        words = "Project has no tasks available"
        if self._faults.echo_key:
            words += f" for {self._account_key}"
        return self._faults.no_work_delay, [replies.message(words)]

    @staticmethod
    def _key_is_missing(request: str) -> bool:
        return "<code_sign_key>" not in request


def _field(text: str, name: str) -> str:
    found = re.search(rf"<{name}>\s*(.*?)\s*</{name}>", text, re.DOTALL)
    return found[1] if found else ""
