"""The options of `zoe simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from zoe.simulation.workload import Mode

_WORKLOAD, _COMPARE, _OUTPUT = "What is simulated", "What is compared", "Output"

WorkloadName = Annotated[
    str,
    typer.Option(
        metavar="WHAT",
        help="synthetic, history, or a file: NAME.swf[.gz] (Standard Workload Format) or NAME.csv[.gz].",
        rich_help_panel=_WORKLOAD,
    ),
]
Applications = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=2_000_000,
        help="How many, at most.",
        show_default="1000 made up; all of a file; the last 10000 of the history",
        rich_help_panel=_WORKLOAD,
    ),
]
Load = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        max=100,
        help="Stretch or shrink the gaps between submissions until this share of the cluster is asked for.",
        show_default="0.9 if made up; else as it was",
        rich_help_panel=_WORKLOAD,
    ),
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COUNTxCORESxMEMORY[xGPUS][:LABELS]",
        help="The cluster; may be given several times.",
        show_default="25x32x128G; a trace's own; the present one for history",
        rich_help_panel=_WORKLOAD,
    ),
]
TaskSeconds = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="How long a service's tasks are: what it loses at most when it is taken back.",
        show_default="60, or what a CSV file says",
        rich_help_panel=_WORKLOAD,
    ),
]
EstimateError = Annotated[
    float,
    typer.Option(
        min=0, max=5, help="How wrong expected durations are (log-normal); 0: exact.", rich_help_panel=_WORKLOAD
    ),
]
Policies = Annotated[
    list[str] | None, typer.Option(help="May be repeated.", show_default="fifo", rich_help_panel=_COMPARE)
]
Placements = Annotated[
    list[str] | None, typer.Option(help="May be repeated.", show_default="average", rich_help_panel=_COMPARE)
]
Modes = Annotated[
    list[Mode] | None,
    typer.Option(
        help="With elastic services, or with everything core; may be repeated.",
        show_default="flexible",
        rich_help_panel=_COMPARE,
    ),
]
Seeds = Annotated[
    int, typer.Option(min=1, max=1000, help="How many repetitions with other numbers.", rich_help_panel=_COMPARE)
]
Seed = Annotated[int, typer.Option(min=0, help="The first seed.", rich_help_panel=_COMPARE)]
Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Settings (zoe.toml): of plugins, and where the history is.", show_default=False),
]
DataDirectory = Annotated[
    Path | None, typer.Option(metavar="DIR", envvar="ZOE_DATA_DIR", help="Whose history it is.", show_default=False)
]
Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html",
        help="Draw queue, allocation and turnaround.",
        show_default=False,
        rich_help_panel=_OUTPUT,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.", rich_help_panel=_OUTPUT)]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.", rich_help_panel=_OUTPUT)]
