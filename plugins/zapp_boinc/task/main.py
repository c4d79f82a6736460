"""From the environment to an exit status and one last sentence."""

import errno
import os
import sys

from zapp_boinc.task import directory
from zapp_boinc.task.bell import Bell
from zapp_boinc.task.order import Order, read
from zapp_boinc.task.output import Output
from zapp_boinc.task.run import Run
from zapp_boinc.task.status import Status
from zapp_boinc.task.talk import Talk
from zapp_boinc.task.verdict import BROKEN, STOPPED, Verdict

_FULL = {errno.ENOSPC, errno.EDQUOT}


def main() -> None:
    """Run one task; exit as `verdict` has it."""
    output = Output(os.environ.get("ZOE_BOINC_KEY", ""))
    try:
        _run(read(os.environ), output)
    except Verdict as verdict:
        output.say(str(verdict))
        sys.exit(verdict.code)
    except OSError as error:
        why = "the disk is full" if error.errno in _FULL else str(error)
        output.say(f"The task cannot be run here: {why}.")
        sys.exit(BROKEN)


def _run(order: Order, output: Output) -> None:
    bell, status = Bell(), Status(lambda: _keep(order))
    if order.port:
        try:
            status.serve(order.address, order.port)
        except OSError as error:
            output.say(f"the progress cannot be told: {order.address}:{order.port}: {error.strerror}")
    home = directory.enter(order)
    kept, run = False, Run(order, output, bell, status)
    try:
        run.to_the_end()
    except Verdict as verdict:
        if verdict.code != STOPPED:
            raise
        wanted = order.keep is not None and (status.keeps or not order.keep_if_asked)
        kept = wanted and directory.has_task()
        words = "the task is kept and goes on next time" if kept else run.what_the_project_knows()
        raise Verdict(STOPPED, f"Stopped; {words}.") from None
    finally:
        if not kept:
            directory.leave(home)
            if order.keep is not None and order.keep_if_asked:
                directory.leave_no_trace(home.parent)


def _keep(order: Order) -> None:
    """Have the client that runs now keep its task when it is stopped; called from the thread that tells the status."""
    talk = Talk(order.url)
    try:
        directory.keep_task(order)
        talk.read_configuration()
    finally:
        talk.close()
