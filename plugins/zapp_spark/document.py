"""The ZApp document of a Spark cluster: the same for processes and for containers."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

from zapp_spark import launch, memory
from zapp_spark.parameters import SparkParameters
from zapp_spark.settings import JAVA_OPTIONS

MASTER_PORT, MASTER_UI_PORT = 7077, 8080
WORKER_PORT, WORKER_UI_PORT, EXECUTOR_BLOCKS_PORT = 7078, 8081, 7079
DRIVER_PORT, DRIVER_UI_PORT, DRIVER_BLOCKS_PORT = 7080, 4040, 7081

SELF = "{dns_name#self}"
MASTER = "{dns_name#spark-master0}"
MASTER_URL = f"spark://{MASTER}:{MASTER_PORT}"

# Nothing of Java goes to /tmp: neither its performance counters nor its temporary files.
TIDY = "-XX:-UsePerfData -Djava.io.tmpdir=."
SERIAL, QUICK = "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"
# The daemons and the launcher do little: quick to start and small beats fast in the long run.
SMALL_JVM = f"{TIDY} {SERIAL} {QUICK}"
SMALL_HEAP = 1792 * memory.MIB

LAUNCH = ast.unparse(ast.Module(ast.parse(Path(launch.__file__).read_text(encoding="utf-8")).body[1:], []))


def batch(parameters: SparkParameters) -> dict[str, object]:
    """Return the ZApp of a script or jar that runs on a cluster of its own and ends."""
    return {
        "name": "spark-batch",
        "version": 3,
        "will_end": True,
        "size": 0,
        "services": [_master(parameters), _workers(parameters), _driver(parameters)],
    }


def _master(parameters: SparkParameters) -> dict[str, object]:
    return {
        **_service("spark-master", 0, parameters.image),
        "resources": _resources(parameters.master_memory, reserved=0.1, limit=1.0),
        "command": _command(
            *("spark-class", "org.apache.spark.deploy.master.Master", "--host", SELF),
            *("--port", str(MASTER_PORT), "--webui-port", str(MASTER_UI_PORT)),
        ),
        # The submission server would let anybody who reaches its port run a driver on a worker.
        "environment": _environment(memory.master_heap(parameters.master_memory), "-Dspark.master.rest.enabled=false"),
        "ports": [_port("Spark master", MASTER_UI_PORT, web=True), _port("master", MASTER_PORT)],
    }


def _workers(parameters: SparkParameters) -> dict[str, object]:
    cores = parameters.worker_cores
    offered = memory.in_mib(memory.executor_heap(parameters.worker_memory, cores)).upper()
    return {
        **_service("spark-worker", 1, parameters.image),
        "total_count": parameters.workers,
        "essential_count": parameters.workers_min,
        # One core more than the tasks use: the worker's own JVM and the compiler are at work beside them.
        "resources": _resources(
            parameters.worker_memory, reserved=cores * parameters.reserved_share, limit=cores + 1.0
        ),
        "command": _command(
            *("spark-class", "org.apache.spark.deploy.worker.Worker", "--host", SELF),
            *("--port", str(WORKER_PORT), "--webui-port", str(WORKER_UI_PORT)),
            *("--cores", str(cores), "--memory", offered, "--work-dir", "work", MASTER_URL),
            wait_for=MASTER,
        ),
        "environment": _environment(memory.WORKER_DAEMON // 2),
        "ports": [
            _port("Spark worker", WORKER_UI_PORT, web=True),
            _port("worker", WORKER_PORT),
            _port("blocks", EXECUTOR_BLOCKS_PORT),
        ],
    }


def _driver(parameters: SparkParameters) -> dict[str, object]:
    settings = [word for name, text in _conf(parameters).items() for word in ("--conf", f"{name}={text}")]
    script = f"{{workspace}}/{parameters.script}"
    main_class = ["--class", parameters.main_class] if parameters.main_class else []
    return {
        **_service("spark-driver", 2, parameters.image),
        "monitor": True,
        "resources": _resources(parameters.driver_memory, reserved=0.3, limit=None),
        "command": _command(
            *("spark-submit", "--master", MASTER_URL, "--deploy-mode", "client"),
            *("--driver-memory", memory.in_mib(memory.driver_heap(parameters.driver_memory))),
            *main_class,
            *settings,
            script,
            *parameters.arguments,
            wait_for=MASTER,
            script=script,
        ),
        "environment": _environment(0),
        "ports": [
            _port("Spark application", DRIVER_UI_PORT, web=True),
            _port("driver", DRIVER_PORT),
            _port("blocks", DRIVER_BLOCKS_PORT),
        ],
    }


def _conf(parameters: SparkParameters) -> Mapping[str, str]:
    """Return the settings of the driver, which hands those of the executors on."""
    heap = memory.executor_heap(parameters.worker_memory, parameters.worker_cores)
    ours = {
        "spark.driver.host": SELF,
        "spark.driver.bindAddress": "{address#self}",
        "spark.driver.port": str(DRIVER_PORT),
        "spark.driver.blockManager.port": str(DRIVER_BLOCKS_PORT),
        "spark.blockManager.port": str(EXECUTOR_BLOCKS_PORT),
        "spark.ui.port": str(DRIVER_UI_PORT),
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "WARN",
        "spark.executor.memory": memory.in_mib(heap),
        "spark.executor.cores": str(parameters.worker_cores),
        "spark.driver.extraJavaOptions": _java_options(parameters, memory.driver_heap(parameters.driver_memory)),
        "spark.executor.extraJavaOptions": _java_options(parameters, heap),
    }
    if "spark.jars.packages" in parameters.conf:
        # Downloaded once for all runs; by default they would go to the home of whoever runs Zoe.
        ours["spark.jars.ivy"] = "{workspace}/.ivy2"
    # Two collectors chosen at once are an error to Java: a person's own options go without our choice.
    joined = {name: f"{TIDY} {parameters.conf[name]}" for name in JAVA_OPTIONS if name in parameters.conf}
    return ours | parameters.conf | joined


def _java_options(parameters: SparkParameters, heap: int) -> str:
    """Return the options of a JVM that does the work: a small heap is collected best without threads of its own."""
    collector = [SERIAL] if heap < SMALL_HEAP else []
    return " ".join([TIDY, *collector, *([QUICK] if parameters.quick_start else [])])


def _service(group: str, startup_order: int, image: str) -> dict[str, object]:
    return {
        "name": group,
        "image": image,
        "monitor": False,
        "total_count": 1,
        "essential_count": 1,
        "startup_order": startup_order,
    }


def _resources(memory_size: int, *, reserved: float, limit: float | None) -> dict[str, object]:
    """All memory is reserved, for a JVM gives none back; of the cores only a part, as they often stand idle."""
    return {
        "memory": {"min": memory_size, "max": memory_size},
        "cores": {"min": round(reserved, 3), "max": limit},
    }


def _command(*words: str, wait_for: str = "", script: str = "") -> list[str]:
    return ["python3", "-c", LAUNCH, wait_for, str(MASTER_PORT), script, *words]


def _environment(daemon_heap: int, daemon_options: str = "") -> Sequence[Sequence[str]]:
    """Return what every part needs; relative paths lie in the service's own working directory."""
    daemon = [
        ["SPARK_DAEMON_MEMORY", memory.in_mib(daemon_heap)],
        ["SPARK_DAEMON_JAVA_OPTS", f"{SMALL_JVM} {daemon_options}".strip()],
    ]
    return [
        ["SPARK_LOCAL_IP", SELF],
        ["SPARK_PUBLIC_DNS", SELF],
        ["SPARK_LOCAL_DIRS", "spark-local"],
        ["SPARK_LAUNCHER_OPTS", SMALL_JVM],
        ["PYSPARK_PYTHON", "python3"],
        ["PYTHONUNBUFFERED", "1"],
        *(daemon if daemon_heap else []),
    ]


def _port(name: str, number: int, *, web: bool = False) -> dict[str, object]:
    """Describe a port; only a web interface has a link."""
    link = {"url_template": "http://{ip_port}/", "proxy": True} if web else {"proxy": False}
    return {"name": name, "port_number": number, "protocol": "tcp", **link}
