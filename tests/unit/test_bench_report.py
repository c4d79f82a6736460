"""How a bench reports: what others read from it stays as it is."""

import json
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from bench import report, slots
from bench.connection import order, zapp
from bench.report import Figure, percentile
from zoe.zapp import read


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    report.main("some", "what it measures", lambda _: {"rate_per_s": Figure(250.0, "1/s", "at least 200")})


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([7.0], 95, 7.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([1.0, 2.0], 50, 1.0),
        (list(map(float, range(1, 101))), 95, 95.0),
        (list(map(float, range(1, 101))), 99, 99.0),
        (list(map(float, range(1, 101))), 100, 100.0),
        (list(map(float, range(1, 12))), 95, 11.0),
        ([5.0, 4.0], 0, 4.0),
    ],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_the_json_file_holds_the_bench_the_machine_and_every_figure_with_its_unit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(monkeypatch, "--json", str(tmp_path / "found.json"))

    found = json.loads((tmp_path / "found.json").read_text())

    assert found["bench"] == "some"
    assert found["figures"]["rate_per_s"] == {"value": 250.0, "unit": "1/s", "aim": "at least 200"}
    assert {"processor", "cores", "memory_gib", "system", "python"} <= found["machine"].keys()


def test_the_table_names_the_machine_each_figure_and_its_aim(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch)

    first, machine, figure = capsys.readouterr().out.splitlines()

    assert first == "some: what it measures"
    assert "cores" in machine
    assert figure.split() == ["rate_per_s", "250", "1/s", "(aim:", "at", "least", "200)"]


def test_a_bench_reads_options_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Namespace] = []

    def measure(arguments: Namespace) -> dict[str, Figure]:
        seen.append(arguments)
        return {}

    monkeypatch.setattr(sys, "argv", ["bench", "--clients", "3"])
    report.main("some", "what it measures", measure, lambda parser: parser.add_argument("--clients", type=int))

    assert seen[0].clients == 3


def test_a_slot_is_unused_from_the_end_of_one_process_to_the_beginning_of_the_next() -> None:
    assert slots.gaps([0.0, 0.5, 1.25, 1.5], 2, 1.0) == [0.25, 0.0]


def test_processes_overlap_while_none_of_them_has_ended() -> None:
    assert slots.most_at_once([0.0, 0.5, 1.0, 2.5], 1.0) == 2


def test_the_zapps_of_the_benches_are_valid_and_of_one_service() -> None:
    sent = json.loads(order(zapp("true"), "a-name"))

    application = read(sent["application"])

    assert sent["name"] == "a-name"
    assert [(one.name, one.command, one.total_count) for one in application.services] == [("task", "true", 1)]
