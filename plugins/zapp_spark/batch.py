"""The ZApp of a script or jar on a cluster of its own, which ends or, streaming, goes on until it is stopped."""

from collections.abc import Mapping

from zapp_spark import cluster, memory
from zapp_spark.parameters import ScriptParameters
from zapp_spark.parts import MASTER, MASTER_URL, command, environment, resources, service


def zapp(name: str, parameters: ScriptParameters, *, will_end: bool, more: Mapping[str, str]) -> dict[str, object]:
    """Return the document; `more`: settings beside the usual ones, below a person's own."""
    return {
        "name": name,
        "version": 3,
        "will_end": will_end,
        "size": 0,
        "services": [*cluster.services(parameters), _driver(parameters, more)],
    }


def _driver(parameters: ScriptParameters, more: Mapping[str, str]) -> dict[str, object]:
    heap = memory.driver_heap(parameters.driver_memory)
    chosen = {**more, **cluster.one_driver(), **cluster.settings(parameters, heap)}
    settings = [word for name, text in chosen.items() for word in ("--conf", f"{name}={text}")]
    script = f"{{workspace}}/{parameters.script}"
    main_class = ["--class", parameters.main_class] if parameters.main_class else []
    return {
        **service("spark-driver", 2, parameters.image, monitor=True),
        "resources": resources(parameters.driver_memory, reserved=0.3),
        "command": command(
            *("spark-submit", "--master", MASTER_URL, "--deploy-mode", "client"),
            *("--driver-memory", memory.in_mib(heap)),
            *main_class,
            *settings,
            script,
            *parameters.arguments,
            wait_for=MASTER,
            script=script,
            directory=cluster.EVENTS if parameters.history else "",
        ),
        "environment": environment(),
        "ports": cluster.driver_ports(),
    }
