"""The ZApp type `boinc` without a client: parameters, the document, the key's way around it, what the service says."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.keys import EXPONENT, make_key
from zapp_boinc import endings, packing
from zapp_boinc.boinc_type import BoincType
from zapp_boinc.document import SECRET
from zapp_boinc.parameters import BoincParameters
from zapp_boinc.settings import BoincSettings
from zapp_boinc.task import verdict
from zapp_boinc.task.output import Output
from zapp_boinc.task.project import read_reply
from zapp_boinc.task.verdict import OK, USAGE
from zoe import zapp
from zoe.plugin import Address, Deployment, Progress, RunningService

KEY = "42_763e09399e0368f19388ccf75d2bc26d"
BOINC = BoincType(BoincSettings(retry_delay=None), Deployment("test", "1", Path("/nonexistent")))


def parameters(**more: object) -> BoincParameters:
    given = {"project_url": "https://example.org/science", "account_key": KEY} | more
    return BoincParameters.model_validate(given)


def test_the_document_is_a_valid_zapp_of_one_service_that_ends() -> None:
    read = zapp.read(BOINC.zapp(parameters(cores=2, memory=3 << 30)))
    (service,) = read.services
    assert read.will_end
    assert service.monitor
    assert (service.resources.cores.min, service.resources.memory.max) == (2, 3 << 30)
    assert ("ZOE_BOINC_URL", "https://example.org/science/") in service.environment


def test_the_key_is_neither_in_the_document_nor_in_the_stored_parameters_nor_in_a_representation() -> None:
    given = parameters()
    document = BOINC.zapp(given)
    assert KEY not in json.dumps(document)
    assert KEY not in json.dumps(given.model_dump(mode="json"))
    assert KEY not in repr(given)
    assert ["ZOE_BOINC_KEY", SECRET] in document["services"][0]["environment"]  # type: ignore[index]


def test_the_key_is_marked_as_a_password_in_the_schema() -> None:
    schema = BoincParameters.model_json_schema()
    assert schema["properties"]["account_key"]["format"] == "password"
    assert schema["properties"]["account_key"]["writeOnly"] is True
    assert schema["required"] == ["project_url", "account_key"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("example.org/science", "no scheme"),
        ("ftp://example.org/", "begins with http:// or https://"),
        ("https://", "is not an address"),
        ("https://ada:secret@example.org/", "must not hold a name or a password"),
        ("https://example.org/a b", "is not an address"),
        ("https://example.org/<b>", "is not an address"),
        ("", "no scheme"),
    ],
)
def test_a_url_that_is_none_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        parameters(project_url=url)


@pytest.mark.parametrize(
    "key", ["", "abc def 123", "abc'defgh", 'abc"defgh', "<abcdefgh>", "abcdefgh\n", "short", "a" * 256]
)
def test_a_key_that_is_none_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parameters(account_key=key)
    assert "account key" in str(caught.value)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ZOE_BOINC_URL": "example.org", "ZOE_BOINC_KEY": KEY}, "has no scheme"),
        ({"ZOE_BOINC_URL": "https://example.org/"}, "the account key is empty"),
        ({"ZOE_BOINC_URL": "https://example.org/", "ZOE_BOINC_KEY": 'it\'s "quoted"'}, "without spaces and quotes"),
        ({"ZOE_BOINC_URL": "https://example.org/", "ZOE_BOINC_KEY": SECRET}, "without spaces and quotes"),
        (
            {"ZOE_BOINC_URL": "https://example.org/", "ZOE_BOINC_KEY": KEY, "ZOE_BOINC_PATIENCE": "soon"},
            "ZOE_BOINC_PATIENCE is not a number",
        ),
    ],
)
def test_the_program_refuses_a_bad_order_at_once(environment: dict[str, str], words: str, tmp_path: Path) -> None:
    done = started(environment, tmp_path)
    assert (done.returncode, done.stdout.count("\n")) == (USAGE, 1)
    assert words in done.stdout
    assert environment.get("ZOE_BOINC_KEY", "nothing") not in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", ["no_scheduler", "not_a_project"])
def test_a_page_that_is_no_project_ends_the_run_at_once(fault: str, tmp_path: Path) -> None:
    with Project() as project:
        setattr(project.faults, fault, True)
        done = started({"ZOE_BOINC_URL": project.url, "ZOE_BOINC_KEY": KEY}, tmp_path)
    assert done.returncode == 69
    assert "is not a BOINC project" in done.stdout


def test_a_project_that_is_down_is_waited_for_only_so_long(tmp_path: Path) -> None:
    environment = {"ZOE_BOINC_URL": "http://127.0.0.1:9/", "ZOE_BOINC_KEY": KEY, "ZOE_BOINC_PATIENCE": "1"}
    done = started(environment, tmp_path)
    assert done.returncode == 69
    assert done.stdout.endswith("http://127.0.0.1:9/ cannot be reached: connection refused.\n")


def started(environment: dict[str, str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run the program as the ZApp carries it, with nothing of Zoe to import."""
    words = [sys.executable, "-I", "-c", packing.program()]
    return subprocess.run(
        words,
        env={"PATH": os.environ["PATH"]} | environment,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_program_travels_whole_and_fits_into_a_word_of_a_command() -> None:
    modules = {path.stem for path in (Path(packing.__file__).with_name("task")).glob("*.py")} - {"__init__"}
    assert set(packing.MODULES) == modules
    assert len(packing.program()) < 16 * 1024


def test_every_exit_status_has_a_sentence_for_a_person() -> None:
    codes = {value for name, value in vars(verdict).items() if name.isupper()}
    assert codes == set(endings.SENTENCES)
    assert BOINC.ending(75) == "gave up, because the project had no task to give"
    assert BOINC.ending(OK) is not None
    assert BOINC.ending(3) is None


@pytest.mark.parametrize(
    ("reply", "refused", "terms"),
    [
        ("Invalid or missing account key.  To fix, remove and add this project .", True, False),
        ("You must accept the terms of use", False, True),
        ("Project has no tasks available", False, False),
        ("Not sending work - last request too recent: 11 sec", False, False),
    ],
)
def test_what_the_scheduler_says_is_understood(reply: str, refused: bool, terms: bool) -> None:
    text = f'<scheduler_reply>\n<message priority="low">{reply}</message>\n<request_delay>7.5</request_delay>'
    read = read_reply(text)
    assert (read.key_refused, read.wants_terms, read.delay, read.down) == (refused, terms, 7.5, False)


def test_what_the_client_prints_is_passed_on_without_the_key_and_without_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(KEY)
    output.follow([f"01-Jan-2026 10:00:00 [Science] \x1b[31m{KEY} and {KEY[3:]}\n"], lambda: None)
    assert capsys.readouterr().out == "client: ?[31m*** and ***\n"


def test_a_stop_before_anything_was_started_is_heard(tmp_path: Path) -> None:
    environment = {"ZOE_BOINC_URL": "http://127.0.0.1:9/", "ZOE_BOINC_KEY": KEY, "PATH": os.environ["PATH"]}
    words = [sys.executable, "-I", "-c", packing.program()]
    with subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "waiting for the project" in process.stdout.readline()
        process.terminate()
        assert process.stdout.read() == "Stopped; there was no task yet.\n"
        assert process.wait(10) == 143
    assert list(tmp_path.rglob("host-*")) == []


@pytest.mark.parametrize(
    ("answer", "progress"),
    [
        (b'{"text": "computing", "fraction": 0.5}', Progress("computing", 0.5)),
        (b'{"text": "waiting", "fraction": null}', Progress("waiting")),
        (b'{"text": "odd", "fraction": 7}', Progress("odd")),
        (b'{"text": "odd", "fraction": true}', Progress("odd")),
        (b'{"text": 3}', None),
        (b"[]", None),
        (b"not json", None),
    ],
)
def test_progress_takes_nothing_on_trust(answer: bytes, progress: Progress | None) -> None:
    with saying(answer) as address:
        service = RunningService("boinc0", "boinc", lambda port: address)
        assert BOINC.progress([service]) == progress


def test_progress_is_unknown_while_nobody_answers() -> None:
    service = RunningService("boinc0", "boinc", lambda port: Address("127.0.0.1", 9))
    assert BOINC.progress([service]) is None
    assert BOINC.progress([]) is None


def test_a_signature_of_the_test_project_is_a_power_of_the_padded_sum() -> None:
    key = make_key()
    digits = key.signature(b"program").replace("\n", "").rstrip(".")
    opened = pow(int(digits, 16), EXPONENT, key.modulus).to_bytes(128, "big")
    assert opened == b"\x00\x01" + b"\xff" * 93 + b"\x00" + b"a9c449d4fa44e9e5a41c574ae55ce4d9"


@contextmanager
def saying(answer: bytes) -> Iterator[Address]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Address("127.0.0.1", server.server_port)
        finally:
            server.shutdown()
            thread.join()
