"""What `zoe simulate` compares, and how it says what it found."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from zoe.cli.main import app
from zoe.errors import ZoeError
from zoe.placements.average import Average
from zoe.plugin import Application, Deployment, NoSettings
from zoe.policies.fairshare import Fairshare, FairshareSettings
from zoe.policies.fifo import Fifo
from zoe.scheduling.model import Policy, Resources, Snapshot
from zoe.simulation.chart import Axes, Line, draw, ticks
from zoe.simulation.comparison import Compared, Contest, compare
from zoe.simulation.document import document
from zoe.simulation.engine import simulate
from zoe.simulation.holdings import Holdings
from zoe.simulation.measures import over_seeds
from zoe.simulation.page import page
from zoe.simulation.planning import Scheduler
from zoe.simulation.synthetic import Mix, generate
from zoe.simulation.timeline import Timeline
from zoe.simulation.workload import Mode, Workload

DEPLOYMENT = Deployment("test", "test", Path("/nowhere"))


class Breaks(Fifo):
    name = "breaks"

    def key(self, application: Application) -> tuple[float, ...]:
        raise RuntimeError("out of order")


def workload(seed: int) -> Workload:
    random = Random(seed)
    return generate(random, Mix(60, load=1.2)).with_estimates(random, 0.5)


def contest(**policies: type[Fifo]) -> Contest:
    made = {name: lambda kind=kind: kind(NoSettings(), DEPLOYMENT) for name, kind in policies.items()}
    placements = {"average": lambda: Average(NoSettings(), DEPLOYMENT)}
    return Contest(workload, made, placements, list(Mode), [1, 2])


@pytest.fixture(scope="module")
def compared() -> list[Compared]:
    return compare(contest(fifo=Fifo, breaks=Breaks))


def test_every_combination_is_simulated_on_the_same_workloads(compared: list[Compared]) -> None:
    assert [str(one.case) for one in compared] == [
        "fifo, average, flexible", "fifo, average, rigid", "breaks, average, flexible", "breaks, average, rigid"
    ]  # fmt: skip
    assert all([result.classes["all"].count for result in one.results] == [60, 60] for one in compared)


def test_flexible_starts_sooner_than_rigid_under_the_same_policy(compared: list[Compared]) -> None:
    flexible, rigid = (sum(it.classes["all"].queued.mean for it in one.results) for one in compared[:2])
    assert flexible < rigid


def test_a_policy_that_breaks_does_as_fifo_does_and_is_named(compared: list[Compared]) -> None:
    assert compared[2].results == compared[0].results
    ((complaint, count),) = compared[2].complaints.items()
    assert "policy breaks failed (RuntimeError: out of order)" in complaint
    assert count > 60
    assert not compared[0].complaints


def test_progress_is_told_for_every_application() -> None:
    begun, ended = list[int](), list[int]()
    compare(contest(fifo=Fifo), ended.append, begun.append)
    assert begun == [120, 120]
    assert sum(ended) == 240


def test_a_workload_of_nothing_is_refused() -> None:
    empty = contest(fifo=Fifo)
    with pytest.raises(ZoeError, match="no application"):
        compare(Contest(lambda _: Workload("nothing", [], []), empty.policies, empty.placements, empty.modes, [1]))


def test_the_document_is_json_with_every_figure_and_its_deviation(compared: list[Compared]) -> None:
    found = json.loads(json.dumps(document(workload(1), [1, 2], compared), allow_nan=False))
    assert (found["workload"]["applications"], found["workload"]["cores"], found["seeds"]) == (60, 800, [1, 2])
    case = found["cases"][0]
    assert (case["policy"], case["mode"]) == ("fifo", "flexible")
    assert set(case["classes"]) == {"all", "elastic", "rigid", "interactive"}
    turnaround = case["classes"]["elastic"]["turnaround_seconds"]["mean"]
    means = [result.classes["elastic"].turnaround.mean for result in compared[0].results]
    assert turnaround["mean"] == pytest.approx(sum(means) / 2)
    assert turnaround["deviation"] == pytest.approx(abs(means[0] - means[1]) / math.sqrt(2))
    assert 0 < case["allocation"]["cores"]["mean"] <= 1


def test_the_page_needs_nothing_from_outside_and_draws_every_case(compared: list[Compared]) -> None:
    html = page(workload(1), [1, 2], compared)
    assert "http" not in html
    assert "<script" not in html
    root = ElementTree.fromstring(html.split("<body>")[1].split("</body>")[0].join(["<body>", "</body>"]))
    charts = [svg for svg in root.iter("svg") if svg.get("role") == "img"]
    assert [len(list(svg.iter("polyline"))) for svg in charts] == [4, 4, 4, 4]


def test_what_a_stranger_wrote_is_text_on_the_page() -> None:
    assert "<b>" not in page(Workload("<b>", [], []), [1], [])
    assert "<i>" not in draw([Line("<i>", [(0, 1)])], Axes("<i>", "<i>"))


def test_ticks_are_round_and_within() -> None:
    assert ticks(0, 100) == [0, 20, 40, 60, 80, 100]
    assert ticks(0, 0.7) == [0, 0.2, 0.4, 0.6]
    assert ticks(3, 11) == [4, 6, 8, 10]


def test_a_timeline_is_averaged_over_time_not_over_notes() -> None:
    timeline = Timeline()
    for at, waiting in ((0, 4), (1, 9), (1, 0), (4, 2)):
        timeline.add(at, waiting, 0.5, 0.25)
    assert list(timeline.mean(0, 5)) == pytest.approx([(4 + 0 + 2) / 5, 0.5, 0.25])
    assert timeline.mean(4, 4)[0] == 2
    assert [(at, columns[0]) for at, columns in timeline.thinned(2)] == [(0, 2), (2, 0)]
    assert Timeline().mean(0, 1) == (0, 0, 0)


def test_spread_over_seeds_leaves_out_what_could_not_be_measured() -> None:
    found = over_seeds([1.0, math.nan, 3.0])
    assert [found.mean, found.deviation] == pytest.approx([2.0, math.sqrt(2)])
    assert math.isnan(over_seeds([math.nan]).mean)


def test_what_owners_hold_counts_as_share_of_the_scarcest_resource_and_fades() -> None:
    holdings = Holdings(Resources(10, 100), half_life=60)
    holdings.take("ada", Resources(1, 50), now=0)
    assert holdings.at(60)["ada"] == pytest.approx(0.5 / 2)
    holdings.give_back("ada", Resources(1, 50), now=60)
    assert holdings.at(120)["ada"] == pytest.approx(0.5 / 4)
    assert Holdings(Resources(1, 1), None).at(5) == {}


def test_a_policy_that_shares_fairly_is_told_what_owners_held() -> None:
    seen = list[Snapshot]()

    class Watches(Fairshare):
        def arrange(self, snapshot: Snapshot) -> Sequence[Application]:
            seen.append(snapshot)
            return super().arrange(snapshot)

    policy: Policy = Watches(FairshareSettings(), DEPLOYMENT)
    scheduler = Scheduler(policy, Average(NoSettings(), DEPLOYMENT))
    simulate(workload(1), scheduler, half_life=scheduler.half_life)
    assert not scheduler.complaints
    assert any(seen[-1].usage.values())


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["simulate", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_the_command_line_compares_and_always_says_the_same(tmp_path: Path) -> None:
    plot = tmp_path / "plot.html"
    arguments = ("--applications", "30", "--mode", "rigid", "--mode", "flexible", "--policy", "size", "--seeds", "2")
    code, out, _ = run(*arguments, "--plot", str(plot))
    assert code == 0
    assert "size, average, flexible" in out
    assert plot.read_text().startswith("<!doctype html>")
    first, again = (run(*arguments, "--json")[1] for _ in range(2))
    assert first == again
    assert len(json.loads(first)["cases"]) == 2


def test_the_command_line_tells_what_never_started(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("submitted,class,core_services,cores,seconds\n0,rigid,1,99,1\n0,rigid,1,1,1\n")
    code, out, _ = run("--workload", str(path))
    assert code == 0
    assert "1 never started: core needs 99 cores" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--workload", "nothing"), "is no workload: say synthetic, history, or name a file"),
        (("--workload", "/nowhere/at.swf"), "cannot be read"),
        (("--policy", "unheard-of"), "There is no policy `unheard-of`"),
        (("--placement", "unheard-of"), "There is no placement `unheard-of`"),
        (("--nodes", "0x1x1G"), "nodes of no size"),
        (("--workload", "history", "--data-dir", "/nowhere"), "holds no database"),
        (("--applications", "2", "--plot", "some.png"), "write some.html"),
        (("--applications", "2", "--plot", "/nowhere/plot.html"), "cannot be written to /nowhere/plot.html"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments: Sequence[str], says: str) -> None:
    code, _, err = run(*arguments)
    assert code == 1
    assert says in err
    assert "Traceback" not in err


def test_a_malformed_trace_is_told_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.swf"
    path.write_text("; a header\n1 2 3\n")
    code, _, err = run("--workload", str(path))
    assert (code, err) == (1, "broken.swf cannot be simulated.\n  line 2: 3 fields where the format has 18\n")
