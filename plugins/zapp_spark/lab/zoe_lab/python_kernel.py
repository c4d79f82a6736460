"""The Python kernel: IPython, with `spark` and `sc` on the execution's cluster.

The session starts beside the kernel, in a thread: nobody waits for it but the first cell that names it.
"""

import os
import re
import signal
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from subprocess import PIPE
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING, Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.display import display

from .output import Output

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LONGEST_COMPLAINT = 4
"""Lines: what follows them is where Java was at it."""
PATIENCE_S = 5.0
"""How long an interrupt waits for Spark to hear of it."""
NAMES_SPARK = re.compile(r"\b(spark|sc)\b")


class SparkPythonKernel(IPythonKernel):
    """IPython whose first cell with `spark` or `sc` in it finds them."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self._starter = ThreadPoolExecutor(1, "spark")
        self._session: Future[SparkSession] | None = self._starter.submit(start_session)
        self.shell.events.register("pre_run_cell", self._before)

    def _before(self, cell: Any) -> None:
        if self._session is None or not NAMES_SPARK.search(cell.raw_cell):
            return
        starting, self._session = self._session, None
        try:
            session = starting.result()
        except Exception as error:  # noqa: BLE001 - whatever it is, the person reads it, and may try again
            self._session = self._starter.submit(start_session)
            why = "\n".join(str(error).splitlines()[:LONGEST_COMPLAINT])
            sys.stderr.write(f"There is no Spark session yet: {why}\nRun the cell again to try again.\n")
            return
        # What is interrupted leaves its workers at once; it is this thread's own property.
        session.sparkContext.setLocalProperty("spark.job.interruptOnCancel", "true")
        self.shell.push({"spark": session, "sc": session.sparkContext}, interactive=False)

    def pre_handler_hook(self) -> None:
        """Have an interrupt stop the Spark jobs of this kernel as well: Python alone would leave them running."""
        super().pre_handler_hook()
        signal.signal(signal.SIGINT, _interrupted)


def start_session() -> "SparkSession":
    """Return the session of this kernel, with the settings that the server wrote down."""
    from pyspark import SparkContext  # noqa: PLC0415 - the kernel answers before this is loaded
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    if SparkContext._gateway is None:
        # What Java says at every start would stand in somebody's first cell.
        gateway = launch_gateway(popen_kwargs={"stdout": PIPE, "stderr": PIPE})  # type: ignore[no-untyped-call]
        gateway.output = Output(gateway.proc, _write, _show)
        SparkContext._ensure_initialized(gateway=gateway)
    session = SparkSession.builder.appName(f"Python notebook {os.getpid()}").getOrCreate()
    if SparkContext._gateway is not None and hasattr(SparkContext._gateway, "output"):
        SparkContext._gateway.output.heed()
    return session


def _write(stream: str, text: str) -> None:
    getattr(sys, stream).write(text)


def _show(mime: str, content: Any) -> None:
    display({mime: content}, raw=True)


def _interrupted(_number: int, frame: FrameType | None) -> None:
    context = sys.modules["pyspark"].SparkContext._active_spark_context if "pyspark" in sys.modules else None
    if context is not None and _cancelled(context) and _waits_for_java(frame):
        # Java answers that the job was cancelled; who does not wait for it loses the connection.
        return
    raise KeyboardInterrupt


def _cancelled(context: Any) -> bool:
    """Cancel the running jobs; tell whether there were any. In a thread: this one may be in the middle of a call."""
    running: list[int] = []

    def cancel() -> None:
        running.extend(context.statusTracker().getActiveJobsIds())
        context.cancelAllJobs()

    cancelling = Thread(target=cancel, daemon=True)
    cancelling.start()
    cancelling.join(PATIENCE_S)
    return bool(running)


def _waits_for_java(frame: FrameType | None) -> bool:
    while frame is not None:
        if "py4j" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=SparkPythonKernel)
