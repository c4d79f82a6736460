"""The nginx in front: found, started, told of new routes, started again when it dies."""

import asyncio
import logging
import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)
_PLACES = ("/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx", "/opt/homebrew/bin/nginx")
_PAUSE = 0.2
"""Seconds between two reloads, so that many changes make one; the embedded gateway serves new routes meanwhile."""
_AGAIN = 1.0
_PATIENCE = 5.0


def find(wanted: str) -> Path | None:
    """Return the nginx that the setting names: `auto` is one that is found, `off` none."""
    if wanted == "off":
        return None
    if wanted != "auto":
        return Path(wanted)
    found = shutil.which("nginx")
    return Path(found) if found else next((Path(place) for place in _PLACES if os.access(place, os.X_OK)), None)


def worker_user() -> str | None:
    """Return as whom nginx is to work where Zoe is root: as nobody in particular."""
    if os.geteuid() != 0:
        return None
    for name in ("www-data", "nginx", "nobody"):
        with suppress(KeyError):
            pwd.getpwnam(name)
            return name
    return None


def end_leftover(directory: Path) -> None:
    """End the nginx of a Zoe that was killed: it holds the port."""
    with suppress(OSError, ValueError):
        leader = int((directory / "nginx.pid").read_text(encoding="ascii"))
        with suppress(FileNotFoundError):
            title = Path(f"/proc/{leader}/cmdline").read_text(encoding="utf-8", errors="replace")
            # nginx writes its title over its arguments, with spaces between them.
            if f"-p {directory} " not in title.replace("\0", " "):
                return  # the number is another's by now
        end_group(leader)


def end_group(leader: int) -> None:
    """End an nginx with its workers, of which some may have outlived it; they are a process group."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            time.sleep(0.01)
            os.killpg(leader, 0)
        os.killpg(leader, signal.SIGKILL)


class Nginx:
    """One nginx and its configuration. Belongs to one event loop."""

    def __init__(self, program: Path, directory: Path, place: tuple[str, int], text: Callable[[], str]) -> None:
        self._program, self._directory, self._place, self._text = program, directory, place, text
        self._process: subprocess.Popen[bytes] | None = None
        self._changed = asyncio.Event()
        self._written = ""

    def changed(self) -> None:
        """Have the configuration made anew."""
        self._changed.set()

    async def start(self) -> bool:
        """Start it; False if it does not come up, and nothing of it is left then."""
        self._directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        try:
            self._write()
            self._launch()
        except OSError as error:
            log.warning("nginx cannot be started: %s", error)
            return False
        if await self._listens():
            return True
        self.stop()
        return False

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            ending = threading.Thread(target=self._process.wait, daemon=True)
            ending.start()  # nobody else takes note of its end, and it would count as there
            end_group(self._process.pid)
            ending.join(_PATIENCE)

    async def run(self) -> None:
        """Keep it running, with the configuration as it should be, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            died = loop.run_in_executor(None, self._wait)
            while not died.done():
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait((died, changed), return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                if not died.done():
                    await self._reload()
            log.warning("nginx has ended; starting it again")
            await loop.run_in_executor(None, self.stop)
            self._launch()
            await asyncio.sleep(_AGAIN)

    async def _reload(self) -> None:
        self._changed.clear()
        if self._write() and self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)
        await asyncio.sleep(_PAUSE)

    def _write(self) -> bool:
        text = self._text()
        if text == self._written:
            return False
        part = self._directory / "nginx.part"
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(self._directory / "nginx.conf")
        self._written = text
        return True

    def _launch(self) -> None:
        command = [
            str(self._program),
            "-p",
            str(self._directory),
            "-e",
            "stderr",
            "-c",
            str(self._directory / "nginx.conf"),
        ]
        with (self._directory / "error.log").open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - the administrator's own nginx
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, start_new_session=True
            )

    def _wait(self) -> None:
        if self._process is not None:
            self._process.wait()

    async def _listens(self) -> bool:
        (place, port), deadline = self._place, time.monotonic() + _PATIENCE
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place, place)  # noqa: S104 - compared, not bound
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return True
            await asyncio.sleep(0.01)
        last = (self._directory / "error.log").read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        log.warning("nginx does not come up, Zoe does without it: %s", " ".join(last))
        return False
