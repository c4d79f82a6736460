"""`zoe proxy`: raw connections from this machine to the services of an execution."""

import os
import re
import sys
import threading
from typing import Annotated

import typer

from zoe.cli import signin
from zoe.cli.invocation import Invocation, shared
from zoe.errors import NotFoundError, NotSignedInError, RequestInvalidError

Number = Annotated[int, typer.Argument(metavar="EXECUTION", help="Its number.", show_default=False)]
_FORWARD = re.compile(r"(?:(\d{1,5}):)?([A-Za-z0-9-]+):(\d{1,5})")


@shared
def proxy(
    invocation: Invocation,
    execution: Number,
    forward: Annotated[
        list[str] | None,
        typer.Option("-L", metavar="[LOCAL:]SERVICE:PORT", help="A port here that leads to one there; repeatable."),
    ] = None,
    socks: Annotated[int, typer.Option(help="The local port of the SOCKS5 proxy, where no -L is given.")] = 1080,
) -> None:
    """Reach any port of the services of an execution: for ssh, a JDBC driver, Spark Connect.

    Without -L it is a SOCKS5 proxy that knows the services by their names. While it runs the execution counts as used.

    Examples:
        zoe proxy 7 -L 15002:spark-connect0:15002
        zoe proxy 7 --socks 1080

    """
    from zoe.tunnel import Forward, Way, as_socks, to_one_port  # noqa: PLC0415 - `zoe --help` stays quick

    asked = [_read(one) for one in forward or ()]
    way = Way(*_gateway(invocation), execution)
    if asked:
        made = [Forward(("127.0.0.1", local), to_one_port(way, service, port), _say) for local, service, port in asked]
        told = [f"127.0.0.1:{f.port} -> {service}:{port}" for f, (_, service, port) in zip(made, asked, strict=True)]
    else:
        made = [Forward(("127.0.0.1", socks), as_socks(way, _names(invocation, execution)), _say)]
        told = [f"SOCKS5 proxy at 127.0.0.1:{made[0].port}"]
    for line in told:
        invocation.remark(line)
    _until_interrupted([threading.Thread(target=one.run, daemon=True) for one in made])


def _read(text: str) -> tuple[int, str, int]:
    found = _FORWARD.fullmatch(text)
    ports = [int(found[group] or found[3]) for group in (1, 3)] if found else []
    if found is None or not all(0 <= port < 65536 for port in ports):
        raise RequestInvalidError([], f"-L {text} is not [LOCAL:]SERVICE:PORT, such as 15002:spark-connect0:15002.")
    return ports[0], found[2], ports[1]


def _gateway(invocation: Invocation) -> tuple[str, str]:
    door = signin.find(invocation.url, invocation.data_dir, os.environ)
    if door.token is None:
        raise NotSignedInError("A token is needed here; `zoe login` gets one.")
    with invocation.client() as client:
        gateway = client.info().get("gateway")
    if not gateway:
        raise NotFoundError("This Zoe has no gateway: its administrator has switched it off.")
    return str(gateway), door.token


def _names(invocation: Invocation, execution: int) -> dict[str, str]:
    """Return how services are named by those who connect, and the services' own names."""
    with invocation.client() as client:
        services = [client.service(number) for number in client.execution(execution)["services"]]
    keys = ("name", "dns_name", "ip_address")
    return {str(one[key]).lower(): one["name"] for one in services for key in keys if one.get(key)}


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def _until_interrupted(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:
        _say("Closed.")
