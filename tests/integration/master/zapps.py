"""The ZApps that the master's tests submit."""

from typing import Any


def entry(name: str, **more: Any) -> dict[str, Any]:
    """One service of half a core and 1 MiB, that is no monitor."""
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 0.5, "max": None}}
    base: dict[str, Any] = {"name": name, "image": "test:1", "monitor": False, "total_count": 1, "essential_count": 1}
    return base | {"startup_order": 0, "resources": resources} | more


def app(*services: dict[str, Any]) -> dict[str, Any]:
    """A ZApp of these services."""
    return {"name": "test-app", "version": 3, "will_end": True, "services": list(services)}


ONE = app(entry("main-part", monitor=True))
SPARK = app(
    entry("the-master"),
    entry("the-worker", total_count=3, startup_order=1),
    entry("the-driver", monitor=True, startup_order=2),
)
