"""What each service's command begins with: waits until the master answers, then becomes the Spark program.

Travels inside the ZApp as the text of `python3 -c`, so that any image with Spark and Python will do; hence standard
library only, and no brace. A worker that starts before the master is up would else sleep for 5 to 15 s, a driver for
20 s, before they try again.
"""

import os
import shutil
import socket
import sys
import time

WAIT_S = 300
"""How long the master may take: long enough for its image to be pulled."""


def wait_for(host: str, port: int) -> None:
    """Return once somebody listens there."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return socket.create_connection((host, port), timeout=2).close()
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit("The Spark master at %s:%d did not answer within %d s: %s." % (host, port, WAIT_S, error))  # noqa: UP031
            time.sleep(0.1)


def main(host: str, port: str, script: str, directory: str, *command: str) -> None:
    """Become `command` once `host:port` answers; at once where `host` is empty.

    `script`: a file that it needs. `directory`: one that it needs, made here.
    """
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        sys.exit("Spark needs Java 17 or newer, and there is none here: apt-get install default-jre-headless")
    if not shutil.which(command[0]):
        sys.exit(command[0] + " is not on the PATH: pip install 'zoe-analytics[spark]', or use an image with Spark")
    if script and not os.path.isfile(script):  # noqa: PTH113 - every import delays the start
        sys.exit("There is no file " + script + ": the script's path is relative to the workspace")
    if directory:
        os.makedirs(directory, exist_ok=True)  # noqa: PTH103
    if host:
        wait_for(host, int(port))
    os.execvp(command[0], command)  # noqa: S606 - the words are the ZApp's own


if __name__ == "__main__":
    main(*sys.argv[1:])
