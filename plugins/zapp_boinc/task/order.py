"""What to do, as the environment tells; whatever is wrong with it ends the run at once."""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from zapp_boinc.task.verdict import USAGE, Verdict

KEY = re.compile(r"[A-Za-z0-9_-]{8,255}")
URL = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~%+/-]*)?", re.IGNORECASE)
POLITE_S = (60.0, 86400.0)
"""Seconds between two attempts at something that failed, at least and at most, where the project does not say."""


@dataclass(frozen=True, slots=True)
class Order:
    """One task to run. Times in seconds; `timeout` 0 is none; `memory` in bytes, 0 is all of the machine.

    `keep` is where the directory of a task that is stopped stays, to go on with it next time; None: it is given back.
    `keep_if_asked`: it is given back as well, unless somebody asked before the stop that it be kept.
    """

    url: str
    key: str
    timeout: float
    patience: float
    cores: float
    memory: int
    data: Path
    keep: Path | None
    keep_if_asked: bool
    address: str
    port: int
    retry: tuple[float, float]
    """Seconds, as `POLITE_S`."""


def read(environment: MutableMapping[str, str]) -> Order:
    """Return the order, and take the key out of the environment: no program that is started from here gets it.

    Raises:
        Verdict: something is missing or makes no sense.

    """
    key = environment.pop("ZOE_BOINC_KEY", "")
    keep = environment.get("ZOE_BOINC_KEEP")
    fast, slow = (environment.get("ZOE_BOINC_RETRY") or "{} {}".format(*POLITE_S)).split()
    return Order(
        url=checked_url(environment.get("ZOE_BOINC_URL", "")),
        key=_checked_key(key),
        timeout=_number(environment, "ZOE_BOINC_TIMEOUT", 0),
        patience=_number(environment, "ZOE_BOINC_PATIENCE", 600),
        cores=_number(environment, "ZOE_BOINC_CORES", 1),
        memory=int(_number(environment, "ZOE_BOINC_MEMORY", 0)),
        data=Path(environment.get("ZOE_BOINC_DATA") or "boinc"),
        keep=Path(keep) if keep else None,
        keep_if_asked=environment.get("ZOE_BOINC_KEEP_IF") == "asked",
        address=environment.get("ZOE_BOINC_ADDRESS") or "127.0.0.1",
        port=int(_number(environment, "ZOE_BOINC_PORT", 0)),
        retry=(float(fast), float(slow)),
    )


def url_fault(url: str) -> str | None:
    """Say what is wrong with the address of a project; None if nothing is."""
    if "://" not in url:
        return (
            "the project's URL has no scheme; write it as on the project's page, such as https://example.org/project/"
        )
    if urlsplit(url).scheme.lower() not in {"http", "https"}:
        return "the project's URL begins with http:// or https://"
    if "@" in url:
        return "the project's URL must not hold a name or a password"
    if not URL.fullmatch(url) or not urlsplit(url).hostname:
        return "the project's URL is not an address such as https://example.org/project/"
    return None


def key_fault(key: str) -> str | None:
    """Say what is wrong with an account key, without repeating it; None if nothing is."""
    if not key:
        return "the account key is empty; it is on your account's page at the project"
    if not KEY.fullmatch(key):
        return "an account key is 8 letters, digits, `_` and `-` or more, without spaces and quotes"
    return None


def checked_url(url: str) -> str:
    """Return the URL with the slash at its end that BOINC wants."""
    _refuse(url_fault(url))
    return url if url.endswith("/") else url + "/"


def _checked_key(key: str) -> str:
    _refuse(key_fault(key))
    return key


def _number(environment: MutableMapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    if not re.fullmatch(r"\d{1,15}(\.\d{0,9})?", text):
        raise Verdict(USAGE, f"{name} is not a number: {text[:40]!a}.")
    return float(text)


def _refuse(fault: str | None) -> None:
    if fault:
        raise Verdict(USAGE, f"Nothing was started: {fault}.")
