"""What the exit statuses mean, said of the service that ended."""

from zapp_boinc.task import verdict

SENTENCES = {
    verdict.OK: "finished its task, and the project has acknowledged it",
    verdict.FAILED: "ran its task, and the task failed",
    verdict.USAGE: "was not started: the project's URL or the account key is not one",
    verdict.UNREACHABLE: "gave up, because the project could not be reached",
    verdict.BROKEN: "gave up, because the BOINC client cannot work there",
    verdict.NO_WORK: "gave up, because the project had no task to give",
    verdict.REFUSED: "gave up, because the project refused the account",
    verdict.TIMED_OUT: "gave its task back, because it took longer than its time-out",
    verdict.STOPPED: "was stopped before its task was done",
}
"""By exit status; the log's last line says more."""
