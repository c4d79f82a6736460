"""What a ZApp comes to: its instances, what each reserves, and how big it is altogether."""

import math
from dataclasses import dataclass

from zoe.zapp.model import Service, ZApp

LARGEST_SIZE = 2**31 - 1
_MEMORY_OF_A_CORE = 4 * 1024**3
_CORES_OF_A_GPU = 8


@dataclass(frozen=True, slots=True)
class Instance:
    """One service of an execution to be: `name` is `<group><index>`, `core` whether the execution cannot do without."""

    name: str
    group: str
    index: int
    core: bool
    service: Service


def instances(zapp: ZApp) -> list[Instance]:
    """Return all instances in startup order, those of equal order as they stand in the ZApp.

    The first `essential_count` of each entry are core, the rest elastic.
    """
    ordered = sorted(zapp.services, key=lambda service: service.startup_order)
    return [_instance(service, index) for service in ordered for index in range(service.total_count)]


def _instance(service: Service, index: int) -> Instance:
    return Instance(f"{service.name}{index}", service.name, index, index < service.essential_count, service)


def reserved(service: Service, default_cores: float, default_memory: int) -> tuple[float, int, int]:
    """Return what one instance reserves: cores, bytes of memory, GPUs.

    It is `min`; where that is null, the deployment's default, but not above `max`.
    """
    asked = service.resources
    cores = _at_most(default_cores, asked.cores.max) if asked.cores.min is None else asked.cores.min
    memory = _at_most(default_memory, asked.memory.max) if asked.memory.min is None else asked.memory.min
    return cores, int(memory), asked.gpus


def _at_most(default: float, limit: float | None) -> float:
    return default if limit is None else min(default, limit)


def size(zapp: ZApp) -> int:
    """Return the size for policies: the ZApp's own hint, or, where that is 0, core-equivalents of what it reserves.

    An instance counts as its cores (1 if it does not say), as one for every 4 GiB of memory, or as eight for every
    GPU, whichever is most. All instances are added up, core and elastic, rounded up; at least 1, at most 2**31 - 1.
    """
    if zapp.size:
        return zapp.size
    cores = sum(service.total_count * _core_equivalents(service) for service in zapp.services)
    return min(max(math.ceil(cores), 1), LARGEST_SIZE)


def _core_equivalents(service: Service) -> float:
    cores, memory, gpus = reserved(service, 1.0, 0)
    return max(cores, memory / _MEMORY_OF_A_CORE, gpus * _CORES_OF_A_GPU)
