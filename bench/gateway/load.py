"""Load: wrk against one URL, what it counted."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from bench.gateway.programs import needed

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_LATENCY = re.compile(r"50%\s+([\d.]+)(us|ms|s)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_IN_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second, and the median latency in milliseconds."""

    rate: float
    p50_ms: float


def load(url: str, headers: Mapping[str, str], connections: int, seconds: int) -> Load:
    """Ask for one URL over so many connections for so long."""
    command = [needed("wrk", "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, text in headers.items():
        command += ["-H", f"{name}: {text}"]
    told = subprocess.run([*command, url], check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    if bad := _BAD.search(told):
        raise SystemExit(f"{url} did not answer as it should: {bad.group(0)}")
    rate, latency = _RATE.search(told), _LATENCY.search(told)
    if rate is None or latency is None:
        raise SystemExit(f"wrk said nothing of use about {url}: {told}")
    return Load(float(rate[1]), float(latency[1]) * _IN_MS[latency[2]])
