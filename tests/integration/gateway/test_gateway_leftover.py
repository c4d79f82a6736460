"""What a killed Zoe leaves behind of its nginx."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.gateway.conftest import until
from zoe.gateway.nginx import end_leftover, find

CONF = """daemon off;
pid {directory}/nginx.pid;
events {{}}
http {{ access_log off; server {{ listen unix:{directory}/door; }} }}
"""


def launched(directory: Path) -> subprocess.Popen[bytes]:
    program = find("auto")
    assert program, "nginx is not installed: tests/prepare.sh installs it"
    (directory / "nginx.conf").write_text(CONF.format(directory=directory))
    words = [str(program), "-p", str(directory), "-e", "stderr", "-c", str(directory / "nginx.conf")]
    started = subprocess.Popen(words, start_new_session=True)
    until(lambda: (directory / "nginx.pid").exists() and (directory / "door").exists(), "nginx")
    return started


@pytest.mark.slow
def test_the_nginx_of_a_killed_zoe_is_ended_at_the_next_start(tmp_path: Path) -> None:
    nginx = launched(tmp_path)
    end_leftover(tmp_path)
    assert nginx.wait(timeout=60) is not None


@pytest.mark.slow
def test_a_process_that_has_the_number_of_an_nginx_that_is_gone_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    (tmp_path / "nginx.pid").write_text(f"{other.pid}\n")
    end_leftover(tmp_path)
    assert other.poll() is None
    other.kill()
    other.wait()
    assert other.stdin
    other.stdin.close()
