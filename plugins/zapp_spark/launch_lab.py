"""What the command of a notebook service begins with: finds `zoe_lab` and becomes JupyterLab.

Travels inside the ZApp as the text of `python3 -c`, as `launch` does; hence no brace. In the image `zoe_lab` is
installed; where services are plain processes it lies beside the ZApp type, and nothing else of that is loaded.
"""

import os
import shutil
import sys
from importlib.util import find_spec


def main() -> None:
    """Become JupyterLab, or say what is missing."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        sys.exit("Spark needs Java 17 or newer, and there is none here: apt-get install default-jre-headless")
    missing = [name for name in ("pyspark", "jupyterlab", "ipykernel") if find_spec(name) is None]
    if missing:
        sys.exit(" and ".join(missing) + " not installed here: pip install 'zoe-analytics[notebook]'")
    beside = find_spec("zapp_spark")
    if find_spec("zoe_lab") is None and beside is not None:
        lab = os.path.join(list(beside.submodule_search_locations or [""])[0], "lab")  # noqa: PTH118, RUF015
        sys.path.insert(0, lab)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [lab, os.environ.get("PYTHONPATH")]))
    if find_spec("zoe_lab") is None:
        sys.exit("This image has no zoe_lab: build it from plugins/zapp_spark, or name one in the parameter image")
    from zoe_lab.server import main as serve  # noqa: PLC0415 - its place is known only now

    serve()


if __name__ == "__main__":
    main()
