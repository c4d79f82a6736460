"""Which settings of Spark a person may add, and why the others would break the arrangement."""

import re

NAME = re.compile(r"spark\.[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
LONGEST_VALUE = 8192

_ADDRESS = "the addresses and ports of a service are fixed, so that the others and the gateway find it"
_EXECUTOR = "one executor fills each worker: set worker_memory and worker_cores"
_WORKERS = "Zoe adds and removes the workers: set workers and workers_min"
_BOTH_ENDS = "the master and the workers would have to know it too, and this reaches the driver only"
_DAEMONS = "it belongs to the master or the workers, and this reaches the driver only"

REFUSED = {
    "spark.master": "the script runs on the execution's own master",
    "spark.submit.deployMode": "the driver is a service of its own",
    "spark.driver.memory": "set driver_memory",
    "spark.driver.memoryOverhead": "set driver_memory",
    "spark.driver.host": _ADDRESS,
    "spark.driver.bindAddress": _ADDRESS,
    "spark.driver.port": _ADDRESS,
    "spark.driver.blockManager.port": _ADDRESS,
    "spark.blockManager.port": _ADDRESS,
    "spark.port.maxRetries": _ADDRESS,
    "spark.ui.port": _ADDRESS,
    "spark.ui.proxyBase": "the pages lead through the gateway",
    "spark.ui.enabled": "the progress is read from Spark's web interface",
    "spark.local.dir": "temporary files stay in the service's own directory, which is removed with it",
    "spark.cores.max": "the script uses every worker as it comes: set workers and worker_cores",
    "spark.executor.memory": _EXECUTOR,
    "spark.executor.cores": _EXECUTOR,
    "spark.executor.memoryOverhead": _EXECUTOR,
    "spark.executor.memoryOverheadFactor": _EXECUTOR,
    "spark.memory.offHeap.enabled": _EXECUTOR,
    "spark.memory.offHeap.size": _EXECUTOR,
    "spark.executor.instances": _WORKERS,
}

REFUSED_FAMILIES = {
    "spark.dynamicAllocation.": _WORKERS,
    "spark.authenticate": _BOTH_ENDS,
    "spark.ssl.": _BOTH_ENDS,
    "spark.network.crypto.": _BOTH_ENDS,
    "spark.ui.reverseProxy": _BOTH_ENDS,
    "spark.master.": _DAEMONS,
    "spark.worker.": _DAEMONS,
    "spark.deploy.": _DAEMONS,
}

JAVA_OPTIONS = ("spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions")
"""Settings that are joined with ours, not replaced."""


def why_refused(name: str) -> str | None:
    """Say why a setting cannot be given; None where it can."""
    if not NAME.fullmatch(name):
        return "the name of a setting begins with `spark.` and holds letters, digits, `.`, `_` and `-`"
    family = next((reason for start, reason in REFUSED_FAMILIES.items() if name.startswith(start)), None)
    return REFUSED.get(name, family)
