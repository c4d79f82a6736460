"""A description of a service, as the master would give it, for tests of backends."""

from pathlib import Path

from zoe.plugin import Backend, Limits, Resources, ServiceId, ServiceSpec

Command = str | tuple[str, ...] | None


def service_spec(backend: Backend, workspace: Path, number: int, command: Command, **fields: object) -> ServiceSpec:
    """Describe service `number`, of an execution of its own; `fields` replace what a test does not care for."""
    who = ServiceId(number, 1000 + number, "work0")
    given: dict[str, object] = {
        "who": who,
        "group": "work",
        "owner": "ada",
        "owner_uid": 1000,
        "image": "busybox",
        "command": command,
        "environment": {},
        "reserved": Resources(0.1, 16 * 1024**2),
        "limits": Limits(),
        "dns_name": backend.dns_name(who),
        "workspace": workspace,
    }
    return ServiceSpec(**{**given, **fields})  # type: ignore[arg-type]
