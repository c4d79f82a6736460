"""`zoe simulate`: how a policy would do, before it is put to work."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from zoe.cli import simulate_options as option
from zoe.cli.invocation import fail, screen
from zoe.errors import ZoeError
from zoe.simulation.workload import Mode

if TYPE_CHECKING:
    from rich.progress import Progress

    from zoe.cli.simulate_sources import Wanted


def simulate(  # noqa: PLR0913, PLR0917 - one for each option
    workload: option.WorkloadName = "synthetic",
    applications: option.Applications = None,
    load: option.Load = None,
    nodes: option.Nodes = None,
    task_seconds: option.TaskSeconds = None,
    estimate_error: option.EstimateError = 0.5,
    policy: option.Policies = None,
    placement: option.Placements = None,
    mode: option.Modes = None,
    seeds: option.Seeds = 1,
    seed: option.Seed = 1,
    config: option.Config = None,
    data_dir: option.DataDirectory = None,
    plot: option.Plot = None,
    as_json: option.AsJson = False,
    debug: option.Debug = False,
) -> None:
    """Simulate the scheduler on virtual time, and compare policies, placements, and elastic services with none.

    The same numbers come out for the same seeds, always. docs/simulation.md says what is simulated, and how.

    Examples:
        zoe simulate --policy fifo --policy size --mode rigid --mode flexible --seeds 10
        zoe simulate --workload NASA-iPSC-1993-3.1-cln.swf.gz --load 0.9 --plot result.html
        zoe simulate --workload history --nodes 4x64x256G --policy fifo --policy fairshare
    """
    # What simulates is not loaded for the other commands.
    from zoe.cli.simulate_sources import Wanted  # noqa: PLC0415

    compared = policy or ["fifo"], placement or ["average"], mode or [Mode.FLEXIBLE], range(seed, seed + seeds)
    wanted = Wanted(
        workload, applications, load, nodes or [], task_seconds, estimate_error, *compared, config, data_dir
    )
    try:
        _run(wanted, plot, as_json=as_json)
    except ZoeError as error:
        if debug:
            raise
        raise typer.Exit(fail(error)) from error


def _run(wanted: "Wanted", plot: Path | None, *, as_json: bool) -> None:
    from zoe.cli import simulate_sources as sources  # noqa: PLC0415
    from zoe.cli import simulate_view as view  # noqa: PLC0415
    from zoe.simulation.comparison import compare  # noqa: PLC0415

    if plot is not None:
        view.check_plot(plot)  # before anybody waits for it
    contest = sources.contest(wanted)
    with _bar(quiet=as_json) as bar:
        task = bar.add_task("simulating", total=None)
        expected = [0]

        def began(applications: int) -> None:
            expected[0] = expected[0] or applications * len(wanted.seeds)
            bar.update(task, total=expected[0])

        compared = compare(contest, lambda count: bar.advance(task, count), began)
    first = contest.workload(contest.seeds[0])
    if plot is not None:
        view.draw(plot, first, contest.seeds, compared)
    if as_json:
        sys.stdout.write(view.as_json(first, contest.seeds, compared))
        return
    screen().print(view.tables(first, contest.seeds, compared))


def _bar(*, quiet: bool) -> "Progress":
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = screen(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
