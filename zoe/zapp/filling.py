"""What a service is told at its start: placeholders filled in, and Zoe's own part of the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from zoe.zapp.instances import Instance
from zoe.zapp.references import PLACEHOLDER, SELF


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where an instance runs.

    `dns_names` holds the name in the network of every instance of the execution, by instance name. `address` is what
    this instance binds to, `workspace` the path at which it sees its owner's directory, `proxy_paths` the base path
    behind the gateway of each of its ports, by port name. `secrets` (`{secret#<parameter>}`) are the secret parameters
    of a ZApp type: they are in no document, only here.
    """

    user_name: str
    uid: int
    gid: int
    execution_id: int
    execution_name: str
    deployment_name: str
    dns_names: Mapping[str, str]
    address: str
    workspace: str
    proxy_paths: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def proxy_path(execution_id: int, instance: str, port: str) -> str:
    """Return the base path of a port behind the gateway, without a slash at its end."""
    return f"/{execution_id}/{instance}/{quote(port, safe='')}"


def fill(text: str, instance: Instance, around: Surroundings) -> str:
    """Replace the placeholders of the format, once: what a value brings along is not looked at again.

    Every other brace is literal text, and so is a placeholder that names nothing in `around` (validation lets none by).
    """
    return PLACEHOLDER.sub(lambda found: _value(found, instance, around), text)


def environment(instance: Instance, around: Surroundings) -> dict[str, str]:
    """Return the environment of an instance: the ZApp's own, filled in, and Zoe's variables, which win."""
    own = {name: fill(value, instance, around) for name, value in instance.service.environment}
    return own | _from_zoe(instance, around)


def command(instance: Instance, around: Surroundings) -> str | tuple[str, ...] | None:
    """Return the command, filled in: a line for a shell, the words to execute, or None for the image's own.

    Old ZApps say "" where they mean the image's own.
    """
    given = instance.service.command
    if isinstance(given, tuple):
        return tuple(fill(word, instance, around) for word in given)
    return fill(given, instance, around) if given else None


def work_dir(instance: Instance, around: Surroundings) -> str | None:
    """Return the directory to start in, `{workspace}` filled in, or None for the image's own."""
    given = instance.service.work_dir
    return fill(given, instance, around) if given else None


def _value(found: re.Match[str], instance: Instance, around: Surroundings) -> str:
    if found["instance"] is not None:
        name = instance.name if found["instance"] == SELF else found["instance"]
        return around.dns_names.get(name, found[0])
    if found["port"] is not None:
        return around.proxy_paths.get(found["port"], found[0])
    if found["secret"] is not None:
        return around.secrets.get(found["secret"], found[0])
    if found["plain"] == "address#self":
        return around.address
    return str(getattr(around, found["plain"]))


def _from_zoe(instance: Instance, around: Surroundings) -> dict[str, str]:
    return {
        "EXECUTION_ID": str(around.execution_id),
        "DEPLOY_NAME": around.deployment_name,
        "ZOE_UID": str(around.uid),
        "ZOE_GID": str(around.gid),
        "ZOE_USER": around.user_name,
        "SERVICE_NAME": instance.name,
        "ZOE_WORKSPACE": around.workspace,
    } | {
        f"REVERSE_PROXY_PATH_{port.port_number}": around.proxy_paths[port.name]
        for port in instance.service.ports
        if port.name in around.proxy_paths
    }
