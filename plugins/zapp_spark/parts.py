"""What all Spark services have in common in a ZApp: their shape, their commands, their environment."""

import ast
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from zapp_spark import launch, launch_lab, memory

MASTER_PORT, MASTER_UI_PORT = 7077, 8080

SELF = "{dns_name#self}"
MASTER = "{dns_name#spark-master0}"
MASTER_URL = f"spark://{MASTER}:{MASTER_PORT}"
MASTER_PAGES = "/{execution_id}/spark-master0/spark-master"
"""Where browsers find the master behind the gateway; below it, the master leads to workers and applications."""

# Nothing of Java goes to /tmp: neither its performance counters nor its temporary files.
TIDY = "-XX:-UsePerfData -Djava.io.tmpdir=."
SERIAL, QUICK = "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"
# The daemons and the launcher do little: quick to start and small beats fast in the long run.
SMALL_JVM = f"{TIDY} {SERIAL} {QUICK}"
BEHIND_THE_GATEWAY = {"spark.ui.reverseProxy": "true", "spark.ui.reverseProxyUrl": MASTER_PAGES}
# A class that clicks at once starts a hundred JVMs: a master that has no answer from itself after two minutes gives up.
PATIENT = "-Dspark.rpc.askTimeout=900s"
PROXIED = " ".join(f"-D{name}={text}" for name, text in BEHIND_THE_GATEWAY.items())


def _as_text(module: ModuleType) -> str:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    return ast.unparse(ast.Module(tree.body[1:], []))


LAUNCH, LAUNCH_LAB = _as_text(launch), _as_text(launch_lab)


def service(group: str, startup_order: int, image: str, *, monitor: bool = False) -> dict[str, object]:
    """Return the beginning of a service of which there is one."""
    return {
        "name": group,
        "image": image,
        "monitor": monitor,
        "total_count": 1,
        "essential_count": 1,
        "startup_order": startup_order,
    }


def resources(memory_size: int, *, reserved: float, limit: float | None = None) -> dict[str, object]:
    """All memory is reserved, for a JVM gives none back; of the cores only a part, as they often stand idle."""
    return {
        "memory": {"min": memory_size, "max": memory_size},
        "cores": {"min": round(reserved, 3), "max": limit},
    }


def command(*words: str, wait_for: str = "", script: str = "", directory: str = "") -> list[str]:
    """Return the command that becomes `words`, once the master (`wait_for`) answers."""
    return ["python3", "-c", LAUNCH, wait_for, str(MASTER_PORT), script, directory, *words]


def environment(daemon_heap: int = 0, daemon_options: str = "") -> Sequence[Sequence[str]]:
    """Return what every part needs; relative paths lie in the service's own working directory."""
    daemon = [
        ["SPARK_DAEMON_MEMORY", memory.in_mib(daemon_heap)],
        ["SPARK_DAEMON_JAVA_OPTS", f"{SMALL_JVM} {PATIENT} {daemon_options}".strip()],
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


def page(name: str, number: int, template: str = "http://{ip_port}/") -> dict[str, object]:
    """Describe a web interface; its name is part of its path behind the gateway."""
    return {"name": name, "port_number": number, "protocol": "tcp", "url_template": template, "proxy": True}


def port(name: str, number: int, template: str | None = None) -> dict[str, object]:
    """Describe a port that is no web interface."""
    link = {"url_template": template} if template else {}
    return {"name": name, "port_number": number, "protocol": "tcp", "proxy": False, **link}
