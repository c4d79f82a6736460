"""The gateway: what it costs beside going to the service directly, and beside configurable-http-proxy, in one run.

The service is an nginx that answers five bytes. Load comes from wrk, one thread, over 1, 10 and 50 connections, with
the cookies that a browser holds after it came in with a ticket. `ratio_to_chp` is the embedded gateway's share of
configurable-http-proxy's requests per second, `ratio_to_chp_nginx` that of the gateway with nginx in front; of the
three numbers of connections the worst counts. `added_ms` is the median latency at one connection, less the service's
own. `mb_per_500_ws`: what Zoe's process holds more with 500 silent WebSockets. `route_ms`: from the time that a
service's step to running carries to the gateway's knowing it. `info_p99_ratio`: the p99 of GET /info with `--streams`
followers of changes over that without any, while executions come and go.
"""

import http.client
import json
import time
from argparse import ArgumentParser, Namespace
from urllib.parse import urlsplit

from bench.gateway.crowd import followers, mb_of_websockets, p99_of_info
from bench.gateway.load import Load, load
from bench.gateway.programs import configurable_http_proxy, free_port, running
from bench.gateway.site import Site, application, site, socket_service, web_service
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve

CONNECTIONS = (1, 10, 50)


def options(parser: ArgumentParser) -> None:
    """Say for how long, and how many."""
    parser.add_argument("--seconds", type=int, default=5, help="of load for each number of connections, whole")
    parser.add_argument("--rounds", type=int, default=20, help="of the measurement of routes")
    parser.add_argument("--websockets", type=int, default=500)
    parser.add_argument("--streams", type=int, default=500)


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Measure one after the other, all on the same machine."""
    figures = _rates(arguments.seconds)
    with site(socket_service(), "off") as quiet:
        megabytes = mb_of_websockets(quiet, arguments.websockets) * 500 / arguments.websockets
        figures["mb_per_500_ws"] = Figure(megabytes, "MB", "below 50")
    figures["route_ms"] = Figure(_route_ms(arguments.rounds), "ms", "below 20")
    return figures | _streams(arguments.streams, arguments.seconds)


def _rates(seconds: int) -> dict[str, Figure]:
    found: dict[str, dict[int, Load]] = {}
    with site(web_service(), "off") as plain:
        found["direct"] = _all(f"http://{plain.address}/", {}, seconds)
        found["chp"] = _chp(plain, seconds)
        found["embedded"] = _all(plain.url, plain.headers, seconds)
    with site(web_service(), "auto") as fronted:
        found["nginx"] = _all(fronted.url, fronted.headers, seconds)
    figures = {
        f"{name}_{count}": Figure(loads[count].rate, "1/s") for name, loads in found.items() for count in CONNECTIONS
    }
    for name, key, aim in (("embedded", "ratio_to_chp", 0.3), ("nginx", "ratio_to_chp_nginx", 1.3)):
        worst = min(found[name][count].rate / found["chp"][count].rate for count in CONNECTIONS)
        figures[key] = Figure(worst, "", f"at least {aim}")
    for name in ("chp", "embedded", "nginx"):
        figures[f"added_ms_{name}"] = Figure(found[name][1].p50_ms - found["direct"][1].p50_ms, "ms")
    return figures


def _all(url: str, headers: dict[str, str], seconds: int) -> dict[int, Load]:
    load(url, headers, 4, 1)  # warm
    return {count: load(url, headers, count, seconds) for count in CONNECTIONS}


def _chp(plain: Site, seconds: int) -> dict[int, Load]:
    with data_directory() as directory:
        program, port = configurable_http_proxy(directory), free_port()
        command = [program, "--ip", "127.0.0.1", "--port", str(port), "--api-port", str(free_port()), "--log-level"]
        command += ["error", "--default-target", f"http://{plain.address}"]
        with running(command, port, directory / "chp.log"):
            return _all(f"http://127.0.0.1:{port}{urlsplit(plain.url).path}", plain.headers, seconds)


def _route_ms(rounds: int) -> float:
    """Return the median time from a service's being active to the gateway's knowing it."""
    took = []
    with site(web_service(), "off") as made:
        connection, gateway = made.served.connect(), urlsplit(made.url)
        for _ in range(rounds):
            body = json.dumps({"application": application("sleep 3600"), "name": "route"}).encode()
            execution = connection.submit(body)
            url = f"http://{gateway.netloc}/{execution}/web0/web/"
            # Nothing listens there: the page changes as soon as the gateway has the route. No GET: that would be
            # held for what is to come.
            while b"getting ready" not in _body(made, url):
                pass
            seen = time.time()
            connection.until(execution, "running")
            events = connection.get(f"/execution/{execution}/events")["events"]
            took.append((seen - next(one["at"] for one in events if one["after"] == "running")) * 1e3)
            connection.stop(execution)
            connection.until_ended(execution)
    return percentile(took, 50)


def _body(made: Site, url: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request("POST", parts.path, headers=made.headers)
    content = connection.getresponse().read()
    connection.close()
    return content


def _streams(count: int, seconds: float) -> dict[str, Figure]:
    with data_directory() as directory, serve(directory) as served:
        gateway = served.connect().get("/info")["gateway"]
        p99_of_info(served, 1.0)  # warm
        alone = p99_of_info(served, seconds)
        with followers(served, gateway, count):
            crowded = p99_of_info(served, seconds)
    return {
        "info_p99_ms": Figure(alone, "ms"),
        "info_p99_ms_streams": Figure(crowded, "ms"),
        "info_p99_ratio": Figure(crowded / alone, "", "at most 2"),
    }


if __name__ == "__main__":
    main("gateway", "the gateway beside configurable-http-proxy, WebSockets, routes, event streams", measure, options)
