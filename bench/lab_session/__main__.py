"""`python -m bench.lab_session [--engine docker|swarm] [--users 25]`.

25 users press a button at once and each waits, as a browser does, for a JupyterLab with a Spark cluster of their own
(5 services, as small as they can be) to answer through the gateway. Then nobody touches anything any more.

- `click_to_notebook_*`: from a click to the notebook's first answer; `last_over_first`: the last over the first.
- `lost`: clicks without a notebook, and executions that ended otherwise than for being idle.
- `left_over`: executions, containers and networks that are still there after the idle time.

On one engine also: so many single notebooks at once beside the bare engine with the same image, limits and a network
each, to the last one's first answer: `ratio_to_raw_stub` (a container that answers at once), `ratio_to_raw_lab`
(JupyterLab). The bare engine is measured before and after, and its copies are looked at directly, not through a
gateway. `one_network_*_s`: what it takes where all the copies share one network, and nobody is kept from anybody.
"""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.connection import Connection
from bench.lab_session import class_lab, orders
from bench.lab_session.bare import bare
from bench.lab_session.ground import GROUNDS, Ground
from bench.lab_session.students import Opened, Page, Student, all_click, enrol
from bench.report import Figure, main, percentile
from bench.served import Served, data_directory, serve
from zoe.plugin import Deployment

_IDLE_PATIENCE = 900.0
_LOOK_AGAIN = 1.0


def options(parser: ArgumentParser) -> None:
    """Say how large the class is."""
    parser.add_argument("--engine", choices=GROUNDS, default="docker")
    parser.add_argument("--users", type=int, default=25)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--idle-minutes", type=float, default=2.0, help="after which unused notebooks end")
    parser.add_argument("--only", choices=("session", "ratio"), help="one half of it")


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Hold the session, then compare."""
    figures: dict[str, Figure] = {}
    with GROUNDS[arguments.engine]() as ground:
        if arguments.only != "ratio":
            figures |= _session(ground, arguments)
        if arguments.only != "session" and arguments.engine == "docker":
            figures |= _beside_the_bare_engine(ground, arguments.users)
    return figures


def _session(ground: Ground, arguments: Namespace) -> dict[str, Figure]:
    idle = {"ZOE_IDLE__END_MINUTES": str(arguments.idle_minutes), "ZOE_IDLE__LOOK_SECONDS": "5"}
    with (
        class_lab.installed() as found,
        data_directory() as directory,
        serve(directory, {**ground.environment, **idle, **found}) as served,
    ):
        admin = served.connect()
        students = enrol(admin, served.url, arguments.users)
        order = orders.lab_with_cluster(arguments.workers)
        opened = all_click(students, order, orders.LAB)
        _go_home(students)
        unused = _end_by_themselves(admin, opened)
        left = ground.left_over() + sum(not one for one in unused.values())
        wrong = sum("idle" not in reason for reason in unused.values() if reason)
    there = sorted(one.seconds for one in opened if one.there is not None)
    lost = len(opened) - len(there) + wrong
    return {
        "click_to_notebook_p50_s": Figure(percentile(there, 50), "s"),
        "click_to_notebook_p95_s": Figure(percentile(there, 95), "s"),
        "first_s": Figure(there[0], "s"),
        "last_over_first": Figure(there[-1] / there[0], ""),
        "lost": Figure(lost, "", "0"),
        "left_over": Figure(left, "", "0"),
    }


def _beside_the_bare_engine(ground: Ground, users: int) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    with data_directory() as directory, serve(directory, ground.environment) as served:
        students = enrol(served.connect(), served.url, users)
        kinds = {
            "stub": (orders.stub(), orders.STUB, "at most 1.3"),
            "lab": (orders.single_lab(_deployment(directory)), orders.LAB, "at most 1.1"),
        }
        for name, (order, page, aim) in kinds.items():
            ours, raw, shared = _one_kind(ground, served, students, order, page)
            figures[f"ratio_to_raw_{name}"] = Figure(ours / raw, "", aim)
            figures[f"{name}_s"], figures[f"raw_{name}_s"] = Figure(ours, "s"), Figure(raw, "s")
            figures[f"one_network_{name}_s"] = Figure(shared, "s")
        _go_home(students)
    return figures


def _one_kind(
    ground: Ground, served: Served, students: Sequence[Student], order: Mapping[str, Any], page: Page
) -> tuple[float, float, float]:
    # One runs already, for the bare engine to copy.
    admin = served.connect()
    like = students[0].click(order, page)
    with bare(ground.daemons[0], like.execution, page) as raw:
        shared = raw.seconds(len(students), apart=False)
        before = raw.seconds(len(students), apart=True)
        opened = all_click(students, order, page)
        _stop(admin, opened)
        after = raw.seconds(len(students), apart=True)
    _stop(admin, [like])
    last = max(one.there or float("inf") for one in opened)
    return last - min(one.clicked for one in opened), (before + after) / 2, shared


def _end_by_themselves(admin: Connection, opened: Sequence[Opened]) -> dict[int, str]:
    """Wait until nobody's execution runs any more; return why each ended, empty where it did not."""
    deadline = time.time() + _IDLE_PATIENCE
    reasons = dict.fromkeys((one.execution for one in opened), "")
    while time.time() < deadline and not all(reasons.values()):
        time.sleep(_LOOK_AGAIN)
        for execution in [one for one, reason in reasons.items() if not reason]:
            if admin.get(f"/execution/{execution}")["status"] in {"terminated", "error"}:
                reasons[execution] = _last_words(admin, execution)
    return reasons


def _last_words(admin: Connection, execution: int) -> str:
    events = admin.get(f"/execution/{execution}/events")["events"]
    return " ".join(event["reason"] or "" for event in events if event["after"]) or "ended"


def _stop(admin: Connection, opened: Sequence[Opened]) -> None:
    for one in opened:
        admin.stop(one.execution)
    for one in opened:
        admin.until(one.execution, "terminated", "error", seconds=300)


def _go_home(students: Sequence[Student]) -> None:
    for student in students:
        student.close()


def _deployment(directory: Path) -> Deployment:
    return Deployment("bench", "bench", directory)


if __name__ == "__main__":
    main("lab_session", "a class clicks at once: to a notebook of one's own, and nothing left", measure, options)
