"""Reads traces in the Standard Workload Format, version 2.2, of the Parallel Workloads Archive.

Source: D. Feitelson et al., "The Standard Workload Format", https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
18 numbers a line, -1 for what is unknown. Lines that start with `;` are comments, and headers as `; MaxProcs: 128`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from zoe.scheduling.model import Node, Resources
from zoe.simulation.lines import MOST_JOBS, Faults, bounded, read_lines
from zoe.simulation.synthetic import cluster
from zoe.simulation.workload import TASK_SECONDS, Group, Kind, Submission, Workload

_FIELDS = 18
_MOST_SECONDS = 1e10  # three hundred years
_KIB_PER_PROCESSOR = 1e10
# "A run time of 0 is possible and means the job ran for less than 0.5 seconds" (the format's definition).
_SHORTEST = 0.5
_HEADER = re.compile(r";\s*(MaxProcs|MaxNodes)\s*:\s*(\d{1,8})\b", re.IGNORECASE)
_NODE_CORES = 32
_MOST_PROCESSORS = 20_000 * _NODE_CORES  # four times the largest machine of the archive
_UNKNOWN_MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Conversion:
    """How jobs become applications: a trace knows processors, but neither services nor what is elastic.

    A job of p processors becomes up to `services` equal services (p of them, if p is smaller) of p/services cores;
    more of them, if each would not fit on a node otherwise.
    Of the jobs with two services or more, the share `elastic` is elastic: `core_share` of its services, rounded up,
    are core, the others elastic. All other jobs are rigid. The run time in the trace is what the job takes with all.
    """

    services: int = 8
    elastic: float = 0.8
    core_share: float = 0.25
    task_seconds: float = TASK_SECONDS
    limit: int = MOST_JOBS


@dataclass(frozen=True, slots=True)
class _Job:
    number: int
    at: float
    seconds: float
    processors: int
    memory: int  # bytes for each processor
    user: str


def read(path: Path, random: Random, conversion: Conversion = Conversion()) -> Workload:
    """Read a trace (plain or .gz); which jobs are elastic is drawn from `random`.

    Its nodes are as many of 32 cores as its header's MaxProcs (or its largest job) fills.

    Raises:
        WorkloadInvalidError: every malformed line with its number and the reason.

    """
    faults, jobs, largest, left_out, before = Faults(path), list[_Job](), 0, 0, 0.0
    for line, text in read_lines(path):
        if text.startswith(";") or not text:
            largest = max(largest, _processors(line, text, faults))
            continue
        try:
            job = _job(text.split(), before)
        except ValueError as error:
            faults.add(line, str(error))
            continue
        if job is None or len(jobs) >= conversion.limit:
            left_out += 1
            continue
        jobs.append(job)
        before = job.at
    faults.check()
    nodes = _nodes(max([largest, *(job.processors for job in jobs)]), jobs)
    submissions = [_submission(id_, job, random, conversion) for id_, job in enumerate(jobs, 1)]
    remarks = (
        [f"{left_out} jobs were left out: no known run time or size, or beyond the first {conversion.limit}"]
        if left_out
        else []
    )
    return Workload(path.name, nodes, submissions, remarks)


def _processors(line: int, text: str, faults: Faults) -> int:
    """Return how many processors a header tells of, 0 where it speaks of something else."""
    header = _HEADER.match(text)
    if header is None:
        return 0
    if int(header[2]) > _MOST_PROCESSORS:
        faults.add(line, f"{header[1]}: {header[2]} is more than the {_MOST_PROCESSORS} that can be simulated")
    return int(header[2])


def _job(fields: Sequence[str], before: float) -> _Job | None:
    """Return the job of a line, None for one that says too little; raise `ValueError` for a malformed one."""
    if len(fields) != _FIELDS:
        raise ValueError(f"{len(fields)} fields where the format has {_FIELDS}")
    at = _field(fields, 2, "submit time", _MOST_SECONDS, least=0)
    if at < before:
        raise ValueError(f"submitted at {at:g} s, before the job above it ({before:g} s): the clock goes back")
    seconds = _field(fields, 4, "run time", _MOST_SECONDS)
    allocated = _field(fields, 5, "allocated processors", _MOST_PROCESSORS)
    requested = _field(fields, 8, "requested processors", _MOST_PROCESSORS)
    used_memory = _field(fields, 7, "used memory", _KIB_PER_PROCESSOR)
    wanted_memory = _field(fields, 10, "requested memory", _KIB_PER_PROCESSOR)
    processors = int(allocated if allocated > 0 else requested)
    if seconds < 0 or processors < 1:
        return None
    known = max(wanted_memory, used_memory)
    memory = 1024 * int(known) if known > 0 else _UNKNOWN_MEMORY
    number = int(_field(fields, 1, "job number", 1e12))
    return _Job(number, at, max(seconds, _SHORTEST), processors, memory, f"user{fields[11]}")


def _field(fields: Sequence[str], number: int, name: str, most: float, least: float = -1) -> float:
    try:
        return bounded(fields[number - 1], least, most)
    except ValueError as error:
        raise ValueError(f"field {number} ({name}): {error}") from None


def _nodes(processors: int, jobs: Sequence[_Job]) -> list[Node]:
    # A trace tells no node's memory: there is as much as the most demanding job wants on every core.
    memory = max((job.memory for job in jobs), default=_UNKNOWN_MEMORY)
    count = -(-processors // _NODE_CORES)
    cores = min(processors, _NODE_CORES)
    return cluster(count, cores, int(memory * cores)) if count else []


def _submission(id_: int, job: _Job, random: Random, conversion: Conversion) -> Submission:
    # One draw for every job, used or not: the same jobs are elastic whatever else is changed.
    is_elastic = random.random() < conversion.elastic
    count = min(job.processors, max(conversion.services, -(-job.processors // _NODE_CORES)))
    cores = job.processors / count
    reserved = Resources(cores, int(job.memory * cores))
    core = max(1, -int(-count * conversion.core_share // 1)) if is_elastic else count
    groups = [Group("core", core, reserved, core=True, rate=cores)]
    if core < count:
        groups.append(Group("elastic", count - core, reserved, core=False, rate=cores))
    work = job.seconds * job.processors
    kind = Kind.ELASTIC if core < count else Kind.RIGID
    size = max(1, round(work / 60))
    return Submission(id_, job.at, kind, tuple(groups), work, conversion.task_seconds, job.user, size)
