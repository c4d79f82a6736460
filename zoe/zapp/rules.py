"""The rules between fields, on a document of version 3 whose fields may be faulty: every fault is found at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from zoe.errors import Fault
from zoe.zapp.fields import MOST_INSTANCES, MOST_INSTANCES_OF_A_GROUP, WORKSPACE
from zoe.zapp.references import dangling
from zoe.zapp.tolerant import Object, inner, items, number, objects, text, whole

MOST_BYTES_TO_START = 1024 * 1024


def broken_rules(document: Object) -> Iterator[Fault]:
    """Yield every breach of a rule between fields."""
    for rule in _OF_A_ZAPP:
        yield from rule(document)
    for index, service in objects(document, "services"):
        for breach in _OF_A_SERVICE:
            yield from (Fault(f"services[{index}].{fault.path}", fault.message) for fault in breach(service))


def _groups_have_names_of_their_own(document: Object) -> Iterator[Fault]:
    # Names in a network do not tell small letters from capitals.
    taken: dict[str, int] = {}
    for index, service in objects(document, "services"):
        name = (text(service, "name") or "").lower()
        first = taken.setdefault(name, index)
        if name and first != index:
            yield Fault(f"services[{index}].name", f"is the name of services[{first}] as well; each needs its own")


def _instances_have_names_of_their_own(document: Object) -> Iterator[Fault]:
    taken: dict[str, str] = {}
    for index, service in objects(document, "services"):
        if len(taken) > MOST_INSTANCES:
            return
        group = (text(service, "name") or "").lower()
        total = min(whole(service, "total_count") or 0, MOST_INSTANCES_OF_A_GROUP)
        clash = next((name for name in _names(group, total) if taken.setdefault(name, group) != group), None)
        if clash:
            yield Fault(f"services[{index}].name", f"gives an instance the name {clash}, as {taken[clash]} does")


def _names(group: str, total: int) -> Iterator[str]:
    return (f"{group}{index}" for index in range(total if len(group) <= 16 else 0))


def _instances_are_not_too_many(document: Object) -> Iterator[Fault]:
    total = sum(max(whole(service, "total_count") or 0, 0) for _, service in objects(document, "services"))
    if total > MOST_INSTANCES:
        yield Fault("services", f"ask for more than {MOST_INSTANCES} instances in all")


def _somebody_is_core(document: Object) -> Iterator[Fault]:
    counts = {index: whole(service, "essential_count") for index, service in objects(document, "services")}
    if all(count == 0 for count in counts.values()):
        for index in counts:
            yield Fault(
                f"services[{index}].essential_count", "is 0 while no other service has a core; expected 1 or more"
            )


def _somebody_is_the_monitor(document: Object) -> Iterator[Fault]:
    flags = [service.get("monitor") for _, service in objects(document, "services")]
    if flags and all(flag is False for flag in flags):
        yield Fault("services", "have no monitor; expected `monitor` to be true for at least one service")


def _essential_is_at_most_total(service: Object) -> Iterator[Fault]:
    essential, total = whole(service, "essential_count"), whole(service, "total_count")
    if essential is not None and total is not None and essential > total > 0:
        yield Fault("essential_count", "is greater than total_count; expected at most as many as there are in all")


def _min_is_at_most_max(service: Object) -> Iterator[Fault]:
    for key in ("memory", "cores"):
        span = inner(inner(service, "resources"), key)
        least, most = number(span, "min"), number(span, "max")
        if least is not None and most is not None and least > most > 0:
            yield Fault(f"resources.{key}.min", "is greater than max; expected at most the hard limit")


def _ports_differ(service: Object) -> Iterator[Fault]:
    ports = list(objects(service, "ports"))
    yield from _repeated("ports", "name", ((index, text(port, "name")) for index, port in ports))
    yield from _repeated("ports", "port_number", ((index, whole(port, "port_number")) for index, port in ports))


def _volumes_differ(service: Object) -> Iterator[Fault]:
    names = [(index, text(volume, "name")) for index, volume in objects(service, "volumes")]
    yield from _repeated("volumes", "name", names)
    for index, name in names:
        if name == WORKSPACE:
            yield Fault(f"volumes[{index}].name", "is taken by the user's own workspace; choose another name")


def _repeated(key: str, field: str, values: Iterable[tuple[int, str | int | None]]) -> Iterator[Fault]:
    seen: Counter[str | int] = Counter()
    for index, value in values:
        if value is not None:
            seen[value] += 1
            if seen[value] > 1:
                yield Fault(
                    f"{key}[{index}].{field}", f"is used twice among the {key} of this service; each needs its own"
                )


def _can_be_started(service: Object) -> Iterator[Fault]:
    # Linux refuses arguments and environment above a quarter of the stack's limit, commonly 2 MiB in all.
    texts = [item for _, item in items(service, "command")] + [service.get("command")]
    for _, pair in items(service, "environment"):
        texts += pair if isinstance(pair, (list, tuple)) else []
    if sum(len(item.encode(errors="surrogatepass")) for item in texts if isinstance(item, str)) > MOST_BYTES_TO_START:
        yield Fault("environment", "and command together are longer than 1 MiB, more than a machine can start")


_OF_A_ZAPP: tuple[Callable[[Object], Iterable[Fault]], ...] = (
    _groups_have_names_of_their_own,
    _instances_have_names_of_their_own,
    _instances_are_not_too_many,
    _somebody_is_core,
    _somebody_is_the_monitor,
    dangling,
)
_OF_A_SERVICE: tuple[Callable[[Object], Iterable[Fault]], ...] = (
    _essential_is_at_most_total,
    _min_is_at_most_max,
    _ports_differ,
    _volumes_differ,
    _can_be_started,
)
