"""The rules of virtual time: known cases by hand, and what holds for every workload."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoe.scheduling.model import Application, Node, Part, Plan, Resources, Snapshot, Start, Stop
from zoe.simulation.engine import Outcome, Record, simulate
from zoe.simulation.ledger import PlanInvalidError
from zoe.simulation.measures import measure
from zoe.simulation.planning import Scheduler
from zoe.simulation.workload import Group, Kind, Mode, Submission, Workload, WorkloadInvalidError

GIB = 1 << 30


class Fifo:
    name = "fifo"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return sorted(applications, key=lambda application: (application.submitted, application.id))


class FirstFit:
    name = "first"

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        return candidates[0]


def nodes(count: int, cores: float, memory: int = 64 * GIB) -> list[Node]:
    return [Node(f"n{number}", Resources(cores, memory)) for number in range(count)]


def submission(id_: int, at: float, core: int, elastic: int, work: float, cores: float = 1.0) -> Submission:
    """Return an application of services of `cores` cores, which are also their rate."""
    reserved = Resources(cores, GIB)
    groups = [Group("core", core, reserved, core=True, rate=cores)]
    if elastic:
        groups.append(Group("more", elastic, reserved, core=False, rate=cores))
    return Submission(id_, at, Kind.ELASTIC if elastic else Kind.RIGID, tuple(groups), work)


def run(workload: Workload) -> Outcome:
    return simulate(workload, Scheduler(Fifo(), FirstFit()))


def record(outcome: Outcome, id_: int) -> Record:
    return next(record for record in outcome.records if record.submission.id == id_)


def test_elastic_services_add_their_rate_to_that_of_the_core() -> None:
    outcome = run(Workload("", nodes(1, 4), [submission(1, 10, 1, 3, work=400)]))
    assert (record(outcome, 1).started, record(outcome, 1).ended) == (10, 110)


def test_the_core_alone_works_at_its_own_rate_where_there_is_no_room_for_more() -> None:
    assert record(run(Workload("", nodes(1, 1), [submission(1, 0, 1, 3, work=400)])), 1).ended == 400


TAKEN_BACK = Workload("", nodes(1, 4), [submission(1, 0, 1, 3, work=800), submission(2, 90, 2, 0, work=200)])


def test_a_service_that_is_taken_back_loses_the_work_of_the_task_it_is_in() -> None:
    outcome = run(TAKEN_BACK)
    # At 90 s two services are 30 s into their second task: 360 - 60 of 800 are done. 200 more until 190 s, by two
    # services; the last 300 by four.
    assert record(outcome, 2) == Record(TAKEN_BACK.submissions[1], 90, 190, 0, 0)
    assert record(outcome, 1) == Record(TAKEN_BACK.submissions[0], 0, 265, 2, 60)


def test_without_tasks_nothing_is_lost() -> None:
    first = replace(TAKEN_BACK.submissions[0], task_seconds=0)
    outcome = run(replace(TAKEN_BACK, submissions=[first, TAKEN_BACK.submissions[1]]))
    assert (record(outcome, 1).ended, record(outcome, 1).lost) == (250, 0)


def test_in_rigid_mode_the_second_waits_until_the_first_has_ended() -> None:
    outcome = run(TAKEN_BACK.in_mode(Mode.RIGID))
    assert (record(outcome, 1).started, record(outcome, 1).ended) == (0, 200)
    assert (record(outcome, 2).started, record(outcome, 2).ended) == (200, 300)


def test_measures_are_those_of_the_case_computed_by_hand() -> None:
    found = measure(run(TAKEN_BACK.in_mode(Mode.RIGID)))
    everything = found.classes["all"]
    assert (everything.count, everything.never, everything.turnaround.mean) == (2, 0, (200 + 210) / 2)
    assert (everything.queued.mean, everything.queued.median, everything.queued.p95) == (55, 0, 110)
    assert everything.slowdown.mean == pytest.approx((1 + 210 / 100) / 2)
    assert (found.cores, found.waiting, found.makespan) == (1.0, 0.0, 300)
    assert found.classes["rigid"].count == 1
    assert "interactive" not in found.classes


def test_slowdown_is_bounded_so_that_the_shortest_do_not_drown_the_others() -> None:
    outcome = run(Workload("", nodes(1, 1), [submission(1, 0, 1, 0, work=100), submission(2, 0, 1, 0, work=0.001)]))
    assert measure(outcome).classes["all"].slowdown.mean == pytest.approx((1 + 10) / 2, rel=1e-3)


def test_an_opportunistic_application_goes_back_to_the_queue_and_resumes() -> None:
    idle = replace(submission(1, 0, 2, 0, work=400), opportunistic=True)
    outcome = run(Workload("", nodes(1, 2), [idle, submission(2, 90, 1, 0, work=100)]))
    assert record(outcome, 2).started == 90
    # 180 done, two services each lose 30; it starts again at 190 s with 280 to do.
    assert record(outcome, 1) == Record(idle, 0, 330, 2, 60)


def test_an_impossible_request_is_reported_and_delays_nobody() -> None:
    workload = Workload("", nodes(2, 4), [submission(1, 0, 1, 0, 50, cores=5), submission(2, 0, 4, 0, work=40)])
    outcome = run(workload)
    assert record(outcome, 2).ended == 10
    assert (record(outcome, 1).started, record(outcome, 1).ended) == (None, None)
    assert "5 cores" in (record(outcome, 1).never or "")
    assert measure(outcome).classes["all"].never == 1


def test_on_nodes_of_no_size_nothing_starts_and_the_simulation_ends() -> None:
    outcome = run(Workload("", nodes(2, 0, 0), [submission(1, 0, 1, 1, work=50)]))
    found = measure(outcome)
    assert (found.classes["all"].never, found.cores, found.makespan) == (1, 0.0, 0.0)


def test_a_clock_that_goes_back_is_refused() -> None:
    with pytest.raises(WorkloadInvalidError, match="application 2: submitted at 5 s, before application 1"):
        run(Workload("", nodes(1, 1), [submission(1, 9, 1, 0, 1), submission(2, 5, 1, 0, 1)]))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (submission(1, float("nan"), 1, 0, 1), "must be numbers"),
        (submission(1, 0, 1, 0, -1), "not negative"),
        (submission(1, 0, 0, 3, 1), "none of its core services"),
        (replace(submission(1, 0, 1, 0, 1), groups=()), "none of its core services"),
    ],
)
def test_an_application_that_could_not_end_is_refused(broken: Submission, reason: str) -> None:
    with pytest.raises(WorkloadInvalidError, match=reason):
        run(Workload("", nodes(1, 1), [broken]))


class Raises(Fifo):
    name = "raises"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        raise ZeroDivisionError("no size")


class Forgets(Fifo):
    name = "forgets"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return []


class Invents(FirstFit):
    name = "invents"

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        return Node("elsewhere", Resources(1, 1))


@pytest.mark.parametrize(
    ("policy", "placement", "named"),
    [(Raises(), FirstFit(), "raises"), (Forgets(), FirstFit(), "forgets"), (Fifo(), Invents(), "invents")],
)
def test_a_policy_or_placement_that_fails_is_named_and_everything_ends_all_the_same(
    policy: Fifo, placement: FirstFit, named: str
) -> None:
    scheduler = Scheduler(policy, placement)
    outcome = simulate(TAKEN_BACK, scheduler)
    assert [one.ended for one in outcome.records] == [265, 190]
    assert all(named in complaint and count > 0 for complaint, count in scheduler.complaints.items())
    assert scheduler.complaints


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (Plan(starts=[Start(1, 1, "n0"), Start(1, 2, "n0"), Start(1, 3, "n0")]), "has 0 cores"),
        (Plan(starts=[Start(1, 1, "nowhere")]), "is not there"),
        (Plan(starts=[Start(1, 1, "n0"), Start(1, 1, "n0")]), "started twice"),
        (Plan(starts=[Start(7, 1, "n0")]), "application 7, which is not there"),
        (Plan(stops=[Stop(1, 1, "")]), "does not run"),
    ],
)
def test_a_plan_that_cannot_be_is_an_error(plan: Plan, reason: str) -> None:
    with pytest.raises(PlanInvalidError, match=reason):
        simulate(Workload("", nodes(1, 2), [submission(1, 0, 3, 0, work=1)]), lambda _: plan)


def test_a_scheduler_that_takes_back_without_end_is_stopped() -> None:
    def flips(snapshot: Snapshot) -> Plan:
        if len(snapshot.applications) == 1:
            return Plan(starts=[Start(1, 1, "n0"), Start(1, 2, "n0")])
        return Plan(stops=[Stop(1, 2, "")], starts=[Start(1, 2, "n0")])

    workload = Workload("", nodes(1, 4), [submission(1, 0, 1, 1, work=100), submission(2, 5, 1, 0, work=1)])
    with pytest.raises(PlanInvalidError, match="without an end"):
        simulate(workload, flips)


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """Return clusters of up to 12 cores, and applications of one-core services: up to 14 core ones of them."""
    cluster = nodes(draw(st.integers(1, 3)), draw(st.integers(1, 4)))
    count, at = draw(st.integers(1, 12)), 0.0
    submissions = []
    for id_ in range(1, count + 1):
        at += draw(st.floats(0, 200))
        core, elastic = draw(st.integers(1, 14)), draw(st.integers(0, 6))
        one = submission(id_, at, core, elastic, work=draw(st.floats(0, 2000)))
        submissions.append(replace(one, task_seconds=draw(st.sampled_from([0.0, 7.0, 60.0]))))
    return Workload("", cluster, submissions)


class Watched:
    """A planner that adds up how long each part ran; the engine itself refuses what over-commits."""

    def __init__(self) -> None:
        self._planner = Scheduler(Fifo(), FirstFit())
        self._since: dict[tuple[int, int], float] = {}
        self.ran: dict[int, float] = {}

    def __call__(self, snapshot: Snapshot) -> Plan:
        decided = self._planner(snapshot)
        for stop in decided.stops:
            self._count(stop.application, stop.part, snapshot.now)
        for start in decided.starts:
            self._since[start.application, start.part] = snapshot.now
        return decided

    def _count(self, application: int, part: int, now: float) -> None:
        self.ran[application] = self.ran.get(application, 0.0) + now - self._since.pop((application, part))

    def finish(self, outcome: Outcome) -> None:
        for application, part in list(self._since):
            self._count(application, part, record(outcome, application).ended or 0.0)


@settings(max_examples=60, deadline=None)
@given(workloads())
def test_work_is_conserved_and_all_that_can_start_ends(workload: Workload) -> None:
    watched = Watched()
    outcome = simulate(workload, watched)
    watched.finish(outcome)
    room = sum(node.total.cores for node in workload.nodes)
    for one in outcome.records:
        if one.submission.groups[0].count > room:
            assert one.started is None
            assert one.never
            continue
        assert one.started is not None
        assert one.ended is not None
        assert one.submission.at <= one.started <= one.ended
        assert watched.ran.get(one.submission.id, 0) == pytest.approx(one.submission.work + one.lost, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(workloads())
def test_never_more_is_allocated_than_there_is_and_nothing_is_left_at_the_end(workload: Workload) -> None:
    timeline = run(workload).timeline
    assert all(0 <= share <= 1 + 1e-9 for share in (*timeline.cores, *timeline.memory))
    assert timeline.cores[-1] == pytest.approx(0)
    assert timeline.memory[-1] == 0


@settings(max_examples=30, deadline=None)
@given(workloads())
def test_flexible_without_elastic_services_equals_rigid(workload: Workload) -> None:
    bare = [replace(one, groups=one.groups[:1]) for one in workload.submissions]
    flexible, rigid = (run(replace(workload, submissions=bare).in_mode(mode)) for mode in Mode)
    assert [(one.started, one.ended) for one in flexible.records] == [(one.started, one.ended) for one in rigid.records]
    assert not any(one.taken for one in flexible.records)


def test_the_same_workload_always_comes_to_the_same() -> None:
    random = Random(3)
    submissions = [submission(id_, id_ * 9.0, 1, random.randrange(5), random.random() * 900) for id_ in range(1, 60)]
    workload = Workload("", nodes(3, 4), submissions)
    assert run(workload).records == run(workload).records
