"""Whether real processes are at work: those that keep a processor busy without a word, and those that only wait."""

import time

from tests.plugins.backend_process.kit import Start
from zoe.master.idle_signals import Answer, Prober, Question
from zoe.plugin import Backend, ServiceReport


def question(number: int, report: ServiceReport) -> Question:
    return Question(number, None, (), {report.handle: report.who.name}, {})


def answers(prober: Prober, *questions: Question) -> dict[int, Answer]:
    """Ask until there is an answer to each; the first look alone cannot tell."""
    found: dict[int, Answer] = {}
    deadline = time.monotonic() + 20
    while len(found) < len(questions):
        assert time.monotonic() < deadline
        prober.ask(questions)
        prober._one.submit(lambda: None).result(60)
        told = [prober.answers.popleft() for _ in questions]
        found = {answer.execution: answer for answer in told if not answer.too_early}
        time.sleep(0.1)
    return found


def test_a_silent_process_that_keeps_a_processor_busy_is_at_work_and_one_that_waits_is_not(
    backend: Backend, start: Start
) -> None:
    busy, quiet = start(1, "while :; do :; done"), start(2, "sleep 1000")
    prober = Prober(backend, 0.05, lambda: None)
    try:
        found = answers(prober, question(1, busy), question(2, quiet))
    finally:
        prober.close()
    assert found[1].active is not None
    assert " of a core" in found[1].active
    assert (found[2].active, found[2].quiet) == (None, ["processors below 5% of a core"])


def test_work_is_seen_of_children_that_a_service_started(backend: Backend, start: Start) -> None:
    report = start(1, "(while :; do :; done) & sleep 1000")
    prober = Prober(backend, 0.05, lambda: None)
    try:
        assert answers(prober, question(1, report))[1].active is not None
    finally:
        prober.close()
