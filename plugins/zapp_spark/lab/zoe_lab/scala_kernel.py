"""The Scala kernel: Jupyter's protocol on one side, the Scala interpreter of a Spark driver on the other."""

import asyncio
import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

from .scala_session import JavaGoneError, ScalaSession

Reply = dict[str, Any]


class ScalaKernel(Kernel):
    """Runs cells one after the other in one thread: Java keeps what belongs to a thread, such as its class loader."""

    implementation = "zoe-scala"
    implementation_version = "1"
    banner = "Scala with Spark: `spark` and `sc` are there, and `display` shows tables, charts and pictures."
    language_info = {  # noqa: RUF012 - the base class declares it so
        "name": "scala",
        "mimetype": "text/x-scala",
        "file_extension": ".scala",
        "codemirror_mode": "text/x-scala",
        "pygments_lexer": "scala",
    }

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self._cell: Reply = {}
        self._thread = ThreadPoolExecutor(1, "scala")
        self._session: Future[ScalaSession] = self._thread.submit(ScalaSession.start, self._stream, self._display)

    async def do_execute(  # noqa: PLR0913 - as the base class has it
        self, code: str, silent: bool, store_history: bool = True, user_expressions: Reply | None = None,  # noqa: ARG002
        allow_stdin: bool = False, *, cell_meta: Any = None, cell_id: str | None = None,  # noqa: ARG002
    ) -> Reply:  # fmt: skip
        """Run a cell; what it prints and shows comes while it runs."""
        self._cell = self.get_parent()
        if not code.strip():
            return self._fine()
        try:
            ended = await asyncio.wrap_future(self._thread.submit(self._run, code))
        except JavaGoneError as gone:
            self._stream("stderr", f"{gone}\n")
            asyncio.get_running_loop().call_later(0.5, os._exit, 1)
            return self._wrong("JavaGone", str(gone))
        except Exception as error:  # noqa: BLE001 - it belongs into the cell, not into a log
            return self._wrong(type(error).__name__, str(error))
        if not ended.success:
            return self._wrong(ended.name, ended.text)
        if ended.text and not silent:
            result = {"execution_count": self.execution_count, "data": {"text/plain": ended.text}, "metadata": {}}
            self._publish("execute_result", result)
        return self._fine()

    async def do_complete(self, code: str, cursor_pos: int) -> Reply:
        """Complete the line that the cursor is in; with nothing, while a cell runs."""
        start = code.rfind("\n", 0, cursor_pos) + 1
        found: tuple[int, list[str]] = (cursor_pos - start, [])
        if self._is_up() and not self._session.result().running:
            found = await asyncio.wrap_future(self._thread.submit(self._completions, code[start:cursor_pos]))
        return {"status": "ok", "matches": found[1], "cursor_start": start + found[0], "cursor_end": cursor_pos,
                "metadata": {}}  # fmt: skip

    async def interrupt_request(self, stream: Any, ident: Any, parent: Reply) -> None:
        """Stop what runs: its Spark jobs and its thread. Comes on the control channel, while a cell is at work."""
        if self._is_up():
            self._session.result().interrupt()
        self.session.send(stream, "interrupt_reply", {"status": "ok"}, parent, ident=ident)

    def do_shutdown(self, restart: bool) -> Reply:
        """End Java with the kernel."""
        if self._is_up():
            self._session.result().close()
        return {"status": "ok", "restart": restart}

    def _run(self, code: str) -> Any:
        return self._session.result().run(code)

    def _completions(self, line: str) -> tuple[int, list[str]]:
        return self._session.result().complete(line)

    def _is_up(self) -> bool:
        return self._session.done() and self._session.exception() is None

    def _stream(self, name: str, text: str) -> None:
        self._publish("stream", {"name": name, "text": text})

    def _display(self, mime: str, content: Any) -> None:
        self._publish("display_data", {"data": {mime: content}, "metadata": {}, "transient": {}})

    def _publish(self, kind: str, content: Reply) -> None:
        self.session.send(self.iopub_socket, kind, content, parent=self._cell, ident=self._topic(kind))

    def _fine(self) -> Reply:
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

    def _wrong(self, name: str, text: str) -> Reply:
        # What the compiler says begins with a caret below the place.
        first = next((line.strip() for line in text.splitlines() if line.strip(" ^")), name)
        content = {"ename": name, "evalue": first, "traceback": text.splitlines() or [name]}
        self._publish("error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=ScalaKernel)
