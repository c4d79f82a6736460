"""Where simulated workloads come from: traces, tables, the past, and a generator; and what is wrong with some."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoe.errors import ZoeError
from zoe.scheduling.model import Resources
from zoe.simulation import history, lines, swf, table
from zoe.simulation.amounts import bytes_of, nodes_of
from zoe.simulation.synthetic import Mix, cluster, generate
from zoe.simulation.workload import Kind, Workload, WorkloadInvalidError

GIB = 1 << 30
HEADER = "; Version: 2.2\n; MaxProcs: 64\n;\n"


def job(number: int, at: float, seconds: float, processors: int, memory: int = -1) -> str:
    return f"{number} {at} -1 {seconds} {processors} -1 {memory} -1 -1 -1 1 7 1 -1 -1 -1 -1 -1\n"


def trace(directory: Path, text: str, name: str = "some.swf") -> Path:
    path = directory / name
    content = text.encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(WorkloadInvalidError) as raised:
        swf.read(path, Random(1))
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize("name", ["some.swf", "some.swf.gz"])
def test_a_job_becomes_up_to_eight_services_a_quarter_of_them_core(tmp_path: Path, name: str) -> None:
    path = trace(tmp_path, HEADER + job(1, 0, 100, 64) + job(2, 5.5, 10, 1), name)
    workload = swf.read(path, Random(1), swf.Conversion(elastic=1))
    large, small = workload.submissions
    assert [(group.count, group.core, group.reserved.cores) for group in large.groups] == [(2, True, 8), (6, False, 8)]
    assert (large.work, large.ideal_seconds, large.kind, large.owner) == (6400, 100, Kind.ELASTIC, "user7")
    assert (small.at, small.kind, small.ideal_seconds, len(small.groups)) == (5.5, Kind.RIGID, 10, 1)
    assert [node.total.cores for node in workload.nodes] == [32, 32]


def test_without_elastic_jobs_all_services_are_core(tmp_path: Path) -> None:
    path = trace(tmp_path, job(1, 0, 100, 6))
    (only,) = swf.read(path, Random(1), swf.Conversion(elastic=0)).submissions
    assert [(group.count, group.core) for group in only.groups] == [(6, True)]


def test_a_run_time_of_zero_is_half_a_second_and_an_unknown_one_is_left_out(tmp_path: Path) -> None:
    workload = swf.read(trace(tmp_path, job(1, 0, 0, 4) + job(2, 1, -1, 4) + job(3, 2, 5, -1)), Random(1))
    assert [one.ideal_seconds for one in workload.submissions] == [0.5]
    assert "2 jobs were left out" in workload.remarks[0]


def test_memory_in_a_trace_is_kibibytes_of_each_processor(tmp_path: Path) -> None:
    workload = swf.read(trace(tmp_path, job(1, 0, 9, 4, memory=2048) + job(2, 0, 9, 4, memory=1024)), Random(1))
    assert [one.demand.memory for one in workload.submissions] == [4 * 2048 * 1024, 4 * 1024 * 1024]
    assert workload.nodes[0].total == Resources(4, 4 * 2048 * 1024)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1 2 3\n", "line 4: 3 fields where the format has 18"),
        (job(1, 0, 1, 1).replace(" 1 7 ", " 1 7 9 "), "line 4: 19 fields where the format has 18"),
        (job(1, 0, 1, 1).replace("1 0", "1 soon"), "line 4: field 2 (submit time): 'soon' is not a number"),
        (job(1, -5, 1, 1), "line 4: field 2 (submit time): -5 is not between 0 and 1e+10"),
        (job(1, 0, float("nan"), 1), "line 4: field 4 (run time): nan is not between -1 and 1e+10"),
        (job(1, 0, 1e300, 1), "line 4: field 4 (run time): 1e+300 is not between -1 and 1e+10"),
        (job(1, 0, 1, 10**9), "line 4: field 5 (allocated processors): 1000000000 is not between -1 and 640000"),
    ],
)
def test_a_malformed_line_of_a_trace_is_told_with_its_number_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    assert faults(trace(tmp_path, HEADER + line)) == [reason]


def test_a_clock_that_goes_back_in_a_trace_is_told_with_its_line(tmp_path: Path) -> None:
    path = trace(tmp_path, job(1, 100, 1, 1) + job(2, 200, 1, 1) + job(3, 150, 1, 1))
    assert faults(path) == ["line 3: submitted at 150 s, before the job above it (200 s): the clock goes back"]


def test_all_faults_are_told_but_not_thousands(tmp_path: Path) -> None:
    assert len(faults(trace(tmp_path, "x\n" * 5 + job(1, 0, 1, 1)))) == 5
    assert len(faults(trace(tmp_path, "x\n" * 5000))) == 20


def test_a_file_that_is_no_trace_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(WorkloadInvalidError, match="cannot be read: No such file"):
        swf.read(tmp_path / "nothing.swf", Random(1))
    with pytest.raises(WorkloadInvalidError, match="cannot be read: Is a directory"):
        swf.read(tmp_path, Random(1))
    (tmp_path / "endless.swf").write_bytes(b"9" * (lines.LONGEST_LINE + 1))
    assert "line 1: longer than" in faults(tmp_path / "endless.swf")[0]
    whole = gzip.compress((job(1, 0, 1, 1) * 500).encode())
    (tmp_path / "cut.swf.gz").write_bytes(whole[:40])
    with pytest.raises(WorkloadInvalidError, match="cut off"):
        swf.read(tmp_path / "cut.swf.gz", Random(1))
    (tmp_path / "broken.swf.gz").write_bytes(whole[:12] + b"\xff" * 20 + whole[32:])
    with pytest.raises(WorkloadInvalidError, match="broken gzip"):
        swf.read(tmp_path / "broken.swf.gz", Random(1))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_whatever_a_trace_holds_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("trace") / "some.swf"
    path.write_text(text, encoding="utf-8", errors="replace")
    assert isinstance(_read_or_refused(path), Workload | WorkloadInvalidError)


def _read_or_refused(path: Path) -> Workload | WorkloadInvalidError:
    try:
        swf.read(path, Random(1))
        return table.read(path, cluster())
    except WorkloadInvalidError as error:
        return error


COLUMNS = "submitted,class,core_services,elastic_services,cores,memory,seconds\n"


def csv(directory: Path, text: str) -> Workload:
    path = directory / "some.csv"
    path.write_text(text)
    return table.read(path, cluster(2, 8, 16 * GIB))


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    text = "seconds, cores, class, submitted, core_services, owner, gpus, opportunistic, priority\n"
    (only,) = csv(tmp_path, text + "60, 0.5, interactive, 3, 2, ada, 1, yes, 4\n\n").submissions
    assert (only.at, only.kind, only.owner, only.opportunistic, only.priority) == (3, "interactive", "ada", True, 4)
    assert (only.demand, only.ideal_seconds) == (Resources(1.0, 0, 2), 60)
    assert only.work == 60
    (other,) = csv(tmp_path, COLUMNS + "0,elastic,1,3,2,1.5G,100\n").submissions
    assert (other.demand, other.work, other.size) == (Resources(8.0, 6 * GIB), 800, 13)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("when,what\n1,2\n", "line 1: unknown column 'when'"),
        ("submitted,class,cores,seconds\n", "line 1: no column core_services"),
        (COLUMNS.replace("memory", "cores"), "line 1: two columns have one name"),
        (COLUMNS + "0,elastic,1\n", "line 2: 3 cells where there are 7 columns"),
        (COLUMNS + "0,huge,1,0,1,1G,1\n", "line 2: class: 'huge' is none of elastic, rigid, interactive"),
        (COLUMNS + "0,rigid,0,0,1,1G,1\n", "line 2: core_services: 0 is not between 1 and 10000"),
        (COLUMNS + "0,rigid,1,0,1,lots,1\n", "line 2: memory: 'lots' is not an amount of memory"),
        (COLUMNS + "0,rigid,1,0,inf,1G,1\n", "line 2: cores: inf is not between 0 and 1e+06"),
        (COLUMNS + "0,rigid,1,0,1,1G,\n", "line 2: seconds: '' is not a number"),
        (COLUMNS + "9,rigid,1,0,1,1G,1\n8,rigid,1,0,1,1G,1\n", "line 3: submitted at 8 s, before the line above"),
        (COLUMNS + '0,"rigid,1,0,1,1G,1\n', "line 2: no CSV"),
    ],
)
def test_a_malformed_line_of_a_table_is_told_with_its_number_and_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(WorkloadInvalidError) as raised:
        csv(tmp_path, text)
    assert str(raised.value.faults[0]).startswith(reason)


def test_a_cluster_is_written_in_a_word() -> None:
    nodes = nodes_of(["2x32x128G", "1x8x64Gx4:gpu,fast"])
    assert [node.name for node in nodes] == ["node1", "node2", "node3"]
    assert (nodes[0].total, nodes[2].total) == (Resources(32, 128 * GIB), Resources(8, 64 * GIB, 4))
    assert nodes[2].labels == {"gpu", "fast"}
    assert (bytes_of("1.5 GiB"), bytes_of("7")) == (3 * GIB // 2, 7)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("many", "is no cluster"),
        ("0x32x128G", "nodes of no size"),
        ("2x0x128G", "nodes of no size"),
        ("2x32x0", "nodes of no size"),
        ("2x32xlots", "not an amount of memory"),
        ("99999x1x1G", "more than the 20000"),
    ],
)
def test_a_cluster_of_nodes_without_a_size_is_refused(word: str, reason: str) -> None:
    with pytest.raises(ZoeError, match=reason):
        nodes_of([word])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_made_up_workload_meets_its_load_and_fits_without_anything_elastic(seed: int) -> None:
    workload = generate(Random(seed), Mix(applications=600, load=0.8))
    assert workload.offered_load == pytest.approx(0.8)
    kinds = [one.kind for one in workload.submissions]
    batch = len(kinds) - kinds.count(Kind.INTERACTIVE)
    assert kinds.count(Kind.ELASTIC) / batch == pytest.approx(0.8, abs=0.06)
    assert kinds.count(Kind.INTERACTIVE) / len(kinds) == pytest.approx(0.2, abs=0.06)
    total = sum((node.total for node in workload.nodes), Resources())
    # As rigid applications all have to fit at once: half the cluster leaves room for what is cut up among nodes.
    assert all(one.demand.cores <= total.cores / 2 for one in workload.submissions)
    assert all(one.demand.memory <= total.memory / 2 for one in workload.submissions)
    assert [one.at for one in workload.submissions] == sorted(one.at for one in workload.submissions)


def test_the_same_seed_gives_the_same_workload_and_another_another() -> None:
    first, again, other = (generate(Random(seed), Mix(50)).submissions for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_gaps_are_stretched_to_meet_a_load() -> None:
    workload = generate(Random(1), Mix(50, load=0.9))
    assert workload.at_load(0.45).offered_load == pytest.approx(0.45)
    assert workload.at_load(0.45).submissions[-1].at == pytest.approx(2 * workload.submissions[-1].at)


def test_estimates_are_exact_or_off_by_a_bounded_factor() -> None:
    workload = generate(Random(1), Mix(400))
    exact = workload.with_estimates(Random(1), 0.0).submissions
    assert all(one.expected and one.expected.seconds == one.ideal_seconds for one in exact)
    off = workload.with_estimates(Random(1), 0.5).submissions
    held = [one.expected.low <= one.ideal_seconds <= one.expected.high for one in off if one.expected]
    assert sum(held) / len(off) == pytest.approx(0.8, abs=0.06)


@dataclass(frozen=True)
class PastGroup:
    name: str
    count: int
    cores: float
    core: bool = True
    memory: int = GIB
    gpus: int = 0


@dataclass(frozen=True)
class Past:
    id: int
    submitted: float
    started: float
    ended: float
    groups: Sequence[PastGroup]
    will_end: bool = True
    owner: str = "ada"
    size: int = 5
    priority: int = 2


def test_what_ran_here_becomes_a_workload() -> None:
    cluster_ = [PastGroup("worker", 1, 2), PastGroup("worker", 3, 2, core=False)]
    rows = [
        Past(9, 1100, 1150, 1250, cluster_),
        Past(7, 1000, 1010, 1020, [PastGroup("one", 1, 0)]),
        Past(8, 1050, 1060, 2060, [PastGroup("notebook", 1, 1)], will_end=False),
        Past(10, 1200, 1210, 1205, cluster_),
    ]
    workload = history.workload(lambda: rows, cluster())
    assert [(one.id, one.at, one.kind) for one in workload.submissions] == [
        (7, 0, Kind.RIGID), (8, 50, Kind.INTERACTIVE), (9, 100, Kind.ELASTIC)
    ]  # fmt: skip
    last = workload.submissions[-1]
    assert (last.work, last.ideal_seconds, last.owner, last.size, last.priority) == (800, 100, "ada", 5, 2)
    assert workload.remarks == ["1 executions whose times make no sense were left out"]


def test_a_job_larger_than_eight_nodes_becomes_services_that_fit_on_a_node(tmp_path: Path) -> None:
    workload = swf.read(trace(tmp_path, "; MaxProcs: 1024\n" + job(1, 0, 60, 1000)), Random(1))
    assert sum(group.count for group in workload.submissions[0].groups) == 32
    assert all(group.reserved.cores <= 32 for group in workload.submissions[0].groups)
    assert workload.submissions[0].demand.cores == pytest.approx(1000)


def test_a_trace_of_a_machine_beyond_all_bounds_is_refused_with_its_line(tmp_path: Path) -> None:
    assert faults(trace(tmp_path, "; Version: 2.2\n; MaxProcs: 99999999\n" + job(1, 0, 60, 4))) == [
        "line 2: MaxProcs: 99999999 is more than the 640000 that can be simulated"
    ]
