"""Which GPUs of an engine are whose: told how many, an engine would give everybody the first ones."""

import threading
from collections.abc import Iterable, Mapping, Sequence

from backend_docker.container import GPUS_LABEL
from zoe.errors import BackendBusyError


class Gpus:
    """The GPUs of one engine, numbered from 0."""

    def __init__(self, count: int) -> None:
        self._all = tuple(str(number) for number in range(count))
        self._taken: dict[int, Sequence[str]] = {}
        self._lock = threading.Lock()

    def adopt(self, containers: Iterable[tuple[int, Mapping[str, str]]]) -> None:
        """Take up what containers hold, by their labels."""
        with self._lock:
            for service, labels in containers:
                if labels.get(GPUS_LABEL):
                    self._taken[service] = labels[GPUS_LABEL].split(",")

    def take(self, service: int, count: int) -> Sequence[str]:
        """Give a service so many of its own, the same ones if it asks again.

        Raises:
            BackendBusyError: not so many are left.

        """
        with self._lock:
            if service in self._taken or not count:
                return self._taken.get(service, ())
            held = {gpu for gpus in self._taken.values() for gpu in gpus}
            free = [gpu for gpu in self._all if gpu not in held]
            if len(free) < count:
                raise BackendBusyError(f"{count} GPUs were asked for and {len(free)} are free")
            self._taken[service] = free[:count]
            return self._taken[service]

    def give_back(self, service: int) -> None:
        """Take them back."""
        with self._lock:
            self._taken.pop(service, None)
