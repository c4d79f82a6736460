"""A whole `zoe serve` on a Docker Engine: the demonstration's job, as anybody would submit it."""

import json
from importlib.resources import files

import pytest

from tests.acceptance.conftest import open_directory, zoe_maker
from tests.engines.daemon import Daemon
from tests.engines.images import SPARK, give_spark
from zoe.cli.demo_run import PARAMETERS, SCRIPT
from zoe.client import Client

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("docker")]


def test_the_word_count_of_the_demonstration_is_submitted_to_zoe_and_runs_in_containers(docker_engine: Daemon) -> None:
    give_spark(docker_engine)
    settings = {
        "ZOE_BACKEND__NAME": "docker",
        "ZOE_PLUGINS__DOCKER__ENGINES": json.dumps([{"name": "node1", "url": docker_engine.url}]),
        "ZOE_PLUGINS__DOCKER__PULL": "never",
    }
    parameters = {name: given for name, given in PARAMETERS.items() if name != "arguments"} | {"image": SPARK}
    with open_directory() as directory, zoe_maker() as make:
        zoe = make(directory, settings)
        zoe.lift_quota()
        door = json.loads((zoe.data_dir / "local.json").read_text())
        with Client(door["url"], door["token"]) as person:
            person.upload(SCRIPT, files("zapp_spark.examples").joinpath("wordcount.py").read_bytes())
            execution = person.submit_type("spark", parameters, "words")
            assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
            services = [zoe.get(f"/service/{number}") for number in zoe.get(f"/execution/{execution}")["services"]]
            (driver,) = [one for one in services if one["name"].startswith("spark-driver")]
            said = list(person.logs(driver["id"], follow=False))
    assert {one["backend_host"] for one in services} == {"node1"}
    assert any("wordcount-summary: " in line for line in said)
    assert sum("wordcount: " in line for line in said) == 10
