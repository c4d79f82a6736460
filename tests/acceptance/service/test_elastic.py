"""A full cluster of elastic workers makes room for a new execution, live."""

import json
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zapp_spark import java
from zapp_spark.examples import wordcount

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.xdist_group("spark")
@pytest.mark.skipif(java.missing() is not None, reason=str(java.missing()))
def test_a_spark_job_that_gave_workers_back_for_a_new_execution_still_finishes(
    make_zoe: "Callable[..., Zoe]", data_dir: Path
) -> None:
    zoe = make_zoe(data_dir, {"ZOE_PLUGINS__PROCESS__CORES": "2.4", "ZOE_PLUGINS__PROCESS__MEMORY": str(16 << 30)})
    zoe.lift_quota()
    assert zoe.client is not None
    script = Path(wordcount.__file__).read_bytes()
    zoe.client.put("/workspace/wc.py", content=script).raise_for_status()
    few = sysconfig.get_path("stdlib") + "/asyncio"
    parameters = {"script": "wc.py", "arguments": [few, "8"], "workers": 4, "workers_min": 1, "quick_start": True}
    order = {"zapp_type": "spark", "name": "words", "parameters": parameters}
    spark = int(zoe.client.post("/execution", json=order).raise_for_status().json()["execution_id"])
    zoe.wait_for(spark, "running")
    # 0.4 core for master and driver and 0.5 for each worker: the machine is full.
    newcomer = zoe.submit("sleep 2", cores=0.8)
    zoe.wait_for(newcomer, "running", "terminated")
    assert zoe.status(spark) == "running"
    told = [str(event["reason"]) for event in zoe.get(f"/execution/{spark}/events")["events"]]
    assert sum("is given back" in reason for reason in told) == 2
    assert zoe.wait_for(newcomer, "terminated")["exit_code"] == 0
    assert zoe.wait_for(spark, "terminated", "error")["status"] == "terminated", json.dumps(told)
