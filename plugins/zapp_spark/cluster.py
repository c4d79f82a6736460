"""The services of a cluster, whatever runs on it: master, workers, and the history of what has ended."""

from zapp_spark import memory
from zapp_spark.parameters import ClusterParameters
from zapp_spark.parts import (
    BEHIND_THE_GATEWAY,
    MASTER,
    MASTER_PORT,
    MASTER_UI_PORT,
    MASTER_URL,
    PROXIED,
    QUICK,
    SELF,
    SERIAL,
    TIDY,
    command,
    environment,
    page,
    port,
    resources,
    service,
)
from zapp_spark.settings import JAVA_OPTIONS

WORKER_PORT, WORKER_UI_PORT, EXECUTOR_BLOCKS_PORT = 7078, 8081, 7079
DRIVER_PORT, DRIVER_UI_PORT, DRIVER_BLOCKS_PORT = 7080, 4040, 7081
HISTORY_PORT = 18080
SMALL_HEAP = 1792 * memory.MIB
HISTORY_MEMORY = 512 * memory.MIB
EVENTS = "{workspace}/spark-events"


def services(parameters: ClusterParameters) -> list[dict[str, object]]:
    """Return master and workers, and the history where it is asked for."""
    return [_master(parameters), _workers(parameters), *([_history(parameters)] if parameters.history else [])]


def _master(parameters: ClusterParameters) -> dict[str, object]:
    # The submission server would let anybody who reaches its port run a driver on a worker.
    return {
        **service("spark-master", 0, parameters.image),
        "resources": resources(parameters.master_memory, reserved=0.1, limit=1.0),
        "command": command(
            *("spark-class", "org.apache.spark.deploy.master.Master", "--host", SELF),
            *("--port", str(MASTER_PORT), "--webui-port", str(MASTER_UI_PORT)),
        ),
        "environment": environment(
            memory.master_heap(parameters.master_memory), f"-Dspark.master.rest.enabled=false {PROXIED}"
        ),
        "ports": [page("spark-master", MASTER_UI_PORT), port("master", MASTER_PORT)],
    }


def _workers(parameters: ClusterParameters) -> dict[str, object]:
    cores = parameters.worker_cores
    offered = memory.in_mib(memory.executor_heap(parameters.worker_memory, cores)).upper()
    return {
        **service("spark-worker", 1, parameters.image),
        "total_count": parameters.workers,
        "essential_count": parameters.workers_min,
        # One core more than the tasks use: the worker's own JVM and the compiler are at work beside them.
        "resources": resources(parameters.worker_memory, reserved=cores * parameters.reserved_share, limit=cores + 1.0),
        "command": command(
            *("spark-class", "org.apache.spark.deploy.worker.Worker", "--host", SELF),
            *("--port", str(WORKER_PORT), "--webui-port", str(WORKER_UI_PORT)),
            *("--cores", str(cores), "--memory", offered, "--work-dir", "work", MASTER_URL),
            wait_for=MASTER,
        ),
        "environment": environment(memory.WORKER_DAEMON // 2, PROXIED),
        "ports": [
            page("spark-worker", WORKER_UI_PORT),
            port("worker", WORKER_PORT),
            port("blocks", EXECUTOR_BLOCKS_PORT),
        ],
    }


def _history(parameters: ClusterParameters) -> dict[str, object]:
    options = (
        f"-Dspark.history.fs.logDirectory={EVENTS} -Dspark.history.ui.port={HISTORY_PORT} "
        "-Dspark.ui.proxyBase={proxy_path#spark-history}"
    )
    return {
        **service("spark-history", 2, parameters.image),
        "resources": resources(HISTORY_MEMORY, reserved=0.1, limit=1.0),
        "command": command("spark-class", "org.apache.spark.deploy.history.HistoryServer", directory=EVENTS),
        "environment": environment(HISTORY_MEMORY // 2, options),
        "ports": [page("spark-history", HISTORY_PORT)],
    }


def driver_ports() -> list[dict[str, object]]:
    """Return the ports of a service with one driver in it."""
    return [
        page("spark-app", DRIVER_UI_PORT),
        port("driver", DRIVER_PORT),
        port("blocks", DRIVER_BLOCKS_PORT),
    ]


def one_driver() -> dict[str, str]:
    """Return the settings of the only driver of a service: its ports are known."""
    return {
        "spark.driver.port": str(DRIVER_PORT),
        "spark.driver.blockManager.port": str(DRIVER_BLOCKS_PORT),
        "spark.ui.port": str(DRIVER_UI_PORT),
    }


def settings(parameters: ClusterParameters, driver_heap: int) -> dict[str, str]:
    """Return the settings of a driver, which hands those of the executors on; a person's own are among them."""
    heap = memory.executor_heap(parameters.worker_memory, parameters.worker_cores)
    ours = {
        "spark.driver.host": SELF,
        "spark.driver.bindAddress": "{address#self}",
        "spark.blockManager.port": str(EXECUTOR_BLOCKS_PORT),
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "WARN",
        "spark.executor.memory": memory.in_mib(heap),
        "spark.executor.cores": str(parameters.worker_cores),
        "spark.driver.extraJavaOptions": java_options(parameters, driver_heap),
        "spark.executor.extraJavaOptions": java_options(parameters, heap),
        **BEHIND_THE_GATEWAY,
    }
    if parameters.history:
        ours |= {"spark.eventLog.enabled": "true", "spark.eventLog.dir": EVENTS}
    if "spark.jars.packages" in parameters.conf:
        # Downloaded once for all runs; by default they would go to the home of whoever runs Zoe.
        ours["spark.jars.ivy"] = "{workspace}/.ivy2"
    # Two collectors chosen at once are an error to Java: a person's own options go without our choice.
    joined = {name: f"{TIDY} {parameters.conf[name]}" for name in JAVA_OPTIONS if name in parameters.conf}
    return ours | parameters.conf | joined


def java_options(parameters: ClusterParameters, heap: int) -> str:
    """Return the options of a JVM that does the work: a small heap is collected best without threads of its own."""
    collector = [SERIAL] if heap < SMALL_HEAP else []
    return " ".join([TIDY, *collector, *([QUICK] if parameters.quick_start else [])])
