"""`zoe serve`: the whole service, or one half of it."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zoe.cli.invocation import fail
from zoe.errors import ZoeError


class Half(StrEnum):
    """What `--only` takes."""

    API = "api"
    MASTER = "master"


def serve(
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Settings (zoe.toml).", show_default="all at their defaults")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="ZOE_DATA_DIR", help="Where everything is kept.", show_default=False),
    ] = None,
    only: Annotated[
        Half | None, typer.Option(help="Run one half; the other runs elsewhere.", show_default=False)
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Run Zoe: API, scheduler and database, in one process, until it is told to stop.

    The first start prints the address and the password of `admin`, once.

    Examples:
        zoe serve
        zoe serve --config /etc/zoe/zoe.toml
        zoe serve --data-dir ./data
        ZOE_API__PORT=8080 zoe serve
    """
    # The service is large; the other commands do not wait for it to be loaded.
    from zoe import config as configuration  # noqa: PLC0415
    from zoe import serve as service  # noqa: PLC0415

    try:
        overrides = {"data_dir": str(data_dir)} if data_dir else {}
        code = service.serve(configuration.load(config, overrides), only.value if only else None)
    except ZoeError as error:
        if debug:
            raise
        code = fail(error)
    sys.stdout.flush()
    raise typer.Exit(code)
