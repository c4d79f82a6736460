"""Reads workloads from CSV files, one application a line.

Columns (the first line names them, in any order; * must be there):

    submitted*         seconds from the beginning, not less than in the line above
    class*             elastic, rigid or interactive: what its measures are counted under
    core_services*     how many it cannot work without, at least 1
    elastic_services   how many only make it faster; 0
    cores*             cores of one service, fractions allowed
    memory             bytes of one service, or with a unit of 1024: 512M, 4G; 0
    gpus               GPUs of one service; 0
    seconds*           how long it takes with all services
    task_seconds       how long one task of a service is; 60
    owner              a name
    size, priority     as its owner gives them; size: core-minutes of work if not given; priority: 0
    opportunistic      yes or no
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from zoe.scheduling.model import Node, Resources
from zoe.simulation.amounts import bytes_of
from zoe.simulation.lines import Faults, bounded, read_lines
from zoe.simulation.workload import TASK_SECONDS, Group, Kind, Submission, Workload

Row = Mapping[str, str]
_NEEDED = ("submitted", "class", "core_services", "cores", "seconds")
_OTHERS = ("elastic_services", "memory", "gpus", "task_seconds", "owner", "size", "priority", "opportunistic")
_MOST_SECONDS = 1e10
_MOST_SERVICES = 10_000
_PARTS = (("core", 1), ("elastic", 0))


def read(path: Path, nodes: Sequence[Node]) -> Workload:
    """Read a CSV file (plain or .gz).

    Raises:
        WorkloadInvalidError: every malformed line with its number and the reason.

    """
    faults, submissions, columns, before = Faults(path), list[Submission](), list[str](), 0.0
    for line, text in read_lines(path):
        if not text:
            continue
        try:
            cells = _cells(text)
            if not columns:
                columns = _columns(cells)
                continue
            submissions.append(_submission(len(submissions) + 1, _row(columns, cells), before))
            before = submissions[-1].at
        except ValueError as error:
            faults.add(line, str(error))
            if not columns:
                break
    faults.check()
    return Workload(path.name, nodes, submissions)


def _cells(text: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([text.lstrip("\ufeff")], strict=True))]
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from None


def _columns(cells: Sequence[str]) -> list[str]:
    columns = [cell.lower() for cell in cells]
    known = (*_NEEDED, *_OTHERS)
    if unknown := [name for name in columns if name not in known]:
        raise ValueError(f"unknown column {unknown[0][:40]!r}; there are {', '.join(known)}")
    if missing := [name for name in _NEEDED if name not in columns]:
        raise ValueError(f"no column {' and no column '.join(missing)}")
    if len(set(columns)) < len(columns):
        raise ValueError("two columns have one name")
    return columns


def _row(columns: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} cells where there are {len(columns)} columns")
    return dict(zip(columns, cells, strict=True))


def _submission(id_: int, row: Row, before: float) -> Submission:
    at = _number(row, "submitted", 0, _MOST_SECONDS)
    if at < before:
        raise ValueError(f"submitted at {at:g} s, before the line above it ({before:g} s): the clock goes back")
    cores = _number(row, "cores", 0, 1e6)
    reserved = Resources(cores, _memory(row), int(_number(row, "gpus", 0, 1e4, 0)))
    # Services that reserve no cores work all the same, one unit each second.
    rate = cores or 1.0
    count, more = (int(_number(row, f"{part}_services", low, _MOST_SERVICES, 0)) for part, low in _PARTS)
    groups = [Group("core", count, reserved, core=True, rate=rate)]
    if more:
        groups.append(Group("elastic", more, reserved, core=False, rate=rate))
    work = _number(row, "seconds", 0, _MOST_SECONDS) * rate * (count + more)
    size = int(_number(row, "size", 0, 1e15, max(1, round(work / 60))))
    return Submission(
        id_, at, _kind(row), tuple(groups), work, _number(row, "task_seconds", 0, _MOST_SECONDS, TASK_SECONDS),
        row.get("owner") or "nobody", size, int(_number(row, "priority", -1e6, 1e6, 0)), _is_yes(row),
    )  # fmt: skip


def _number(row: Row, column: str, least: float, most: float, default: float | None = None) -> float:
    text = row.get(column, "")
    if not text and default is not None:
        return default
    try:
        return bounded(text, least, most)
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def _memory(row: Row) -> int:
    try:
        return bytes_of(row.get("memory") or "0")
    except ValueError as error:
        raise ValueError(f"memory: {error}") from None


def _kind(row: Row) -> Kind:
    try:
        return Kind(row["class"].lower())
    except ValueError:
        raise ValueError(f"class: {row['class'][:40]!r} is none of {', '.join(Kind)}") from None


def _is_yes(row: Row) -> bool:
    text = row.get("opportunistic", "").lower()
    if text not in {"", "yes", "no"}:
        raise ValueError(f"opportunistic: {text[:40]!r} is neither yes nor no")
    return text == "yes"
