"""The notebook, the stream and the shell as documents; and what of the kernels needs no Spark to be proved."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.plugins.spark_kit.output import Process, Shown
from zapp_spark import memory, progress
from zapp_spark.lab.zoe_lab import server
from zapp_spark.lab.zoe_lab.output import Output
from zapp_spark.lab.zoe_lab.scala_cells import chunks
from zapp_spark.lab.zoe_lab.scala_session import directory_of_classes
from zapp_spark.notebook import NotebookParameters, NotebookType, driver_heap
from zapp_spark.shell import ShellType
from zapp_spark.spark_type import SparkType
from zapp_spark.streaming import StreamingType
from zoe import zapp
from zoe.plugin import Deployment, NoSettings, ZAppType

MIB, GIB = 1024**2, 1024**3
TYPES: dict[type[ZAppType], dict[str, object]] = {
    SparkType: {"script": "a.py"},
    NotebookType: {},
    StreamingType: {"script": "a.py"},
    ShellType: {},
}


def made(kind: type[ZAppType], **parameters: object) -> zapp.ZApp:
    document = kind(NoSettings(), Deployment("test", "id", Path())).zapp(kind.Parameters.model_validate(parameters))
    return zapp.read(json.loads(json.dumps(document)))


def service(document: zapp.ZApp, group: str) -> zapp.Service:
    return next(one for one in document.services if one.name == group)


def variable(one: zapp.Service, name: str) -> str:
    return dict(one.environment)[name]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_kind_is_a_valid_zapp_that_one_service_ends(kind: type[ZAppType]) -> None:
    document = made(kind, **TYPES[kind])
    assert sum(one.monitor for one in document.services) == 1
    assert document.will_end == (kind is SparkType)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_a_form_asks_for_nothing_that_is_not_described(kind: type[ZAppType]) -> None:
    schema = kind.Parameters.model_json_schema()
    assert [name for name, field in schema["properties"].items() if not field.get("description")] == []
    assert "token" not in schema["properties"]
    assert set(schema.get("required", ())) == set(TYPES[kind])


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_pages_have_names_that_are_the_same_in_a_path(kind: type[ZAppType]) -> None:
    document = made(kind, **TYPES[kind], history=True)
    names = {port.name for one in document.services for port in one.ports if port.proxy}
    assert {zapp.proxy_path(1, "a0", name) for name in names} == {f"/1/a0/{name}" for name in names}


def test_master_workers_and_drivers_know_where_the_gateway_shows_the_master() -> None:
    document = made(NotebookType)
    assert json.loads(variable(service(document, "notebook"), "ZOE_SPARK_CONF"))["spark.ui.reverseProxyUrl"] == (
        "/{execution_id}/spark-master0/spark-master"
    )
    for group in ("spark-master", "spark-worker"):
        assert "-Dspark.ui.reverseProxy=true" in variable(service(document, group), "SPARK_DAEMON_JAVA_OPTS")


def test_the_notebook_waits_for_nobody_and_its_token_is_among_no_words() -> None:
    document = made(NotebookType)
    first = service(document, "notebook")
    token = variable(first, "JUPYTER_TOKEN")
    assert document.services[0] is first
    assert first.ports[0].url_template == f"http://{{ip_port}}{{proxy_path}}/lab?token={token}"
    assert token not in str(first.command)


def test_every_notebook_has_a_token_of_its_own_which_starting_again_may_bring_along() -> None:
    one, other = NotebookParameters(), NotebookParameters()
    assert one.token != other.token
    assert NotebookParameters.model_validate(one.model_dump()) == one
    with pytest.raises(ValidationError):
        NotebookParameters(token="a b")


@pytest.mark.parametrize("size", [GIB, 3 * GIB // 2, 16 * GIB])
def test_two_kernels_with_their_drivers_find_room_or_one_where_it_is_small(size: int) -> None:
    heap = driver_heap(size)
    assert heap >= memory.SMALLEST_HEAP
    assert (2 if size > GIB else 1) * heap <= size - 256 * MIB


def test_a_laboratory_of_five_services_is_small() -> None:
    small: dict[str, object] = {"workers": 3, "workers_min": 3, "notebook_memory": "1G", "master_memory": "256M"}
    document = made(NotebookType, **small)
    reserved = [zapp.reserved(instance.service, 1, GIB) for instance in zapp.instances(document)]
    assert len(reserved) == 5
    assert sum(cores for cores, _, _ in reserved) <= 2
    assert sum(size for _, size, _ in reserved) <= 4.25 * GIB


def test_streams_have_a_place_for_checkpoints_inside_the_workspace() -> None:
    words = service(made(StreamingType, script="a.py", checkpoint="here"), "spark-driver").command
    assert words is not None
    assert "spark.sql.streaming.checkpointLocation={workspace}/here" in words
    with pytest.raises(ValidationError, match="relative to the workspace"):
        made(StreamingType, script="a.py", checkpoint="../there")


def test_rates_of_all_queries_are_added_up() -> None:
    gauges = {
        f"app.driver.spark.streaming.{query}.{rate}": {"value": value}
        for query, rate, value in [
            ("a", "inputRate-total", 10.4),
            ("b", "inputRate-total", 5),
            ("a", "processingRate-total", 7),
            ("b", "processingRate-total", None),
        ]
    }
    assert progress.of_gauges(gauges) == "2 queries: 15 rows/s in, 7 rows/s processed"
    assert progress.of_gauges({"app.driver.jvm.heap.used": {"value": 3}}) is None


# The server


def test_examples_are_offered_once_and_never_overwrite(tmp_path: Path) -> None:
    server.offer_examples(tmp_path)
    offered = {path.suffix for path in (tmp_path / "examples").iterdir()}
    assert offered == {".ipynb"}
    for path in (tmp_path / "examples").iterdir():
        path.unlink()
    (tmp_path / "examples").rmdir()
    server.offer_examples(tmp_path)
    assert not (tmp_path / "examples").exists()


def test_a_workspace_with_a_folder_of_that_name_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "mine.txt").write_text("mine")
    server.offer_examples(tmp_path)
    assert [path.name for path in (tmp_path / "examples").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("path", sorted(server.EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_an_example_names_a_kernel_that_is_there(path: Path) -> None:
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] in server.KERNELS


def test_settings_reach_spark_as_they_are(tmp_path: Path) -> None:
    server.write_spark_settings(tmp_path, {"spark.a": "b c\\d"})
    assert (tmp_path / "spark-defaults.conf").read_text() == "spark.a b c\\\\d\n"


def test_jupyter_stands_below_its_path_and_asks_nobody_outside() -> None:
    around: Mapping[str, str] = {"REVERSE_PROXY_PATH_8888": "/7/notebook0/notebook", "ZOE_LAB_ADDRESS": "127.1.2.3"}
    words = server.options(Path("/w"), around)
    assert {"--ServerApp.base_url=/7/notebook0/notebook/", "--ServerApp.ip=127.1.2.3"} <= set(words)
    assert {"--LabApp.news_url=", "--LabApp.extension_manager=readonly"} <= set(words)


# The Scala kernel


@pytest.mark.parametrize(
    ("cell", "pieces"),
    [
        ("1 + 1", ["1 + 1"]),
        ("val a = 1\nval b = 2", ["val a = 1\nval b = 2"]),
        ("case class P(a: Int)\nP(1)", ["case class P(a: Int)", "\nP(1)"]),
        ("val a = 1\nclass P(\n  a: Int)\nP(1)\n  .a", ["val a = 1", "\nclass P(\n  a: Int)", "\n\n\nP(1)\n  .a"]),
        ("class A\n  extends B\nobject A {\n}\nA", ["class A\n  extends B\nobject A {\n}", "\n\n\n\nA"]),
        ('class A {\n"}" /* { */\n}\n// words\nnew A', ['class A {\n"}" /* { */\n}\n// words', "\n\n\n\nnew A"]),
        ("def f = {\ncase class P(a: Int)\nP(1)\n}", ["def f = {\ncase class P(a: Int)\nP(1)\n}"]),
        ("val classes = 1\nobjects", ["val classes = 1\nobjects"]),
    ],
)  # fmt: skip
def test_classes_are_defined_before_what_follows_them(cell: str, pieces: list[str]) -> None:
    assert chunks(cell) == pieces


def test_what_is_printed_and_what_is_shown_keep_their_order() -> None:
    process, shown = Process(), Shown()
    output = Output(process.as_popen(), shown.stream, shown.display)
    output.heed()
    end = output.end_mark("x")
    process.says("before ü\x02text/html;PGI+aGk8L2I+\x03after\x02image/", "png;QUJD\x03", end)
    output.wait_for("x")
    assert shown.seen == [
        ("stdout", "before ü"),
        ("text/html", "<b>hi</b>"),
        ("stdout", "after"),
        ("image/png", "QUJD"),
    ]


def test_what_java_says_at_its_start_stands_in_no_cell() -> None:
    process, shown = Process(), Shown()
    output = Output(process.as_popen(), shown.stream, shown.display)
    process.says("WARNING: incubator\n", output.end_mark("x"))
    output.wait_for("x")
    assert (shown.seen, output.before) == ([], "WARNING: incubator\n")


def test_a_scala_kernel_starts_where_no_session_ran_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(tmp_path / "not" / "there"))
    assert Path(directory_of_classes()).parent == tmp_path / "not" / "there"


def test_jupyterlab_is_given_the_extension_that_holds_cells_for_a_kernel_that_starts(tmp_path: Path) -> None:
    word = next(one for one in server.options(tmp_path, {}) if "labextensions" in one)
    described = json.loads((Path(word.partition("=")[2]) / "zoe-lab" / "package.json").read_text())["jupyterlab"]
    assert (server.EXTENSIONS / "zoe-lab" / described["_build"]["load"]).is_file()
    executor, news = "@jupyterlab/notebook-extension:cell-executor", "@jupyterlab/apputils-extension:announcements"
    assert described["disabledExtensions"] == [executor, news]
