"""`zoe proxy`: raw connections from this machine to the services of an execution."""

import os
import re
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from zoe.cli import signin
from zoe.cli.invocation import Invocation, shared
from zoe.errors import ConflictError, NotFoundError, NotSignedInError, RequestInvalidError

if TYPE_CHECKING:
    from zoe.client import Document
    from zoe.tunnel import Forward, Way

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

    Without -L it is a SOCKS5 proxy that knows the services by their names. While a connection is open the execution
    counts as used.

    Examples:
        zoe proxy 7 -L 15002:spark-connect0:15002
        zoe proxy 7 --socks 1080

    """
    from zoe.tunnel import Way  # noqa: PLC0415 - `zoe --help` stays quick

    asked = [_read(one) for one in forward or ()]
    way = Way(*_gateway(invocation), execution)
    services = _services(invocation, execution)
    made = [_to_one(way, one, services) for one in asked] or [_to_all(way, socks, services)]
    _tell(invocation, made, asked)
    _until_interrupted([threading.Thread(target=one.run, daemon=True) for _, one in made])


def _tell(invocation: Invocation, made: list[tuple[str, "Forward"]], asked: list[tuple[int, str, int]]) -> None:
    named: list[dict[str, object]] = [{"service": service, "port": port} for _, service, port in asked] or [{}]
    ports = [{"local_port": one.port} | more for (_, one), more in zip(made, named, strict=True)]
    invocation.answer({"listening": ports})
    sys.stdout.flush()  # whoever reads it waits for it while this goes on
    for line, _ in made:
        invocation.remark(line)


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


def _services(invocation: Invocation, execution: int) -> list["Document"]:
    """Return the services, so that who asks for what is not there is told before anything listens.

    Raises:
        ZoeError: there is no such execution, or it is foreign, or has ended.

    """
    from zoe.client import ENDED  # noqa: PLC0415

    with invocation.client() as client:
        found = client.execution(execution)
        if found["status"] in ENDED:
            raise ConflictError(f"Execution {execution} has ended: nothing of it can be reached any more.")
        return [client.service(number) for number in found["services"]]


def _to_one(way: "Way", asked: tuple[int, str, int], services: list["Document"]) -> tuple[str, "Forward"]:
    """Return a port here that leads to one there, and how that is told."""
    from zoe.tunnel import to_one_port  # noqa: PLC0415

    local, service, port = asked
    known = [str(one["name"]) for one in services]
    if service not in known:
        has = f"Execution {way.execution} has no service {service}"
        raise NotFoundError(f"{has}; its services are {', '.join(sorted(known))}.")
    made = _listening(local, to_one_port(way, service, port), f"-L LOCAL:{service}:{port}")
    return f"127.0.0.1:{made.port} -> {service}:{port}", made


def _to_all(way: "Way", local: int, services: list["Document"]) -> tuple[str, "Forward"]:
    """Return a SOCKS proxy to services however those who connect name them, and how that is told."""
    from zoe.tunnel import as_socks  # noqa: PLC0415

    keys = ("name", "dns_name", "ip_address")
    names = {str(one[key]).lower(): str(one["name"]) for one in services for key in keys if one.get(key)}
    made = _listening(local, as_socks(way, names), "--socks")
    return f"SOCKS5 proxy at 127.0.0.1:{made.port}", made


def _listening(local: int, carry: Callable[[socket.socket], None], option: str) -> "Forward":
    from zoe.tunnel import Forward  # noqa: PLC0415

    try:
        return Forward(("127.0.0.1", local), carry, _say)
    except (OSError, OverflowError) as error:
        number = error.errno if isinstance(error, OSError) else None
        why = os.strerror(number) if number else "there is none with this number"
        raise RequestInvalidError(
            [], f"Port {local} of this machine cannot be used ({why}): choose another with {option}."
        ) from error


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
