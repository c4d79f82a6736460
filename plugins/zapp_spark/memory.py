"""How the memory of a service is shared out between the processes in it. All sizes in bytes."""

import re

MIB = 1024**2
UNITS = {"": 1, "k": 1024, "m": MIB, "g": 1024**3, "t": 1024**4}
SIZE = r"^\s*(\d+(?:\.\d+)?)\s*([kmgtKMGT]?)(?:i?[bB])?\s*$"

WORKER_DAEMON = 256 * MIB
"""What the worker's own JVM takes: 180 MiB measured, with a heap of 128 MiB."""

SMALLEST_HEAP = 512 * MIB
"""Spark 4 refuses to start with less than 450 MiB, and counts a little less than what `-Xmx` says."""

PYTHON_WORKER = 128 * MIB
"""What one Python worker process takes before it holds any rows; there is one per core."""

JVM_OVERHEAD = 128 * MIB
"""What a JVM takes beside its heap: classes, compiled code, threads, network buffers."""


def parse_size(text: object) -> object:
    """Turn `1G`, `512m` or `1.5 GiB` into bytes; anything else is left for the validation to refuse."""
    match = re.match(SIZE, text) if isinstance(text, str) else None
    return int(float(match[1]) * UNITS[match[2].lower()]) if match else text


def executor_overhead(worker_memory: int, cores: int) -> int:
    """Tell what an executor needs beside its heap: a quarter, and no less than its JVM and its Python workers take."""
    return max((worker_memory - WORKER_DAEMON) // 4, JVM_OVERHEAD + cores * PYTHON_WORKER)


def executor_heap(worker_memory: int, cores: int) -> int:
    """Tell the heap of the one executor that fits a worker service of this size."""
    return worker_memory - WORKER_DAEMON - executor_overhead(worker_memory, cores)


def smallest_worker(cores: int) -> int:
    """Tell the smallest worker service whose executor can start."""
    return WORKER_DAEMON + SMALLEST_HEAP + JVM_OVERHEAD + cores * PYTHON_WORKER


def driver_heap(driver_memory: int) -> int:
    """Tell the heap of the driver: the rest is for its JVM and for the script's own Python process."""
    return driver_memory - max(driver_memory // 4, JVM_OVERHEAD + PYTHON_WORKER)


def master_heap(master_memory: int) -> int:
    """Tell the heap of the master, which never needs much."""
    return min(master_memory // 2, 1024 * MIB)


def in_mib(size: int) -> str:
    """Write a size as the JVM and Spark read it, rounded down."""
    return f"{size // MIB}m"
