"""Starts JupyterLab in a service: `python3 -m zoe_lab.server`, told by the environment where it stands.

`REVERSE_PROXY_PATH_<port>` is its path behind the gateway, `ZOE_WORKSPACE` where notebooks are kept, `JUPYTER_TOKEN`
what a browser brings along, `ZOE_SPARK_CONF` the settings of Spark for every kernel and terminal, as a JSON object.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parent / "examples"
EXTENSIONS = Path(__file__).parent / "labextensions"
OFFERED = ".zoe-examples-offered"
QUIET = """rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
"""
"""Spark's log in a notebook: warnings, and none of those that come with every start."""
KERNELS = {
    "python3": ("Python 3 with Spark", "python", "zoe_lab.python_kernel", "signal"),
    "scala": ("Scala with Spark", "scala", "zoe_lab.scala_kernel", "message"),
}


def main() -> None:
    """Prepare this service's own directory, then become JupyterLab: in this process, for a second one takes time."""
    home, workspace = Path.cwd(), Path(os.environ["ZOE_WORKSPACE"])
    os.environ.update(directories(home))
    settings = json.loads(os.environ["ZOE_SPARK_CONF"])
    write_spark_settings(home / "spark-conf", settings)
    if "spark.eventLog.dir" in settings:
        Path(settings["spark.eventLog.dir"]).mkdir(parents=True, exist_ok=True)
    write_kernels(home / "jupyter" / "kernels")
    offer_examples(workspace)
    from jupyterlab.labapp import main as lab  # noqa: PLC0415 - what it reads at import is set above

    sys.argv = ["jupyter-lab", *options(workspace, os.environ)]
    lab()


def directories(home: Path) -> dict[str, str]:
    """Keep all that programs leave behind in the service's own directory, which is removed with it."""
    return {
        "SPARK_CONF_DIR": str(home / "spark-conf"),
        "SPARK_LOCAL_DIRS": str(home / "spark-local"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter" / "runtime"),
        "JUPYTER_NO_CONFIG": "1",
        # Else the plain kernel that the environment brings along hides ours of the same name.
        "JUPYTER_PREFER_ENV_PATH": "0",
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def options(workspace: Path, environment: Mapping[str, str]) -> list[str]:
    """Return the words for JupyterLab: behind the gateway, in the workspace, silent towards the rest of the world."""
    port = environment.get("ZOE_LAB_PORT", "8888")
    base = environment.get(f"REVERSE_PROXY_PATH_{port}", "")
    return [
        "--no-browser",
        f"--ServerApp.ip={environment.get('ZOE_LAB_ADDRESS', '127.0.0.1')}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.base_url={base}/",
        f"--ServerApp.root_dir={workspace}",
        f"--ServerApp.allow_root={os.geteuid() == 0}",
        # The host that a browser names is the gateway's. What keeps strangers out is the token.
        "--ServerApp.allow_remote_access=True",
        "--ServerApp.jpserver_extensions=zoe_lab.activity=True",
        "--ServerApp.jpserver_extensions=jupyter_server_terminals=True",
        "--ServerApp.terminado_settings=shell_command=/bin/bash",
        "--MultiKernelManager.default_kernel_name=python3",
        "--KernelSpecManager.ensure_native_kernel=False",
        # Notebooks lie in a directory that several nodes may share.
        "--FileContentsManager.delete_to_trash=False",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=",
        "--LabApp.extension_manager=readonly",
        f"--LabApp.extra_labextensions_path={EXTENSIONS}",
        f"--LabApp.user_settings_dir={workspace / '.jupyterlab' / 'settings'}",
        f"--LabApp.workspaces_dir={workspace / '.jupyterlab' / 'workspaces'}",
    ]


def write_spark_settings(directory: Path, settings: Mapping[str, str]) -> None:
    """Write the defaults that every session finds: of a kernel, of a terminal, of a script's own `getOrCreate()`."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = (f"{name} {text.replace(chr(92), chr(92) * 2)}\n" for name, text in settings.items())
    (directory / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    (directory / "log4j2.properties").write_text(QUIET, encoding="utf-8")


def write_kernels(directory: Path) -> None:
    """Describe the kernels to Jupyter."""
    for name, (title, language, module, interrupt) in KERNELS.items():
        (directory / name).mkdir(parents=True, exist_ok=True)
        described = {
            "argv": [sys.executable, "-m", module, "-f", "{connection_file}"],
            "display_name": title,
            "language": language,
            "interrupt_mode": interrupt,
        }
        (directory / name / "kernel.json").write_text(json.dumps(described), encoding="utf-8")


def offer_examples(workspace: Path) -> None:
    """Copy the examples into a workspace that never had them; what a person changed or deleted stays so."""
    mark, folder = workspace / OFFERED, workspace / "examples"
    if mark.exists() or folder.exists():
        return
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__*"))
    mark.touch()


if __name__ == "__main__":
    main()
