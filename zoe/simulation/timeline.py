"""How the queue and the allocation went over time."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

Columns = tuple[float, float, float]


@dataclass(slots=True)
class Timeline:
    """From each moment on: how many applications wait, and the shares of cores and memory that are allocated."""

    at: "array[float]" = field(default_factory=lambda: array("d"))
    waiting: "array[float]" = field(default_factory=lambda: array("d"))
    cores: "array[float]" = field(default_factory=lambda: array("d"))
    memory: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, at: float, waiting: int, cores: float, memory: float) -> None:
        """Note how it is from `at` on; a second note of the same moment replaces the first."""
        if self.at and self.at[-1] == at:
            self.waiting[-1], self.cores[-1], self.memory[-1] = waiting, cores, memory
            return
        for column, value in ((self.at, at), (self.waiting, waiting), (self.cores, cores), (self.memory, memory)):
            column.append(value)

    def mean(self, start: float, end: float) -> Columns:
        """Return the averages over a stretch of time: waiting, cores, memory. At a single moment: how it is then."""
        if not self.at:
            return (0.0, 0.0, 0.0)
        if end <= start:
            return self._columns(max(0, bisect_right(self.at, start) - 1))
        sums = [0.0, 0.0, 0.0]
        for seconds, columns in self._pieces(start, end):
            for index, value in enumerate(columns):
                sums[index] += seconds * value
        return (sums[0] / (end - start), sums[1] / (end - start), sums[2] / (end - start))

    def thinned(self, points: int) -> list[tuple[float, Columns]]:
        """Return averages over `points` stretches of equal length, each with its start."""
        if not self.at or self.at[-1] <= self.at[0]:
            return [(at, self._columns(index)) for index, at in enumerate(self.at)]
        step = (self.at[-1] - self.at[0]) / points
        edges = [self.at[0] + step * index for index in range(points + 1)]
        return [(edges[index], self.mean(edges[index], edges[index + 1])) for index in range(points)]

    def _pieces(self, start: float, end: float) -> Iterator[tuple[float, Columns]]:
        index = max(0, bisect_right(self.at, start) - 1)
        while index < len(self.at) and self.at[index] < end:
            until = min(end, self.at[index + 1]) if index + 1 < len(self.at) else end
            seconds = until - max(start, self.at[index])
            if seconds > 0:
                yield seconds, self._columns(index)
            index += 1

    def _columns(self, index: int) -> Columns:
        return (self.waiting[index], self.cores[index], self.memory[index])
