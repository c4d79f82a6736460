"""Notebooks on a real cluster: JupyterLab, both kernels and Spark's pages, each service a process of its own."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.spark_kit.cluster import Cluster, cluster, eventually
from tests.plugins.spark_kit.crawler import crawl
from tests.plugins.spark_kit.gateway import gateway
from tests.plugins.spark_kit.person import Lab, Person
from zapp_spark import java
from zapp_spark.notebook import LAB_PORT, NotebookType

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
    # One cluster for all of them.
    pytest.mark.xdist_group("spark-lab"),
]
PARTS = ("notebook0", "spark-master0", "spark-worker0", "spark-history0")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    home = tmp_path_factory.mktemp("lab")
    wanted = {"workers": 1, "history": True, "quick_start": True, "conf": {"spark.eventLog.rolling.enabled": False}}
    with cluster(home, "127.77.5", NotebookType, **wanted) as found:
        found.start(*PARTS)
        yield found


@pytest.fixture(scope="module")
def lab(made: Cluster) -> Lab:
    token = dict(made.instances["notebook0"].service.environment)["JUPYTER_TOKEN"]
    found = Lab(made.addresses["notebook0"], LAB_PORT, made.around("notebook0").proxy_paths["notebook"], token)
    eventually(lambda: found.ask("/api/status"), "JupyterLab", lambda: made.log("notebook0"))
    return found


@pytest.fixture(scope="module")
def python(lab: Lab) -> Iterator[Person]:
    with lab.kernel("python3") as person:
        yield person


@pytest.fixture(scope="module")
def scala(lab: Lab) -> Iterator[Person]:
    with lab.kernel("scala") as person:
        yield person


def _working(made: Cluster) -> str:
    said = made.zapp_type.busy(made.services()) or ""
    return said if "kernel" in said and "Spark job" in said else ""


def test_who_brings_no_token_gets_nothing_but_the_number_of_busy_kernels(lab: Lab) -> None:
    for path in ("/api/kernels", "/api/contents", "/lab/api/settings"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            Lab(lab.host, lab.port, lab.base, "wrong").ask(path)
        refused.value.close()
        assert refused.value.code == 403
    assert Lab(lab.host, lab.port, "", "").ask("/zoe/activity").keys() == {"kernels", "busy"}


def test_notebooks_lie_in_the_workspace_with_examples_to_begin_with(lab: Lab, made: Cluster) -> None:
    assert {one["name"] for one in lab.ask("/api/contents/examples")["content"]} == {
        path.name for path in (made.home / "examples").iterdir()
    }
    assert set(lab.ask("/api/kernelspecs")["kernelspecs"]) == {"python3", "scala"}
    assert lab.ask("/api/terminals", "POST", {})["name"]


def test_the_way_in_leads_to_jupyterlab_with_the_token_of_the_owner(made: Cluster, lab: Lab) -> None:
    with gateway(made) as origin, urllib.request.urlopen(f"{origin}{lab.base}/lab?token={lab.token}") as answer:
        assert (answer.status, b"JupyterLab" in answer.read()) == (200, True)


def test_a_python_cell_computes_on_the_workers(python: Person, made: Cluster) -> None:
    cell = python.run(
        "import os\nfactor = 3\n"
        "print(sc.parallelize(range(4), 2).map(lambda n: n * factor).collect())\n"
        "sc.parallelize([0]).map(lambda _: os.environ['SERVICE_NAME']).first()"
    )
    assert (cell.printed, cell.text) == ("[0, 3, 6, 9]\n", "'spark-worker0'"), cell


def test_a_python_cell_shows_plots_and_frames(python: Person) -> None:
    cell = python.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);\nplt.show()\nspark.range(3).toPandas()")
    assert {"image/png", "text/html"} <= cell.shown.keys(), cell


def test_without_spark_nobody_waits_for_it(lab: Lab) -> None:
    with lab.kernel("python3") as person:
        assert person.run("1 + 1").text == "2"
        assert person.run("'SparkSession' in dir()").text == "False"


def test_what_works_is_told_in_words_until_an_interrupt_ends_the_cell_and_its_jobs(
    python: Person, made: Cluster
) -> None:
    number = python.begin("import time\nsc.parallelize([0]).foreach(lambda _: time.sleep(600))")
    said = eventually(lambda: _working(made), "the job")
    assert said.startswith("1 kernel of notebook0, 1 Spark job of Python notebook")
    python.interrupt()
    assert "cancelled" in python.finish(number).traceback
    eventually(lambda: made.zapp_type.busy(made.services()) is None, "no job")
    progress = made.zapp_type.progress(made.services())
    assert progress is not None
    assert "1 worker" in progress.text


def test_a_scala_cell_computes_on_the_workers_that_python_left_idle(scala: Person) -> None:
    cell = scala.run(
        "case class Point(x: Int, y: Int)\n"
        "val factor = 3\n"
        "val points = Seq(Point(1, 2), Point(3, 4)).toDS()\n"
        "println(points.map(p => Point(p.x * factor, p.y)).collect().toList)\n"
        'sc.parallelize(Seq(0)).map(_ => sys.env("SERVICE_NAME")).first()'
    )
    assert cell.printed == "List(Point(3,2), Point(9,4))\n", cell
    assert cell.text.endswith("String = spark-worker0"), cell


def test_a_scala_cell_shows_tables_charts_and_pictures(scala: Person) -> None:
    cell = scala.run(
        'val frame = Seq(("a<b", 1), ("c", 2)).toDF("word", "times")\n'
        "display(frame)\n"
        'display.bars(frame, "word", "times")\n'
        "display(new java.awt.image.BufferedImage(4, 4, java.awt.image.BufferedImage.TYPE_INT_RGB))"
    )
    assert cell.status == "ok", cell
    assert "<td>a&lt;b</td><td>1</td>" in cell.shown["text/html"]
    assert cell.shown["application/vnd.vegalite.v5+json"]["data"]["values"][0] == {"x": "a<b", "y": 1}
    assert cell.shown["image/png"].startswith("iVBOR")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ('val n: Int = "text"', "CompileError", "type mismatch"),
        ('throw new IllegalStateException("so it is")', "IllegalStateException", "so it is"),
        ("sc.parallelize(Seq(0)).map(1 / _).collect()", "SparkException", "/ by zero"),
        ("def f(n: Int) = {", "Incomplete", "in the middle"),
    ],
)
def test_what_goes_wrong_in_scala_is_told_in_the_cell(scala: Person, code: str, kind: str, said: str) -> None:
    cell = scala.run(code)
    assert (cell.status, cell.error) == ("error", kind)
    assert said in cell.traceback
    assert scala.run("1 + 1").text.endswith("Int = 2")


def test_an_interrupt_ends_a_scala_cell_and_what_it_defined_before_stays(scala: Person, made: Cluster) -> None:
    scala.run("val kept = 5")
    number = scala.begin("sc.parallelize(Seq(0)).foreach(_ => Thread.sleep(600000))")
    eventually(lambda: _working(made), "the job")
    scala.interrupt()
    assert scala.finish(number).error == "Interrupted"
    timer = threading.Timer(0.5, scala.interrupt)
    assert scala.run("while (true) Thread.sleep(1)", timer.start).error == "Interrupted"
    assert scala.run("kept").text.endswith("Int = 5")


def test_scala_completes_what_the_interpreter_knows(scala: Person) -> None:
    reply = scala.answer("complete_request", {"code": "val a = 1\nspark.rang", "cursor_pos": 20})
    assert (reply["matches"], reply["cursor_start"]) == (["range"], 16)


def test_every_link_and_stylesheet_of_sparks_pages_works_behind_the_gateway(made: Cluster, python: Person) -> None:
    python.run("spark.range(10).groupBy('id').count().collect()")
    prefixes = {name: made.around(name).proxy_paths for name in PARTS}
    starts = [f"{path}/" for paths in prefixes.values() for page, path in paths.items() if page.startswith("spark-")]
    history = prefixes["spark-history0"]["spark-history"]
    with gateway(made) as origin:
        seen = crawl(origin, *starts, f"{history}/static/historypage-template.html", f"{history}/api/v1/applications")
    wrong = {address: status for address, status in seen.items() if status != 200}
    assert wrong == {}
    pages = "\n".join(seen)
    for part in (
        "/proxy/worker-",
        "/logPage/",
        "/proxy/app-",
        "/stages/stage/",
        "/SQL/execution/",
        "bootstrap.min.css",
    ):
        assert part in pages


def test_nothing_but_notebooks_and_history_is_left_in_the_workspace(made: Cluster, lab: Lab) -> None:
    own = {path.name for path in made.home.iterdir()} - set(PARTS)
    assert own <= {"examples", ".zoe-examples-offered", ".jupyterlab", "spark-events", "spark-warehouse"}
    assert [path for path in (made.home / "spark-events").iterdir() if path.is_file()]
    assert list(Path("/tmp").glob("blockmgr-*")) == []
