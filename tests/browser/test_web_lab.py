"""The laboratory session in a real browser: a Spark cluster with notebooks, from one button to its last page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Person
from zapp_spark import java

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
]
PATIENCE = 300_000  # milliseconds: several Java machines start, on whatever machine this is
PYTHON = "print('python', spark.range(1000).selectExpr('sum(id)').first()[0])"
SCALA = 'println("scala " + spark.range(1000).selectExpr("sum(id)").first().getLong(0))'


def run_cell(lab: Page, kernel: str, code: str, told: str) -> None:
    """Open a new notebook with this kernel, run a cell in it once and at once, and wait for what it tells.

    JupyterLab by itself drops a cell whose kernel is still starting (its issue 8490): `zoe_lab` holds it.
    """
    lab.locator(f".jp-LauncherCard[title*='{kernel}']:visible").first.click(timeout=PATIENCE)
    notebook = lab.locator(".jp-NotebookPanel:visible")
    notebook.locator(".jp-CodeCell .cm-content").first.click(timeout=PATIENCE)
    lab.keyboard.insert_text(code)
    lab.keyboard.press("Shift+Enter")
    notebook.locator(".jp-OutputArea-output", has_text=told).first.wait_for(timeout=PATIENCE)


def test_a_student_computes_on_a_cluster_of_ones_own_and_sees_all_its_pages(person: Callable[..., Person]) -> None:
    eve, bob = person("eve"), person("bob")
    eve.page.get_by_role("button", name="Open Spark notebook").click()
    eve.page.wait_for_url(re.compile(r"/\d+/notebook0/notebook/lab"), timeout=PATIENCE)
    number = int(eve.page.url.split("/")[3])

    lab = eve.page
    run_cell(lab, "Python", PYTHON, "python 499500")
    eve.shot("lab-python")
    bob.page.goto(lab.url)
    expect(bob.page.get_by_role("heading", name="Nothing here")).to_be_visible()
    lab.keyboard.press("Escape")
    lab.keyboard.press("Control+Shift+l")
    run_cell(lab, "Scala", SCALA, "scala 499500")
    eve.shot("lab-scala")

    follow_the_pages_of_spark(eve, number)
    eve.go(f"/executions/{number}")
    expect(eve.page.locator("#state .progress")).to_contain_text(
        re.compile(r"stage \d+ of \d+: \d+ of \d+ tasks, \d+ worker")
    )
    eve.shot("lab-execution")
    eve.page.get_by_role("button", name="Stop").click()
    expect(eve.page.get_by_role("button", name="Start again")).to_be_visible(timeout=PATIENCE)


def follow_the_pages_of_spark(eve: Person, number: int) -> None:
    """Go from the execution to Spark's page and on into a worker's, with every stylesheet and script."""
    eve.go(f"/executions/{number}")
    with eve.context.expect_page() as opened:
        eve.page.get_by_role("link", name="spark-master", exact=False).first.click()
    spark = opened.value
    broken: list[Any] = []
    spark.on("response", lambda answer: broken.append(answer.url) if answer.status >= 400 else None)
    expect(spark.get_by_text("Spark Master at")).to_be_visible(timeout=PATIENCE)
    assert "/spark-master0/spark-master" in spark.url
    spark.reload()
    spark.screenshot(path=eve.shot("lab-spark"))
    spark.get_by_role("link", name=re.compile("^worker-")).first.click()
    expect(spark.get_by_text("Spark Worker at")).to_be_visible(timeout=PATIENCE)
    spark.screenshot(path=eve.shot("lab-worker"))
    assert "/spark-master0/" in spark.url
    assert not [url for url in broken if "favicon" not in url]
    spark.close()
