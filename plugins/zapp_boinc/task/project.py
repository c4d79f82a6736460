"""Looking at the project: before the client does, which would wait for ever, and at what its scheduler said."""

import re
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass
from html import unescape

from zapp_boinc.task.verdict import UNREACHABLE, Verdict

TIMEOUT_S = 8.0
LARGEST_PAGE = 1 << 20
_SCHEDULER = re.compile(rb"<scheduler>|rel=.boinc_scheduler")
_KEY = re.compile(r"(invalid|missing|unknown|wrong).{0,20} (account key|authenticator)", re.IGNORECASE)
_TERMS = re.compile(r"terms of (use|service)|\bconsent\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the scheduler said: its messages, the seconds it wants to be left alone, whether it is closed."""

    messages: tuple[str, ...]
    delay: float
    down: bool

    @property
    def words(self) -> str:
        """All it said, in one line."""
        return " ".join(self.messages)

    @property
    def key_refused(self) -> bool:
        """Whether it does not know the account."""
        return bool(_KEY.search(self.words))

    @property
    def wants_terms(self) -> bool:
        """Whether the account's owner has to agree to something first."""
        return bool(_TERMS.search(self.words))


def read_reply(text: str) -> Reply:
    """Read a scheduler's reply; it is not quite XML."""
    messages = re.findall(r"<message[^>]*>(.*?)</message>", text, re.DOTALL)
    delay = re.search(r"<request_delay>\s*([\d.]+)", text)
    sentences = tuple(" ".join(unescape(message).split()) for message in messages)
    return Reply(sentences, float(delay[1]) if delay else 0.0, "<project_is_down/>" in text)


def trouble_with(url: str) -> str | None:
    """Return why the project's page cannot be had just now; None if it can.

    Raises:
        Verdict: there is no project at this address, and waiting will not change that.

    """
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - http and https only
            page = answer.read(LARGEST_PAGE)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code >= 500 or error.code in {408, 425, 429}:
            return f"it answers HTTP {error.code}"
        raise Verdict(UNREACHABLE, f"{url} is not a BOINC project: it answers HTTP {error.code}.") from error
    except (OSError, ValueError, urllib.request.http.client.HTTPException) as error:  # type: ignore[attr-defined]
        return _why(url, error)
    if not _SCHEDULER.search(page):
        raise Verdict(UNREACHABLE, f"{url} is not a BOINC project: its page names no scheduler.")
    return None


def _why(url: str, error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror) and reason.errno in {socket.EAI_NONAME, socket.EAI_NODATA}:
        raise Verdict(UNREACHABLE, f"{url} cannot be reached: there is no host of this name.") from error
    if isinstance(reason, TimeoutError):
        return "it does not answer"
    return str(getattr(reason, "strerror", None) or reason).lower()
