"""What has run here, for `zoe simulate`: beside a running `zoe serve`, or without one."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from zoe.config import Settings
from zoe.errors import AlreadyOwnedError, StateError
from zoe.state.database import Database
from zoe.state.embedded import EmbeddedPostgres
from zoe.state.history import PastExecution, PastNode, past_executions, present_nodes
from zoe.state.ownership import own
from zoe.state.postgres_account import postgres_account
from zoe.state.socket_directory import PORT, SocketDirectory

History = tuple[list[PastExecution], list[PastNode]]


def read_history(settings: Settings, limit: int) -> History:
    """Return the last executions that have ended, at most `limit`, and the machines there are.

    Raises:
        StateError: this deployment has no database yet, or it cannot be used.
        StateUnavailableError: it does not answer.

    """
    with ExitStack() as stack:
        database = Database(_url(settings, stack), 2)
        stack.callback(database.close)
        stack.enter_context(database.session())
        return past_executions(database, limit), present_nodes(database)


def _url(settings: Settings, stack: ExitStack) -> str:
    if not settings.state.embedded:
        return settings.state.url
    directory = settings.data_dir / "postgres"
    if not (directory / "password").exists():
        raise StateError(f"{settings.data_dir} holds no database: name the data directory of your Zoe.")
    try:
        stack.enter_context(own(settings.data_dir))
    except AlreadyOwnedError:
        return _running(directory)
    return stack.enter_context(EmbeddedPostgres(directory))


def _running(directory: Path) -> str:
    # The server is that of the `zoe serve` which owns the directory: it is not ours to start or to stop.
    password = quote((directory / "password").read_text(), safe="")
    sockets = SocketDirectory(directory / "socket", postgres_account())
    return f"postgresql://zoe:{password}@/zoe?host={quote(str(sockets.path), safe='')}&port={PORT}"
