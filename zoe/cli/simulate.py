"""`zoe simulate`: how a policy would do, before it is put to work."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from zoe.cli import simulate_sources as sources
from zoe.cli.invocation import fail, screen
from zoe.errors import ZoeError
from zoe.simulation.workload import Mode

_WORKLOAD, _COMPARE, _OUTPUT = "What is simulated", "What is compared", "Output"


def simulate(  # noqa: PLR0913, PLR0917 - one for each option
    workload: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="synthetic, history, or a file: NAME.swf[.gz] (Standard Workload Format) or NAME.csv[.gz].",
            rich_help_panel=_WORKLOAD,
        ),
    ] = "synthetic",
    applications: Annotated[
        int, typer.Option(min=1, max=2_000_000, help="How many, at most.", rich_help_panel=_WORKLOAD)
    ] = 1000,
    load: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=100,
            help="Stretch or shrink the gaps between submissions until so much of the cluster is asked for.",
            show_default="0.9 for synthetic, as it was for others",
            rich_help_panel=_WORKLOAD,
        ),
    ] = None,
    nodes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COUNTxCORESxMEMORY[xGPUS][:LABELS]",
            help="The cluster; may be given several times.",
            show_default="25x32x128G; a trace's own; the present one for history",
            rich_help_panel=_WORKLOAD,
        ),
    ] = None,
    task_seconds: Annotated[
        float,
        typer.Option(min=0, help="How long a service's tasks are: what it loses at most.", rich_help_panel=_WORKLOAD),
    ] = 60.0,
    estimate_error: Annotated[
        float,
        typer.Option(
            min=0, max=5, help="How wrong expected durations are (log-normal); 0: exact.", rich_help_panel=_WORKLOAD
        ),
    ] = 0.5,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="May be given several times.", show_default="fifo", rich_help_panel=_COMPARE),
    ] = None,
    placement: Annotated[
        list[str] | None,
        typer.Option(help="May be given several times.", show_default="average", rich_help_panel=_COMPARE),
    ] = None,
    mode: Annotated[
        list[Mode] | None,
        typer.Option(
            help="May be given twice: with elastic services, or with everything core.",
            show_default="flexible",
            rich_help_panel=_COMPARE,
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=1000, help="How many repetitions with other numbers.", rich_help_panel=_COMPARE)
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.", rich_help_panel=_COMPARE)] = 1,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Settings (zoe.toml): for history, and of plugins.", show_default=False),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="ZOE_DATA_DIR", help="Whose history it is.", show_default=False),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html", help="Draw queue, allocation and turnaround.", show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, and nothing else.", rich_help_panel=_OUTPUT)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error came from.", rich_help_panel=_OUTPUT)
    ] = False,
) -> None:  # fmt: skip
    """Simulate the scheduler on virtual time, and compare policies, placements, and elastic services with none.

    The same numbers come out for the same seeds, always. docs/simulation.md says what is simulated, and how.

    Examples:
        zoe simulate --policy fifo --policy size --mode rigid --mode flexible --seeds 10
        zoe simulate --workload NASA-iPSC-1993-3.1-cln.swf.gz --load 0.9 --plot result.html
        zoe simulate --workload history --nodes 4x64x256G --policy fifo --policy fairshare
    """
    wanted = sources.Wanted(
        workload, applications, load, nodes or [], task_seconds, estimate_error, policy or ["fifo"],
        placement or ["average"], mode or [Mode.FLEXIBLE], range(seed, seed + seeds), config, data_dir,
    )  # fmt: skip
    try:
        _run(wanted, plot, as_json=as_json)
    except ZoeError as error:
        if debug:
            raise
        raise typer.Exit(fail(error)) from error


def _run(wanted: sources.Wanted, plot: Path | None, *, as_json: bool) -> None:
    # What simulates is not loaded for the other commands.
    from zoe.cli import simulate_view as view  # noqa: PLC0415
    from zoe.simulation.comparison import compare  # noqa: PLC0415

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


def _bar(*, quiet: bool) -> Progress:
    console = screen(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
