"""What the project knows: its tasks, which host got which, and what came back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition

UNSENT, SENT, DONE, FAILED = "unsent", "sent", "done", "failed"


@dataclass(slots=True)
class Task:
    """One task. `sent_to` holds a host for each time it was sent; `exit_statuses` what was reported, each time.

    `arguments` is what its program gets: seconds of work, exit code, bytes of output, flags.
    """

    name: str
    arguments: str
    state: str = UNSENT
    sent_to: list[int] = field(default_factory=list)
    exit_statuses: list[int] = field(default_factory=list)
    reported_states: list[int] = field(default_factory=list)
    output: bytes | None = None


class Books:
    """The project's records. Used by the threads of many clients at once; `change` wakes who waits."""

    def __init__(self) -> None:
        self.change = Condition()
        self.tasks: list[Task] = []
        self.hosts: list[str] = []
        """The host identity (CPID) of each host record, by host id less one."""
        self.work_requests = 0
        self.rpcs = 0

    def add(self, count: int, arguments: str) -> None:
        """Have more tasks."""
        with self.change:
            first = len(self.tasks) + 1
            self.tasks += [Task(f"wu_{number}_0", arguments) for number in range(first, first + count)]

    def host(self, known: int, cpid: str) -> int:
        """Return the id of a host: the one it knows, the one of this identity, or a new one."""
        if known:
            return known
        if cpid not in self.hosts:
            self.hosts.append(cpid)
        return self.hosts.index(cpid) + 1

    def hand_out(self, host: int, most: int) -> list[Task]:
        """Send tasks to a host, as many as there are up to `most`."""
        sent = [task for task in self.tasks if task.state == UNSENT][:most]
        for task in sent:
            task.state = SENT
            task.sent_to.append(host)
        return sent

    def report(self, name: str, state: int, exit_status: int) -> None:
        """Write down what a host says of a task; 5 means uploaded."""
        task = self.task(name)
        task.reported_states.append(state)
        task.exit_statuses.append(exit_status)
        good = state == 5 and exit_status == 0 and task.output is not None
        task.state = DONE if good else FAILED

    def task(self, name: str) -> Task:
        """Return a task by its name."""
        return next(task for task in self.tasks if task.name == name)

    def in_state(self, state: str) -> list[Task]:
        """Return the tasks of one state."""
        return [task for task in self.tasks if task.state == state]

    def wait_for(self, holds: Callable[[], bool], seconds: float = 180) -> bool:
        """Wait until something holds; tell whether it does."""
        with self.change:
            return self.change.wait_for(holds, seconds)
