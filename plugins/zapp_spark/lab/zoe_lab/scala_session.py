"""A Spark driver with a Scala interpreter in it, spoken to through the same gateway as PySpark uses.

The interpreter is Scala's own (`scala.tools.nsc.interpreter.IMain`), set up as spark-shell sets up its own; executors
fetch the classes of the cells from the driver.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from threading import Timer
from typing import Any

from py4j.protocol import Py4JNetworkError
from pyspark.java_gateway import launch_gateway

from .output import Output
from .scala_cells import chunks

PRELUDE = Path(__file__).with_name("prelude.scala")
EXCEPTION = re.compile(r"^(?:[a-z_$][\w$]*\.)+([A-Z][\w$]*)", re.MULTILINE)
COMPILER = re.compile(r"^(?:\s+|On line \d+: |<console>:\d+: )?error: ", re.MULTILINE)
PATIENCE_S = 5.0
"""How long a thread that was interrupted may take before it is stopped by force."""


class JavaGoneError(Exception):
    """Java has ended, most likely for want of memory: the kernel starts again, and with it the session."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a cell ended: what the interpreter says of it, and the kind of the error."""

    success: bool
    text: str
    name: str = ""


INTERRUPTED = Ended(success=False, text="The cell was interrupted.", name="Interrupted")


class ScalaSession:
    """The interpreter and its session. All but `interrupt` and `close` belong into one thread, the one of `start`."""

    def __init__(self, gateway: Any, output: Output, classes: str) -> None:
        self.running = self._interrupted = False
        self._gateway, self._jvm, self._output = gateway, gateway.jvm, output
        interpreting = self._jvm.scala.tools.nsc.interpreter
        words = ["-Yrepl-class-based", "-Yrepl-outdir", classes, "-usejavacp"]
        settings = self._jvm.scala.tools.nsc.Settings()
        settings.processArguments(self._jvm.PythonUtils.toList(words), True)  # noqa: FBT003 - Java has no keywords
        self._said = self._jvm.java.io.StringWriter()
        writer = self._jvm.java.io.PrintWriter(self._said, True)  # noqa: FBT003
        reporter = interpreting.shell.ReplReporterImpl(settings, writer)
        self._interpreter = interpreting.IMain(settings, reporter)
        self._thread = self._jvm.java.lang.Thread.currentThread()

    @classmethod
    def start(cls, stream: Callable[[str, str], None], display: Callable[[str, Any], None]) -> "ScalaSession":
        """Start Java and what stands ready in it; raises what went wrong, in its own words."""
        classes = directory_of_classes()
        os.environ["PYSPARK_SUBMIT_ARGS"] = (
            f'--conf spark.repl.class.outputDir={classes} --name "Scala notebook {os.getpid()}" pyspark-shell'
        )
        gateway = launch_gateway(popen_kwargs={"stdout": PIPE, "stderr": PIPE})  # type: ignore[no-untyped-call]
        output = Output(gateway.proc, stream, display)
        session = cls(gateway, output, classes)
        session._prepare()
        output.heed()
        return session

    def _prepare(self) -> None:
        # The interpreter has a class loader only once it has seen a line; all threads of the session inherit it.
        self.run("1")
        self._thread.setContextClassLoader(self._interpreter.classLoader())
        ended = self.run(PRELUDE.read_text(encoding="utf-8"))
        if not ended.success:
            raise RuntimeError(f"Spark did not start: {ended.text}\n{self._output.before}")

    def run(self, code: str) -> Ended:
        """Run a cell to its end, and wait until all that it printed has been passed on.

        Raises:
            JavaGoneError: there is nobody left to run it.

        """
        self.running, self._interrupted = True, False
        try:
            result = self._interpret(code)
            text = str(self._said.toString()).strip("\n")
            self._said.getBuffer().setLength(0)
            self._wait_for_output()
        except Py4JNetworkError as error:
            raise JavaGoneError(JavaGoneError.__doc__) from error
        finally:
            self.running = False
        return INTERRUPTED if self._interrupted and result != "Success" else ended(result, text)

    def _interpret(self, code: str) -> str:
        result = "Success"
        for chunk in chunks(code):
            result = str(self._interpreter.interpret(chunk).toString())
            if result != "Success":
                break
        return result

    def _wait_for_output(self) -> None:
        mark = secrets.token_hex(8)
        self._jvm.java.lang.System.out.print(self._output.end_mark(mark))
        self._jvm.java.lang.System.out.flush()
        self._output.wait_for(mark)

    def complete(self, line: str) -> tuple[int, list[str]]:
        """Return where in the line the completions begin, and the completions."""
        shell = self._jvm.scala.tools.nsc.interpreter.shell
        nothing = getattr(shell.ReplCompletion, "$lessinit$greater$default$2")()
        found = shell.ReplCompletion(self._interpreter, nothing).complete(line, len(line))
        candidates = found.candidates()
        names = [str(candidates.apply(index).name()) for index in range(min(candidates.size(), 200))]
        return int(found.cursor()), list(dict.fromkeys(names))

    def interrupt(self) -> None:
        """Cancel the Spark jobs and interrupt the thread of the cell; by force, if it does not listen."""
        if self.running:
            self._interrupted = True
            self._jvm.org.apache.spark.SparkContext.getOrCreate().cancelAllJobs()
            self._thread.interrupt()
            force = Timer(PATIENCE_S, self._stop_by_force)
            force.daemon = True
            force.start()

    def _stop_by_force(self) -> None:
        if self.running:
            self._thread.stop()

    def close(self) -> None:
        """End Java."""
        self._gateway.proc.terminate()


def directory_of_classes() -> str:
    """Make the directory in which the interpreter keeps the classes of its cells."""
    local = os.environ.get("SPARK_LOCAL_DIRS")
    if local:
        # Spark makes it too, but later; where no session ran before this one it is not there yet.
        Path(local).mkdir(parents=True, exist_ok=True)
    return tempfile.mkdtemp(prefix="repl-", dir=local)


def ended(result: str, text: str) -> Ended:
    """Tell how a cell ended from the interpreter's result and its words."""
    if result == "Success":
        return Ended(success=True, text=text)
    if result == "Incomplete":
        return Ended(success=False, text="The cell ends in the middle of an expression.", name="Incomplete")
    if COMPILER.search(text):
        return Ended(success=False, text=text, name="CompileError")
    found = EXCEPTION.search(text)
    return Ended(success=False, text=text, name=found[1] if found else "Error")
